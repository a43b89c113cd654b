"""The checkout page in a real browser: what it asks, what it adds up, codes, quantities, ways to ship, by keyboard alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.sandbox.billing import new_price
from tests.sandbox.conftest import Client, Listener, Running, eventually, new_session

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(listener: Listener) -> str:
    """Where success_url and cancel_url lead: another origin, as a shop is."""
    return listener.url.removesuffix("/hooks")


def _line(name: str, amount: int, quantity: int = 1, **more: Any) -> Any:
    data = {"currency": "usd", "unit_amount": amount, "product_data": {"name": name}}
    return {"price_data": data, "quantity": quantity, **more}


def _way(name: str, amount: int) -> Any:
    return {"shipping_rate_data": {"display_name": name, "fixed_amount": {"amount": amount, "currency": "usd"}}}


@pytest.fixture
def everything(client: Client, shop: str) -> Any:
    """A session that asks all there is to ask."""
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once", "name": "Spring sale"})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
    return new_session(
        client,
        success_url=f"{shop}/thanks",
        cancel_url=f"{shop}/cart",
        line_items=[_line("Ink", 1000, 2, tax_rates=[rate.id], adjustable_quantity={"enabled": True, "maximum": 5})],
        allow_promotion_codes=True,
        billing_address_collection="required",
        phone_number_collection={"enabled": True},
        shipping_address_collection={"allowed_countries": ["DE", "US"]},
        shipping_options=[_way("Post", 500), _way("Courier", 1500)],
        custom_fields=[
            {"key": "engraving", "label": {"type": "custom", "custom": "Engraving"}, "type": "text", "optional": True},
            {
                "key": "size",
                "label": {"type": "custom", "custom": "Size"},
                "type": "dropdown",
                "dropdown": {"options": [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}]},
            },
        ],
        consent_collection={"terms_of_service": "required", "promotions": "auto"},
        tax_id_collection={"enabled": True},
        custom_text={"submit": {"message": "We post within two days."}},
        submit_type="book",
    )


def _total(page: Page) -> Any:
    return page.get_by_role("heading", level=1)


def test_everything_that_is_asked_reaches_the_session(page: Page, client: Client, everything: Any) -> None:
    page.goto(everything.url)
    expect(_total(page)).to_contain_text("$27.00")
    expect(page.get_by_text("We post within two days.")).to_be_visible()
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Phone").fill("+49 30 1234567")
    to = page.get_by_role("group", name="Shipping address")
    to.get_by_label("Recipient").fill("Ada Lovelace")
    to.get_by_label("Country").select_option("DE")
    to.get_by_label("Street address").fill("Unter den Linden 1")
    to.get_by_label("City").fill("Berlin")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expires").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on the card").fill("Ada Lovelace")
    billing = page.get_by_role("group", name="Billing address")
    billing.get_by_label("Street address").fill("1 Mill Lane")
    billing.get_by_label("City").fill("London")
    billing.get_by_label("Country").select_option("GB")
    page.get_by_label("Size").select_option("l")
    page.get_by_label("Tax number", exact=False).last.fill("DE123456789")
    page.get_by_label("I agree to the shop's terms of service.").check()
    page.get_by_label("Tell me of news and offers.").check()
    page.get_by_role("button", name="Book $27.00").click()
    eventually(lambda: client.v1.checkout.sessions.retrieve(everything.id).status == "complete")
    paid = client.v1.checkout.sessions.retrieve(everything.id, {"expand": ["payment_intent"]})
    details, shipped = paid.customer_details, paid.collected_information.shipping_details
    assert (details.phone, details.address.line1, details.address.country) == ("+49 30 1234567", "1 Mill Lane", "GB")
    assert (shipped.name, shipped.address.city, shipped.address.country) == ("Ada Lovelace", "Berlin", "DE")
    assert [each.to_dict() for each in details.tax_ids] == [{"type": "eu_vat", "value": "DE123456789"}]
    assert [each[each.type].value for each in paid.custom_fields] == [None, "l"]
    assert paid.consent.to_dict() == {"promotions": "opt_in", "terms_of_service": "accepted"}
    assert (paid.payment_intent.amount, paid.payment_intent.shipping.name) == (2700, "Ada Lovelace")


def test_what_was_left_out_is_told_at_its_field(page: Page, client: Client, everything: Any, sandbox: Running) -> None:
    answer = sandbox.http.post(everything.url, data={"email": "ada@example.com"})
    assert answer.status_code == 400
    missing = (
        "phone",
        "shipping_name",
        "shipping_line1",
        "shipping_country",
        "number",
        "line1",
        "city",
        "custom_size",
        "terms",
    )
    assert [name for name in missing if f'aria-describedby="{name}-error"' not in answer.text] == []
    page.goto(everything.url)
    page.get_by_role("button", name=re.compile("^Succeeds …4242")).click()
    page.get_by_label("Phone").fill("none")
    page.get_by_role("button", name="Book").click()
    phone = page.get_by_label("Phone")
    expect(phone).to_be_focused()
    expect(phone).to_have_accessible_description("Enter a phone number, like +1 415 555 0132.")
    expect(page.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    assert client.v1.checkout.sessions.retrieve(everything.id).status == "open"


def test_a_code_is_typed_refused_applied_and_taken_off(page: Page, client: Client, everything: Any) -> None:
    page.goto(everything.url)
    page.get_by_label("Name on the card").fill("Ada Lovelace")
    code = page.get_by_label("Promotion code")
    code.fill("NOPE")
    page.get_by_role("button", name="Apply").click()
    expect(code).to_have_accessible_description("This code is invalid.")
    expect(code).to_be_focused()
    code.fill("spring")
    page.get_by_role("button", name="Apply").click()
    # Half of the two bottles, taxed, and the post.
    expect(_total(page)).to_contain_text("$16.00")
    expect(page.get_by_role("status")).to_have_text("The code is applied.")
    for row in ("Discount (Spring sale)", "−$10.00", "VAT (10%)", "$1.00", "Shipping (Post)"):
        expect(page.locator(".sums").get_by_text(row)).to_be_visible()
    expect(page.get_by_label("Name on the card")).to_have_value("Ada Lovelace")
    page.get_by_role("button", name="Remove the code SPRING").click()
    expect(_total(page)).to_contain_text("$27.00")
    assert client.v1.checkout.sessions.retrieve(everything.id).discounts == []


def test_nobody_pays_another_sum_than_the_button_said(page: Page, client: Client, everything: Any) -> None:
    page.goto(everything.url)
    page.get_by_role("button", name=re.compile("^Succeeds …4242")).click()
    page.get_by_label("Quantity of Ink").fill("5")
    page.get_by_label("Courier").check()
    page.get_by_role("button", name="Book $27.00").click()
    expect(page.get_by_role("status")).to_contain_text("The sum has changed")
    # Five bottles, taxed, and the courier.
    expect(_total(page)).to_contain_text("$70.00")
    assert client.v1.checkout.sessions.retrieve(everything.id).status == "open"
    page.get_by_role("button", name="Book $70.00").click()
    eventually(lambda: client.v1.checkout.sessions.retrieve(everything.id).status == "complete")
    page_of = client.v1.checkout.sessions.retrieve(everything.id, {"expand": ["payment_intent"]})
    assert page_of.payment_intent.amount == 7000


def test_too_many_are_refused_where_they_are_chosen(page: Page, everything: Any, sandbox: Running) -> None:
    line = re.search(r'name="(quantity_li_\w+)"', sandbox.http.get(everything.url).text)
    assert line
    answer = sandbox.http.post(everything.url, data={"update": "order", line[1]: "9"})
    assert (answer.status_code, "Choose from 0 to 5." in answer.text) == (400, True)
    page.goto(everything.url)
    page.get_by_label("Quantity of Ink").fill("3")
    page.get_by_role("button", name="Update the quantities").click()
    expect(_total(page)).to_contain_text("$38.00")


def test_the_keyboard_alone_is_enough(page: Page, client: Client, shop: str) -> None:
    session = new_session(client, success_url=f"{shop}/thanks", allow_promotion_codes=True)
    page.goto(str(session.url))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_label("Email").focus()
    typed = ("ada@example.com", "4242424242424242", "12/34", "123", "Ada Lovelace")
    for text in typed:
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Name on the card")).to_be_focused()
    page.keyboard.press("Enter")
    eventually(lambda: client.v1.checkout.sessions.retrieve(session.id).status == "complete")


def test_a_click_on_the_text_of_the_button_finds_the_one_that_is_seen(page: Page, client: Client, shop: str) -> None:
    session = new_session(client, success_url=f"{shop}/thanks", line_items=[_line("Tea", 500)])
    page.goto(str(session.url))
    expect(page.locator("text=Pay $5.00")).to_have_count(1)
    card = {"Email": "ada@example.com", "Card number": "4242424242424242", "Expires": "12/34", "Security code": "123"}
    for label, text in (card | {"Name on the card": "Ada Lovelace"}).items():
        page.get_by_label(label).fill(text)
    page.click("text=Pay $5.00", timeout=5000)
    eventually(lambda: client.v1.checkout.sessions.retrieve(session.id).status == "complete")


def test_a_free_order_asks_for_no_card(page: Page, client: Client, shop: str) -> None:
    coupon = client.v1.coupons.create({"percent_off": 100, "duration": "once"})
    session = new_session(client, success_url=f"{shop}/thanks", discounts=[{"coupon": coupon.id}])
    page.goto(str(session.url))
    expect(page.get_by_label("Card number")).to_have_count(0)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_role("button", name="Complete the order").click()
    eventually(lambda: client.v1.checkout.sessions.retrieve(session.id).status == "complete")
    done = client.v1.checkout.sessions.retrieve(session.id)
    assert (done.payment_status, done.payment_intent) == ("no_payment_required", None)


def test_a_trial_tells_its_terms_and_starts_without_a_card(page: Page, client: Client, shop: str) -> None:
    price = new_price(client, 1200)
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": price.id, "quantity": 1}],
            "success_url": f"{shop}/thanks",
            "subscription_data": {"trial_period_days": 7},
            "payment_method_collection": "if_required",
        }
    )
    page.goto(str(session.url))
    expect(page.get_by_text("7 days free, then $12.00 per month until you cancel.")).to_be_visible()
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_role("button", name="Start the trial").click()
    eventually(lambda: client.v1.subscriptions.list().data)
    assert client.v1.subscriptions.list().data[0].status == "trialing"


def test_a_saved_card_pays_and_can_be_forgotten(page: Page, client: Client, shop: str) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    kept = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.payment_methods.update(kept.id, {"allow_redisplay": "always"})
    client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    options = {"payment_method_save": "enabled", "payment_method_remove": "enabled"}
    session = new_session(
        client, customer=customer.id, saved_payment_method_options=options, success_url=f"{shop}/thanks", cancel_url=None
    )
    page.goto(str(session.url))
    expect(page.get_by_role("button", name="Mastercard ending in 4444")).to_have_count(0)
    page.get_by_role("button", name="Visa ending in 4242", exact=True).click()
    eventually(lambda: client.v1.checkout.sessions.retrieve(session.id).status == "complete")
    again = new_session(client, customer=customer.id, saved_payment_method_options=options, success_url=f"{shop}/thanks")
    page.goto(str(again.url))
    page.get_by_role("button", name="Forget the one ending in 4242").click()
    expect(page.get_by_role("status")).to_have_text("The card is no longer saved.")
    expect(page.get_by_role("group", name="Saved cards")).to_have_count(0)
    assert client.v1.payment_methods.retrieve(kept.id).customer is None
    page.get_by_role("button", name=re.compile("^Succeeds …4242")).click()
    page.get_by_label("Save this card for my next purchase").check()
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    eventually(lambda: client.v1.checkout.sessions.retrieve(again.id).status == "complete")
    assert client.v1.customers.payment_methods.list(customer.id).data[0].allow_redisplay == "always"


def test_an_expired_page_leads_to_a_second_chance(page: Page, client: Client) -> None:
    recovery = {"recovery": {"enabled": True, "allow_promotion_codes": True}}
    session = new_session(client, after_expiration=recovery, client_reference_id="order-7")
    expired = client.v1.checkout.sessions.expire(session.id)
    assert expired.after_expiration.recovery.expires_at == pytest.approx(expired.created + 30 * 86_400, abs=5)
    page.goto(expired.after_expiration.recovery.url)
    expect(_total(page)).to_contain_text("$25.00")
    expect(page.get_by_label("Promotion code")).to_be_visible()
    copy = client.v1.checkout.sessions.list({"limit": 1}).data[0]
    assert (copy.recovered_from, copy.client_reference_id, copy.status) == (session.id, "order-7", "open")
    assert copy.url == page.url


def test_it_works_without_javascript_too(browser: Browser, client: Client, everything: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(everything.url)
    page.get_by_label("Promotion code").fill("spring")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name=re.compile("^Succeeds …4242")).click()
    page.get_by_role("button", name="Book $16.00").click()
    eventually(lambda: client.v1.checkout.sessions.retrieve(everything.id).status == "complete")
    context.close()
