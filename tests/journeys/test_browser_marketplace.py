"""A buyer in a marketplace: a cart of two sellers, an address, one payment, and a link by which they see how each part goes."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect
from tests.browser import violations
from tests.shops import Client, Shop, running_shop
from tests.wares import SOLD, behind, open_market
from tests.worlds import CARD, Account, Sandbox

from farthing import catalog, seller_orders
from farthing.db import Transaction
from farthing.ids import OrderId
from farthing.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
def market(dsn: str, sandbox: Sandbox) -> Iterator[Shop]:
    with running_shop(dsn, sandbox, catalog.parse(SOLD)) as running:
        open_market(running)
        yield running


def ship_and_deliver(shop: Shop) -> None:
    """The first seller sends what is theirs, and it arrives."""

    async def work(world: World, account: Account) -> None:
        async def send(tx: Transaction) -> None:
            order = OrderId.of(await tx.value("SELECT id FROM orders"))
            first = (await seller_orders.of_order(tx, order))[0]
            parcel = await seller_orders.ship(
                tx, first.id, carrier="dhl", tracking_number="JD014600", tracking_url="https://dhl.example/JD014600"
            )
            await seller_orders.move_shipment(tx, parcel.id, "move")

        await world.db.run("test", send)

    behind(shop, work)


def apart(page: Page, these: str) -> float:
    """Pixels between one of these and the next, at most."""
    boxes = [box for each in page.locator(these).all() if (box := each.bounding_box())]
    assert len(boxes) > 1
    return max(below["y"] - above["y"] - above["height"] for above, below in pairwise(boxes))


@pytest.mark.covers("S004-18", "S004-5", "S004-17")
def test_a_buyer_pays_two_sellers_at_once_and_follows_both_parcels(page: Page, market: Shop) -> None:
    page.goto(market.url)
    expect(page.get_by_text("Only 3 left")).to_be_visible()
    expect(page.get_by_text("Sold out")).to_be_visible()
    page.get_by_label("How many: A blue bowl").fill("2")
    page.get_by_role("button", name="Add to cart: A blue bowl").click()
    page.get_by_role("link", name="Back to the shop").click()
    page.get_by_role("button", name="Add to cart: A long scarf").click()
    expect(page.get_by_text("Sold by Potter")).to_be_visible()
    assert violations(page) == []
    assert apart(page, ".address-form > div") < 30, "the fields of an address stand far apart"

    page.get_by_label("Name", exact=True).fill("Grace Hopper")
    page.get_by_label("Street and number").fill("1 Navy Way")
    page.get_by_label("Postal code").fill("22202")
    page.get_by_label("Town").fill("Arlington")
    page.get_by_label("State or province").fill("VA")
    page.get_by_label("Country").select_option("US")
    page.get_by_label("Email").fill("grace@example.com")
    page.get_by_role("button", name="Pay $87.00").click()
    page.wait_for_url(f"{market.sandbox.url}/c/pay/**")
    page.get_by_label("Card number").fill(CARD)
    page.get_by_label("Expires").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on the card").fill("Grace Hopper")
    page.get_by_role("button", name="Pay $87.00").click()
    page.wait_for_url(f"{market.url}/checkout/success?**")
    expect(page.get_by_text("Order 1001 is paid.")).to_be_visible()

    post = Client(market)
    post.wait_for("/mailbox", "Your order 1001")
    post.wait_for("/mailbox", "potter@example.com")
    post.wait_for("/mailbox", "weaver@example.com")
    page.goto(f"{market.url}/mailbox")
    page.get_by_role("link", name="Your order 1001").click()
    link = page.frame_locator("iframe").get_by_role("link", name="See how it goes").get_attribute("href")
    assert link is not None
    assert re.fullmatch(rf"{market.url}/progress/[\w-]{{50}}", link)
    page.goto(link)
    expect(page.get_by_role("region", name="From Potter")).to_contain_text("Being packed")

    ship_and_deliver(market)
    post.wait_for("/mailbox", "is on its way")
    page.reload()
    potters = page.get_by_role("region", name="From Potter")
    expect(potters).to_contain_text("JD014600")
    expect(potters.get_by_role("link", name="Track parcel JD014600")).to_have_attribute("href", "https://dhl.example/JD014600")
    weavers = page.get_by_role("region", name="From Weaver")
    expect(weavers).to_contain_text("Being packed")
    weavers.get_by_role("link", name="Call off what is not sent").click()
    expect(page.get_by_text("1 × A long scarf")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Call it off").click()
    expect(page.get_by_text("its price is on its way back to you")).to_be_visible()
    expect(weavers).to_contain_text("Canceled")
    assert violations(page) == []
    post.wait_for("/mailbox", "Do not send order 1001-2")
