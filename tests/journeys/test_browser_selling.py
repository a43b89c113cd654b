"""The other side of a marketplace, in a real browser: somebody begins to sell and is paid; staff look after it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.test_browser_purchase import sign_in
from tests.marketplace.conftest import Market, of
from tests.markets import SELLS, bought, outside
from tests.shops import Shop, running_shop
from tests.worlds import Sandbox

from farthing import listings, payouts, seller_orders
from farthing.db import Transaction

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(dsn: str, sandbox: Sandbox) -> Iterator[Shop]:
    with running_shop(dsn, sandbox, SELLS) as running:
        yield running


async def somebody_buys(market: Market) -> None:
    """What the demo customer put up for sale, twice in one order."""
    (lamp,) = (await market.do(lambda tx: listings.list_page(tx, livemode=False, limit=2, seller=market.grace.id))).items
    await bought(market, of(lamp, 2))


async def a_delivered_order(market: Market) -> None:
    await bought(market, of(await market.lists(market.grace, "lamp")))
    (part,) = (await market.do(lambda tx: seller_orders.list_page(tx, livemode=False, limit=5))).items
    await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl", tracking_number="JD1"))
    await parcels_arrive(market)


async def days_go_by(market: Market) -> None:
    async def earlier(tx: Transaction) -> None:
        await tx.run("UPDATE seller_orders SET release_at = release_at - %(time)s::interval", time=timedelta(days=3))

    await market.do(earlier)


async def transfers_go_out(market: Market) -> None:
    """What the worker does every minute, at once."""
    await payouts.release_due(market.world, actor="test")
    for transfer in (await market.do(lambda tx: payouts.list_page(tx, livemode=False, limit=5))).items:
        await payouts.send_transfer(market.world, transfer.id)


def goes_through(page: Page) -> None:
    """The provider's three steps."""
    for press in ("Fill for me", "Continue", "Fill for me", "Continue", "Agree and finish"):
        page.get_by_role("button", name=press, exact=True).click()


async def parcels_arrive(market: Market) -> None:
    async def arrive(tx: Transaction) -> None:
        for parcel in (await seller_orders.list_shipments(tx, livemode=False, limit=5)).items:
            await seller_orders.move_shipment(tx, parcel.id, "deliver")

    await market.do(arrive)


@pytest.mark.covers("S004-15", "S004-17", "S004-19")
def test_a_seller_begins_lists_a_lamp_sends_it_and_is_paid_after_the_holding_days(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.url}/account/orders")
    page.get_by_role("button", name="Continue as the demo customer").click()
    page.get_by_role("link", name="Selling").click()
    page.get_by_label("Your name, or that of your business").fill("Lamps of Grace")
    page.get_by_role("button", name="Go on at our payment provider").click()
    goes_through(page)
    expect(page.get_by_text("You can sell, and what you earn is paid to you.")).to_be_visible()

    page.get_by_role("link", name="List what you sell").click()
    page.get_by_role("link", name="List a product").click()
    for label, typed in {
        "What it is": "A lamp of brass",
        "Your own name for it": "LAMP-1",
        "Price of one, in USD": "49.00",
        "How many there are": "3",
    }.items():
        page.get_by_label(label).fill(typed)
    page.get_by_role("button", name="Save as a draft").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Buyers can order it now.")).to_be_visible()
    outside(shop, somebody_buys)

    page.get_by_role("navigation", name="Selling, page by page").get_by_role("link", name="Orders").click()
    page.get_by_role("link", name="1001-1").click()
    expect(page.get_by_text("12 St James's Square")).to_be_visible()
    slip = page.get_by_role("link", name="Packing slip").get_attribute("href")
    assert page.request.get(f"{shop.url}{slip}").body()[:5] == b"%PDF-"
    for number, said in (("JD1", "It is on its way."), ("JD2", "It is on its way.")):
        page.get_by_role("spinbutton", name="A lamp of brass").fill("1")
        page.get_by_label("Carrier").fill("dhl")
        page.get_by_label("Tracking number").fill(number)
        page.get_by_role("button", name="It is on its way").click()
        expect(page.get_by_role("status").first).to_contain_text(said)
    expect(page.get_by_role("heading", name="A parcel leaves")).to_have_count(0)

    page.get_by_role("link", name="Balance").click()
    expect(page.get_by_text("until it is delivered, and then 3 days")).to_be_visible()
    outside(shop, parcels_arrive)
    page.reload()
    expect(page.get_by_text("on hold until")).to_be_visible()
    expect(page.get_by_role("row", name="1001-1")).to_contain_text("$88.20")
    outside(shop, days_go_by)
    outside(shop, transfers_go_out)
    page.get_by_role("link", name="Payouts", exact=True).click()
    expect(page.get_by_role("row", name="1001-1")).to_contain_text("Sent")
    expect(page.get_by_role("row", name="1001-1")).to_contain_text("$88.20")


def test_staff_hold_let_go_and_send_what_a_seller_earned_and_count_stock(page: Page, shop: Shop) -> None:
    outside(shop, a_delivered_order)
    sign_in(page, shop, "/admin/payouts")
    page.get_by_role("link", name="Hold 1001-1").click()
    page.get_by_label("Why, for your colleagues").fill("Looks strange")
    page.get_by_role("button", name="Hold it").click()
    expect(page.get_by_text("Held: Looks strange")).to_be_visible()
    outside(shop, days_go_by)
    page.get_by_role("link", name="Payouts").click()
    expect(page.get_by_role("row", name="1001-1")).to_contain_text("Held by you")
    page.get_by_role("link", name="Let 1001-1 go").click()
    page.get_by_role("button", name="Let it go").click()
    expect(page.get_by_text("It goes out when its holding period is over.")).to_be_visible()
    page.get_by_role("link", name="Payouts").click()
    page.get_by_role("link", name="Send what is due").click()
    page.get_by_role("button", name="Send it now").click()
    # The worker looks every minute, and may have been quicker.
    expect(page.get_by_text(re.compile("1 transfer is on the way|Nothing is due"))).to_be_visible()
    page.get_by_role("link", name="Transfers").click()
    expect(page.get_by_role("row", name="1001-1")).to_contain_text("$18.00")

    page.get_by_role("link", name="Inventory").click()
    page.get_by_role("link", name="lamp of Demo-customer").click()
    page.get_by_label("Counted: so many lie there in all").check()
    page.get_by_label("How many").fill("7")
    page.get_by_label("Why").fill("Two were broken")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("row", name="Counted")).to_contain_text("−2")
    expect(page.get_by_role("row", name="Counted")).to_contain_text("admin@shop.example")
