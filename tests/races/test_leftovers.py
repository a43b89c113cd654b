"""What a bad moment left behind, and what can still be done with it."""

from datetime import timedelta

from tests.races.conftest import Harness
from tests.races.facts import truth
from tests.races.shop import CART, Shop, look, opened

from farthing import checkout, orders
from farthing.checkout.flow import UNANSWERED
from farthing.ids import OrderId
from farthing.invariants import check_all
from farthing.lifecycles import OrderStatus


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
    assert truth(place)["sessions"] == []


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
