"""The main job, as people do it: buy, pay on the payment page, and see it in the account, the admin and the mailbox."""

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.shops import PASSWORD, Client, Shop
from tests.worlds import CARD, DECLINED_CARD, THREE_D_SECURE_CARD

pytestmark = pytest.mark.browser


def fill_cart(page: Page, shop: Shop) -> None:
    page.goto(shop.url)
    page.get_by_label("How many: A bottle of midnight ink").fill("2")
    page.get_by_role("button", name="Add to cart: A bottle of midnight ink").click()
    page.get_by_role("link", name="Back to the shop").click()
    page.get_by_role("button", name="Add to cart: A Pocket Atlas of the Night Sky").click()
    expect(page.get_by_text("€49.00").first).to_be_visible()


def go_to_pay(page: Page, shop: Shop) -> None:
    fill_cart(page, shop)
    page.get_by_role("button", name="Buy as the demo customer").click()
    page.get_by_role("button", name="Pay €49.00").click()
    page.wait_for_url(f"{shop.sandbox.url}/c/pay/**")


def pay(page: Page, card: str) -> None:
    page.get_by_label("Email").fill("demo@example.com")
    page.get_by_label("Card number").fill(card)
    page.get_by_label("Expires").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on the card").fill("Demo Customer")
    page.get_by_role("button", name="Pay €49.00").click()


def sign_in(page: Page, shop: Shop, path: str) -> None:
    page.goto(shop.url + path)
    page.get_by_label("Email").fill("admin@shop.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(shop.url + path)


def wait_for_mail(shop: Shop, subject: str) -> None:
    Client(shop).wait_for("/mailbox", subject)


def test_a_purchase_is_seen_by_the_buyer_the_staff_and_the_books(page: Page, shop: Shop) -> None:
    go_to_pay(page, shop)
    pay(page, CARD)
    page.wait_for_url(f"{shop.url}/checkout/success?**")
    expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()
    expect(page.get_by_text("Order 1001 is paid.")).to_be_visible()

    page.get_by_role("link", name="See the order").click()
    expect(page.get_by_role("heading", name="Order 1001")).to_be_visible()
    expect(page.get_by_text("book:night-sky-atlas")).to_be_visible()
    page.goto(f"{shop.url}/cart")
    expect(page.get_by_text("Your cart is empty.")).to_be_visible()

    wait_for_mail(shop, "Your order 1001")
    sign_in(page, shop, "/admin/orders")
    page.get_by_role("link", name="1001").click()
    timeline = page.locator(".timeline")
    for words in ("Order placed", "Payment received €49.00", "Order paid €49.00", "Access granted", "Email sent"):
        expect(timeline.get_by_text(words).first).to_be_visible()
    expect(page.get_by_role("table", name="Ledger entries")).to_contain_text("provider:stripe")

    page.get_by_role("link", name="Your order 1001").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Thank you for your order 1001")).to_be_visible()

    page.get_by_role("link", name="Provider events").click()
    page.get_by_role("link", name="payment_intent.succeeded").click()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("It is acted on once more.")).to_be_visible()
    page.get_by_role("link", name="Ledger").click()
    expect(page.get_by_text("Balanced").first).to_be_visible()
    page.get_by_role("link", name="Health").click()
    expect(page.get_by_text("All rules hold")).to_be_visible()


@pytest.mark.covers("S003-25")
def test_after_a_declined_card_another_one_pays_the_same_order(page: Page, shop: Shop) -> None:
    go_to_pay(page, shop)
    pay(page, DECLINED_CARD)
    expect(page.get_by_role("alert")).to_contain_text("declined")
    pay(page, CARD)
    page.wait_for_url(f"{shop.url}/checkout/success?**")
    expect(page.get_by_text("Order 1001 is paid.")).to_be_visible()
    sign_in(page, shop, "/admin/orders")
    expect(page.get_by_role("row")).to_have_count(2)


@pytest.mark.covers("S003-25")
def test_a_card_that_wants_its_owner_pays_after_they_agreed(page: Page, shop: Shop) -> None:
    go_to_pay(page, shop)
    pay(page, THREE_D_SECURE_CARD)
    page.get_by_role("button", name="Complete").click()
    page.wait_for_url(f"{shop.url}/checkout/success?**")
    expect(page.get_by_text("Order 1001 is paid.")).to_be_visible()


def test_who_leaves_the_payment_page_finds_the_cart_again(page: Page, shop: Shop) -> None:
    go_to_pay(page, shop)
    page.get_by_role("link", name="Cancel and go back").click()
    expect(page.get_by_role("heading", name="Nothing was charged")).to_be_visible()
    page.get_by_role("link", name="Back to your cart").click()
    expect(page.get_by_text("€49.00").first).to_be_visible()


def test_staff_refund_a_part_and_the_buyer_is_told(page: Page, shop: Shop) -> None:
    buyer = Client(shop)
    buyer.pay(buyer.start("grace@example.com", ink_bottle=2))
    sign_in(page, shop, "/admin/orders")
    page.get_by_role("link", name="1001").click()
    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_label("An amount, spread over all items").check()
    page.get_by_label("Amount in EUR").fill("5.00")
    page.get_by_label("Note for your colleagues").fill("A dent in the box")
    page.get_by_role("button", name="Look it over").click()
    expect(page.get_by_text("€20.00 is left then.")).to_be_visible()
    page.get_by_role("button", name="Refund €5.00").click()
    expect(page.get_by_text("5.00 EUR is on its way back to the buyer.")).to_be_visible()
    wait_for_mail(shop, "Refund for your order 1001")
    page.reload()
    expect(page.get_by_role("list", name="Refunds")).to_contain_text("Succeeded")


def test_all_of_it_works_without_javascript(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    go_to_pay(page, shop)
    pay(page, CARD)
    page.wait_for_url(f"{shop.url}/checkout/success?**")
    expect(page.get_by_text("Order 1001 is paid.")).to_be_visible()
    page.get_by_role("link", name="See the order").click()
    expect(page.get_by_text("book:night-sky-atlas")).to_be_visible()
    context.close()
