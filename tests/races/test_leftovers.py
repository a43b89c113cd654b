"""What a bad moment left behind, and what can still be done with it."""

from dataclasses import replace
from datetime import timedelta

from tests.races.conftest import Harness, bought
from tests.races.facts import truth
from tests.races.flows import Case
from tests.races.shop import CART, Shop, events_at, look, opened
from tests.worlds import Sandbox

from farthing import checkout, orders
from farthing.checkout.flow import UNANSWERED
from farthing.ids import OrderId
from farthing.invariants import check_all
from farthing.lifecycles import OrderStatus
from farthing.payments.flow import NEWS_EXPECTED

SLOW_REFUND_CARD = "4000000000007726"
"""Paid at once; what is given back takes the bank a day."""


async def the_order(shop: Shop) -> OrderId:
    async with shop.world.db.transaction("test") as tx:
        [order] = await tx.all(lambda row: OrderId.of(row["id"]), "SELECT id FROM orders")
    return order


async def never_opened(shop: Shop) -> OrderId:
    """An order whose page the provider never answered about."""
    fault = {"kind": "500_before", "method": "POST", "path": "/v1/checkout/sessions", "times": 3}
    (await shop.outside.post("/_sandbox/faults", json=fault)).raise_for_status()
    assert (await shop.post("/v1/checkout/sessions", CART, "the one purchase")).status_code == 503
    return await the_order(shop)


async def test_an_order_that_never_got_its_page_can_be_canceled(harness: Harness) -> None:
    place, _ = await harness.prepare("check_out")
    async with opened(place) as shop:
        order = await never_opened(shop)
        canceled = await checkout.cancel_order(shop.world, order, actor="clerk")
        assert canceled.status == OrderStatus.CANCELED
        shop.clock.advance(timedelta(hours=2))
        await shop.work()
        async with shop.world.db.transaction("test") as tx:
            assert (await orders.get(tx, order)).status == OrderStatus.CANCELED
            assert await check_all(tx) == []
    # Whether the page is there is found out by asking for it once more; then it is closed, and nobody can pay.
    assert truth(place)["sessions"] == ["expired unpaid 4900"]


async def test_an_order_that_nobody_asks_for_again_gets_its_page_from_the_sweep(harness: Harness) -> None:
    place, _ = await harness.prepare("check_out")
    async with opened(place) as shop:
        order = await never_opened(shop)
        shop.clock.advance(UNANSWERED)
        await shop.work()
        async with shop.world.db.transaction("test") as tx:
            [page] = await checkout.of_order(tx, order)
            assert page.url == look(place, "/v1/checkout/sessions")["data"][0]["url"]
    assert truth(place)["sessions"] == ["open unpaid 4900"]


async def test_a_page_that_cannot_be_closed_keeps_no_other_open(harness: Harness) -> None:
    """Somebody changed the account: the provider does not know one of the pages any more."""
    place, _ = await harness.prepare("check_out")
    async with opened(place) as shop:
        assert (await shop.post("/v1/checkout/sessions", CART, "lost")).status_code == 201
        async with shop.world.db.transaction("test") as tx:
            await tx.run("UPDATE checkouts SET provider_checkout_id = 'cs_test_of_another_account'")
        assert (await shop.post("/v1/checkout/sessions", CART, "known")).status_code == 201
        shop.clock.advance(timedelta(hours=2))
        assert await checkout.close_due(shop.world) == 1
        async with shop.world.db.transaction("test") as tx:
            assert await orders.counts(tx) == {"open": 1, "expired": 1}


async def test_a_fee_that_nobody_told_is_asked_for(harness: Harness) -> None:
    """The signed snapshot of the payment does not hold it, and the event that does was lost."""
    place, _ = await harness.prepare("check_out")
    async with opened(place) as shop:
        await bought(shop, Case("settle"), told=False)
        [paid] = [event for event in events_at(place) if event["type"] == "payment_intent.succeeded"]
        await shop.deliver_all([paid])
        await shop.work()
        assert await fee_of(shop) is None
        shop.clock.advance(NEWS_EXPECTED)
        await shop.work()
        assert await fee_of(shop) == 172


async def fee_of(shop: Shop) -> int | None:
    async with shop.world.db.transaction("test") as tx:
        fee: int | None = await tx.value("SELECT fee_amount FROM payments WHERE status = 'succeeded'")
    return fee


async def test_the_end_of_a_slow_refund_that_nobody_told_is_asked_for(harness: Harness, lone_sandbox: Sandbox) -> None:
    place, _ = await harness.prepare("check_out")
    place = replace(place, url=lone_sandbox.url)
    async with opened(place) as shop:
        case = await bought(shop, Case("refund"), told=True, card=SLOW_REFUND_CARD)
        assert (await shop.post(f"/v1/orders/{case.order}/refunds", {}, "the one refund")).status_code == 201
        await shop.work()
        assert await refund_is(shop) == "pending"
        (await shop.outside.post("/_sandbox/clock/advance", json={"seconds": 25 * 3600})).raise_for_status()
        shop.clock.advance(timedelta(hours=25))
        await shop.work()
        assert await refund_is(shop) == "succeeded"
        async with shop.world.db.transaction("test") as tx:
            assert await check_all(tx) == []


async def refund_is(shop: Shop) -> str:
    async with shop.world.db.transaction("test") as tx:
        return str(await tx.value("SELECT status FROM refunds"))
