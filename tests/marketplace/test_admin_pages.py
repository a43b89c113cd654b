"""Staff look after a marketplace: who has how much, what is due when, what is held, which parcels and what stock there is."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.api.conftest import signed_in
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_one_payment_many_sellers import owed, parts, usd
from tests.marketplace.test_paying_sellers import delivered, earned, give_back, settle, theirs, time_passes, transfers
from tests.news import happened, sound
from tests.pages.conftest import hashed, staff
from tests.pages.visitor import Visitor
from tests.worlds import buy

from farthing import inventory, orders, payments, seller_orders, sellers, web
from farthing.catalog import CartItem
from farthing.earnings import of_order
from farthing.lifecycles import SellerFulfillment, ShipmentStatus
from farthing.orders import Order
from farthing.web.admin.shares import WIDTH, Split, split_of
from farthing.web.staff import Role

__all__ = ["hashed", "staff"]


@pytest.fixture
async def admin(market: Market, staff: None) -> AsyncIterator[Visitor]:
    async with browsing(market, Role.ADMIN) as visitor:
        yield visitor


@asynccontextmanager
async def browsing(market: Market, role: Role) -> AsyncIterator[Visitor]:
    transport = httpx.ASGITransport(web.build(market.world, authenticate=signed_in), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        visitor = Visitor(http)
        await visitor.sign_in(role)
        yield visitor


async def split_in(market: Market, order: Order) -> Split:
    async with market.world.db.transaction("test") as tx:
        found = await orders.get(tx, order.id)
        (payment,) = await payments.of_order(tx, order.id)
        names = {seller.id: seller.described for seller in (market.grace, market.linus)}
        split = split_of(found, await of_order(tx, order.id), await payments.standings(tx, found), names, payment)
    assert split is not None
    return split


def sold(split: Split) -> dict[str, tuple[int, int]]:
    return {share.name: (share.sold.amount, share.back.amount) for share in split.shares}


async def test_the_order_shows_who_has_how_much_of_it_and_it_sums_to_what_was_paid(market: Market, admin: Visitor) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    novel = await market.lists(market.linus, "novel", 999, category="books")
    order = await buy(market.world, market.account, of(lamp, 2), of(novel), CartItem("bag"))
    split = await split_in(market, order)
    assert sold(split) == {"Grace": (3600, 0), "Linus": (819, 0), "Platform's fee": (580, 0), "The shop's own goods": (500, 0)}
    assert sum(share.sold.amount for share in split.shares) == order.total.amount == 5499
    assert_fills(split)
    page = (await admin.get(f"/admin/orders/{order.id}")).text
    for words in ("Who has how much of it", "$36.00", "$8.19", "$5.80", f"Order {order.number}-3, sent by the shop", "Parcel"):
        assert (words in page) == (words != "Parcel"), words
    await give_back(market, order, 1100)
    split = await split_in(market, order)
    assert sum(share.back.amount for share in split.shares) == 1100
    assert sold(split)["Grace"] == (3600, 720)
    assert "−$7.20" in (await admin.get(f"/admin/orders/{order.id}")).text


def assert_fills(split: Split) -> None:
    """From one end of the bar to the other, without a gap."""
    ends = [0, *(segment.x + segment.width for segment in split.segments)]
    assert [segment.x for segment in split.segments] == ends[:-1]
    assert ends[-1] == WIDTH


async def test_the_planner_says_whose_share_a_refund_is_taken_from(market: Market, admin: Visitor) -> None:
    order = await earned(market)
    planned = f"/admin/orders/{order.id}/refund?how=amount&amount=5.00&reason=duplicate"
    assert "$4.50 of what they are still to get" in flat((await admin.get(planned)).text)
    await settle(market)
    page = flat((await admin.get(planned)).text)
    assert "$4.50 taken back of what they have" in page
    assert "$0.50 of it was its fee for the sale" in page
    await give_back(market, order, 500)
    assert (await split_in(market, order)).shares[0].back == usd(450)


async def test_what_is_due_is_seen_held_let_go_and_sent(market: Market, admin: Visitor) -> None:
    assert "appears here with the first paid order" in (await admin.get("/admin/payouts")).text
    lamp = await market.lists(market.grace, "lamp", 2000)
    first, second = [await buy(market.world, market.account, of(lamp)) for _ in range(2)]
    assert "Not delivered yet" in (await admin.get("/admin/payouts?standing=undelivered")).text
    await delivered(market, first)
    await delivered(market, second)
    (part,), (other,) = await parts(market, first), await parts(market, second)
    assert part.release_at is not None
    day = part.release_at.date().isoformat()
    page = flat((await admin.get(f"/admin/payouts?day={day}")).text)
    assert ("$36.00" in page, "2 orders" in page, part.number in page) == (True, True, True)
    assert "No order stands so" in (await admin.get("/admin/payouts?day=1999-01-01")).text
    path = f"/admin/payouts/{part.id}"
    assert (await admin.get(f"{path}/hold")).status_code == 200
    assert "A reason has 1 to 500 characters." in await admin.follow(await admin.post(f"{path}/hold", why=""))
    assert "Held: Looks strange" in await admin.follow(await admin.post(f"{path}/hold", why="Looks strange"))
    await time_passes(market, 3)
    assert "$18.00" in (await admin.get("/admin/payouts/run")).text
    assert "1 transfer is on the way" in await admin.follow(await admin.post("/admin/payouts/run"))
    assert "Nothing is due" in await admin.follow(await admin.post("/admin/payouts/run"))
    await settle(market)
    assert len(await theirs(market)) == 1
    assert "Looks strange" in (await admin.get("/admin/payouts?standing=held")).text
    assert "Looks strange" in (await admin.get(f"{path}/release")).text
    assert "It goes out when" in await admin.follow(await admin.post(f"{path}/release"))
    assert "went to its seller already" in await admin.follow(
        await admin.post(f"/admin/payouts/{other.id}/hold", why="Too late.")
    )
    await sellers_stop(market)
    assert part.number in (await admin.get("/admin/payouts?standing=stopped")).text
    assert len(await transfers(market, market.grace)) == 1
    listed = (await admin.get("/admin/payouts/transfers")).text
    assert ("Grace" in listed, other.number in listed) == (True, True)
    assert "No transfer is refused" in (await admin.get("/admin/payouts/transfers?status=refused")).text
    seller = flat((await admin.get(f"/admin/sellers/{market.grace.id}")).text)
    assert ("Balance in USD" in seller, "$18.00" in seller, "What they do not have yet" in seller) == (True, True, True)
    told = await happened(market.world, first.id)
    assert ("seller_order.held" in told, "seller_order.let_go" in told) == (True, True)
    assert await sound(market.world)


async def sellers_stop(market: Market) -> None:
    await market.do(lambda tx: sellers.suspend(tx, market.grace.id, "Sells fakes."))


async def test_who_may_only_look_holds_and_sends_nothing(market: Market, admin: Visitor) -> None:
    order = await earned(market)
    (part,) = await parts(market, order)
    async with browsing(market, Role.VIEWER) as viewer, browsing(market, Role.SUPPORT) as support:
        assert "disabled" in (await viewer.get("/admin/payouts")).text
        for path in (f"/admin/payouts/{part.id}/hold", f"/admin/payouts/{part.id}/release", "/admin/payouts/run"):
            assert [(await who.post(path, why="x")).status_code for who in (viewer, support)] == [403, 403], path
        for path in ("/admin/inventory/item", "/admin/shipments/x/news"):
            assert (await viewer.post(path)).status_code == 403
    assert await owed(market) == {"seller:grace:pending": 1800}


async def test_staff_find_a_parcel_and_note_what_became_of_it(market: Market, admin: Visitor) -> None:
    assert "Parcels appear here" in (await admin.get("/admin/shipments")).text
    order = await buy(market.world, market.account, of(await market.lists(market.grace, "lamp")))
    (part,) = await parts(market, order)
    parcel = await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl", tracking_number="JD1"))
    path = f"/admin/shipments/{parcel.id}"
    assert (await admin.get("/admin/shipments?q=JD1")).headers["location"] == path
    assert "DHL JD1" in (await admin.get("/admin/shipments?status=shipped")).text
    assert "No parcel is like that" in (await admin.get("/admin/shipments?status=lost")).text
    for wrong in ("", "vanish"):
        assert "Say what became of it" in await admin.follow(await admin.post(f"{path}/news", news=wrong))
    assert "No parcel is like that" in (await admin.get("/admin/shipments?status=troubled")).text
    for said, status in (("lose", ShipmentStatus.LOST), ("deliver", ShipmentStatus.DELIVERED)):
        page = await admin.follow(await admin.post(f"{path}/news", news=said))
        assert "It is noted" in page
        listed = (await admin.get("/admin/shipments?status=troubled")).text
        assert ("DHL JD1" in listed) == ("Decide it" in page) == (said == "lose")
        assert (await market.do(lambda tx: seller_orders.get_shipment(tx, parcel.id))).status == status
    assert "Somebody told you" not in (await admin.get(path)).text
    assert "delivered" in await admin.follow(await admin.post(f"{path}/news", news="lose"))
    (part,) = await parts(market, order)
    assert part.fulfillment_status == SellerFulfillment.DELIVERED
    assert (await happened(market.world, order.id)).count("shipment.delivered") == 1


async def test_what_was_in_a_lost_parcel_is_sent_again_from_the_shelf(market: Market, admin: Visitor) -> None:
    lamp = await market.lists(market.grace, "lamp", stock=3)
    order = await buy(market.world, market.account, of(lamp))
    (part,) = await parts(market, order)
    parcel = await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl", tracking_number="JD1"))
    path = f"/admin/shipments/{parcel.id}"
    assert "nothing to decide" in await admin.follow(await admin.post(f"{path}/settlement", how="resend"))
    await admin.post(f"{path}/news", news="lose")
    assert "Say what becomes of" in await admin.follow(await admin.post(f"{path}/settlement", how="vanish"))
    assert "is sent again" in await admin.follow(await admin.post(f"{path}/settlement", how="resend"))
    (part,) = await parts(market, order)
    assert (part.lines[0].to_ship, (await market.do(lambda tx: inventory.get(tx, lamp.stock))).on_hand) == (1, 1)
    assert "danger" in await admin.follow(await admin.post(f"{path}/tracking"))
    assert await sound(market.world)


async def test_staff_count_stock_and_see_every_change_of_it(market: Market, admin: Visitor) -> None:
    assert "What can run out appears here" in (await admin.get("/admin/inventory")).text
    odd = "A/B & C?"
    await market.do(lambda tx: inventory.define(tx, odd, "An odd lamp", low_at=2))
    path = "/admin/inventory/item"
    assert "An odd lamp" in (await admin.get("/admin/inventory?q=an odd")).text
    link = re.search(r'href="(/admin/inventory/item\?sku=[^"]+)"', (await admin.get("/admin/inventory")).text)
    assert link is not None
    assert "Nothing has happened to it yet" in (await admin.get(link[1])).text
    came = {"sku": odd, "how": "received", "quantity": "9", "attempt": "once", "why": "delivery note 7"}
    for _ in range(2):
        assert "The stock is as you say" in await admin.follow(await admin.post(path, **came))
    assert await levels(market, odd) == [("main", 9)]
    for wrong, said in (
        ({"quantity": "-1"}, "whole number"),
        ({"quantity": "0", "attempt": "x"}, "1 to"),
        ({"how": "lost", "why": ""}, "Say what happened to them"),
        ({"how": "lost", "quantity": "10", "why": "fire"}, "only 9 lie in main"),
        ({"how": "burnt"}, "Say what happened"),
        ({"location": "moon"}, "no location"),
    ):
        refused = await admin.post(path, **came | wrong)
        assert (refused.status_code // 100, said in refused.text) == (4, True), (wrong, said)
    assert (await admin.post(path, **came | {"sku": "none"})).status_code == 404
    await market.do(lambda tx: inventory.place_named(tx, "cellar", "Cellar", priority=1))
    await admin.post(path, sku=odd, how="moved", quantity="4", location="main", target="cellar")
    await admin.post(path, sku=odd, how="lost", quantity="2", location="main", why="broken")
    await admin.post(path, sku=odd, how="counted", quantity="1", location="cellar")
    assert await levels(market, odd) == [("main", 3), ("cellar", 1)]
    await admin.post(path, sku=odd, how="lost", quantity="2", location="main", why="broken")
    page = (await admin.get(link[1])).text
    for words in ("delivery note 7", "broken", "+9", "−2", "Cellar", "admin@shop.example"):
        assert words in page, words
    assert "An odd lamp" in (await admin.get("/admin/inventory?low=yes")).text
    assert await sound(market.world)


async def levels(market: Market, sku: str) -> Sequence[tuple[str, int]]:
    item = await market.do(lambda tx: inventory.get(tx, sku))
    return [(level.location, level.on_hand) for level in item.levels]


def flat(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
