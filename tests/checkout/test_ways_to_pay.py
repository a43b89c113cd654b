"""One way to pay an order: another one is opened only when the former is closed; what costs nothing needs none."""

from datetime import timedelta
from typing import Any

import pytest
from tests.news import happened, hear, paid_beside, read, sound, work
from tests.worlds import BASE_URL, DECLINED_CARD, Account, buy, session_of, start

from farthing import checkout, orders, payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.clock import TravelClock
from farthing.errors import Conflict, ProviderError, ProviderUnavailable
from farthing.http.idempotency import Key
from farthing.ids import OrderId
from farthing.lifecycles import CheckoutStatus, OrderStatus, PaymentStatus
from farthing.orders import Order
from farthing.payments import Payment
from farthing.world import World

ADA = Buyer("ada", "ada@example.com", "Ada Lovelace")
PAGE: dict[str, Any] = {"success_url": f"{BASE_URL}/thanks?o={{ORDER_ID}}", "cancel_url": f"{BASE_URL}/cart", "actor": "test"}


async def place(world: World, *items: CartItem, code: str | None = None) -> Order:
    order, _ = await checkout.place_order(
        world, items=items or [CartItem("guide")], buyer=ADA, actor="test", promotion_code=code
    )
    return order


async def collected(world: World, order: OrderId) -> list[Payment]:
    async with world.db.transaction("test") as tx:
        return await payments.of_order(tx, order)


async def open_at_provider(account: Account) -> tuple[int, int]:
    """Pages that can be paid, and intents without a page that can be."""
    sessions = (await account.get("/v1/checkout/sessions", limit="100"))["data"]
    intents = (await account.get("/v1/payment_intents", limit="100"))["data"]
    return (
        len([each for each in sessions if each["status"] == "open"]),
        len([each for each in intents if each["status"] not in ("succeeded", "canceled")]),
    )


@pytest.mark.covers("F34", "S003-10")
async def test_a_buyer_who_left_the_page_gets_another_and_only_that_can_be_paid(world: World, account: Account) -> None:
    first = await start(world)
    session = await session_of(world, first.id)
    assert (await account.pay(session, DECLINED_CARD)).status_code == 402
    again = await checkout.open_page(world, first.order_id, **PAGE)
    assert await open_at_provider(account) == (1, 0)
    assert (await account.pay(session)).status_code == 400
    assert (await read(world, first.order_id)).status == OrderStatus.OPEN
    await hear(world, account)
    assert (await read(world, first.order_id)).status == OrderStatus.OPEN, "the end of a page that made room ends no order"
    second = await session_of(world, again.id)
    assert (await account.pay(second)).status_code == 200
    await checkout.sync(world, second, actor="test")
    assert (await read(world, first.order_id)).payment_status == "paid"
    assert [payment.status for payment in await collected(world, first.order_id)] == ["canceled", "succeeded"]
    assert await sound(world)


@pytest.mark.covers("C8", "F35")
async def test_a_paid_order_has_no_other_way_and_what_slips_through_goes_back(world: World, account: Account) -> None:
    order = await buy(world, account)
    with pytest.raises(Conflict, match="is paid"):
        await checkout.open_page(world, order.id, **PAGE)
    with pytest.raises(Conflict, match="is paid"):
        await checkout.open_intent(world, order.id, actor="test")
    (payment,) = await collected(world, order.id)
    await payments.sync(world, await paid_beside(account, payment.id), actor="test")
    await work(world)
    assert [payment.status for payment in await collected(world, order.id)] == ["succeeded", "surplus"]
    assert await sound(world)


@pytest.mark.covers("F40")
async def test_a_page_that_is_paid_while_it_is_replaced_wins(world: World, account: Account) -> None:
    started = await start(world)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    with pytest.raises(Conflict, match="is paid"):
        await checkout.open_intent(world, started.order_id, actor="test")
    assert (await read(world, started.order_id)).status == OrderStatus.PAID
    assert len((await account.get("/v1/payment_intents"))["data"]) == 1
    assert await sound(world)


@pytest.mark.covers("F58", "F59")
async def test_a_lost_answer_is_asked_for_again_before_the_next_way_is_opened(world: World, account: Account) -> None:
    order = await place(world)
    key = Key.of("app", "pay", ["one"])
    await account.fail_next("lost_response", "/v1/payment_intents", times=3)
    with pytest.raises(ProviderUnavailable):
        await checkout.open_intent(world, order.id, actor="test", key=key)
    intent = await checkout.open_intent(world, order.id, actor="test", key=key)
    again = await checkout.open_intent(world, order.id, actor="test", key=key)
    assert (again.replayed, again.payment.id, again.client_secret) == (True, intent.payment.id, intent.client_secret)
    assert len((await account.get("/v1/payment_intents"))["data"]) == 1
    await account.fail_next("lost_response", "/v1/checkout/sessions", times=3)
    with pytest.raises(ProviderUnavailable):
        await checkout.open_page(world, order.id, **PAGE)
    assert await open_at_provider(account) == (1, 0)
    other = await checkout.open_intent(world, order.id, actor="test")
    assert await open_at_provider(account) == (0, 1)
    assert other.payment.id != intent.payment.id
    assert await sound(world)


async def test_canceling_an_order_closes_whatever_way_it_has(world: World, account: Account) -> None:
    order = await place(world)
    await checkout.open_intent(world, order.id, actor="test")
    canceled = await checkout.cancel_order(world, order.id, actor="clerk")
    assert canceled.status == OrderStatus.CANCELED
    assert await open_at_provider(account) == (0, 0)
    without = await place(world)
    assert (await checkout.cancel_order(world, without.id, actor="clerk")).status == OrderStatus.CANCELED
    assert await sound(world)


async def test_an_order_that_nobody_pays_expires_with_its_intent(world: World, account: Account) -> None:
    order, bare = await place(world), await place(world)
    await checkout.open_intent(world, order.id, actor="test")
    assert await checkout.tidy(world) == 0
    assert isinstance(world.clock, TravelClock)
    world.clock.advance(timedelta(hours=2))
    while await checkout.tidy(world):
        pass
    assert [(await read(world, each.id)).status for each in (order, bare)] == ["expired", "expired"]
    assert await open_at_provider(account) == (0, 0)
    assert await sound(world)


async def test_a_refused_page_leaves_a_placed_order_open_for_another_try(world: World, account: Account) -> None:
    order = await place(world)
    await account.fail_next("revoked_key", "/v1/checkout/sessions")
    with pytest.raises(ProviderError):
        await checkout.open_page(world, order.id, **PAGE)
    assert (await read(world, order.id)).status == OrderStatus.OPEN
    started = await checkout.open_page(world, order.id, **PAGE)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    await hear(world, account)
    assert (await read(world, order.id)).status == OrderStatus.PAID
    assert await sound(world)


@pytest.fixture
def free_world(world: World) -> World:
    """Everything costs nothing, as after a discount of all of it."""
    from dataclasses import replace

    from farthing.money import Money

    products = {key: replace(product, prices={"eur": Money(0, "eur")}) for key, product in world.catalog.products.items()}
    return replace(world, catalog=replace(world.catalog, products=products))


@pytest.mark.covers("F21", "F10")
async def test_what_costs_nothing_is_paid_at_once_and_nobody_is_called(free_world: World, account: Account) -> None:
    key = Key.of("app", "free", ["one"])
    world, how = free_world, dict[str, Any]({"items": [CartItem("guide")], "buyer": ADA, **PAGE})
    started = await checkout.start(world, **how, key=key)
    again = await checkout.start(world, **how, key=key)
    assert started.url == again.url == f"{BASE_URL}/thanks?o={started.order_id}"
    order = await read(world, started.order_id)
    assert (order.status, order.payment_status, order.total.amount) == (OrderStatus.PAID, "paid", 0)
    async with world.db.transaction("test") as tx:
        (session,) = await checkout.of_order(tx, order.id)
    assert (session.status, session.is_free) == (CheckoutStatus.COMPLETE, True)
    assert await happened(world) == ["order.placed", "order.paid", "entitlement.granted", "checkout.completed"]
    assert await collected(world, order.id) == []
    assert (await account.get("/v1/events"))["data"] == []
    await checkout.sync_order(world, order.id, actor="test")
    with pytest.raises(Conflict, match="is paid"):
        await checkout.open_intent(world, order.id, actor="test")
    async with world.db.transaction("test") as tx:
        with pytest.raises(Conflict, match="nothing was paid"):
            await payments.refund_order(tx, order.id, None, reason="duplicate", note=None)
    placed = await place(world)
    assert placed.status == OrderStatus.PAID
    assert await sound(world)


async def test_the_page_that_thanks_knows_a_free_order(free_world: World) -> None:
    started = await checkout.start(
        free_world,
        items=[CartItem("guide")],
        buyer=ADA,
        success_url=f"{BASE_URL}/thanks?s={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{BASE_URL}/cart",
        actor="test",
    )
    secret = started.url.partition("?s=")[2]
    assert secret.startswith("free_")
    async with free_world.db.transaction("test") as tx:
        found = await checkout.find_by_provider_id(tx, "stripe", False, secret)
    assert found is not None
    assert found.order_id == started.order_id


async def test_lists_find_payments_by_status_and_order(world: World, account: Account) -> None:
    first, second = await buy(world, account), await place(world)
    opened = (await checkout.open_intent(world, second.id, actor="test")).payment
    async with world.db.transaction("test") as tx:
        page = await payments.list_page(tx, limit=1)
        assert [payment.id for payment in page.items] == [opened.id]
        assert page.next_cursor is not None
        found = await payments.list_page(tx, limit=10, status=PaymentStatus.SUCCEEDED)
        assert [payment.order_id for payment in found.items] == [first.id]
        of_second = await payments.list_page(tx, limit=10, order=second.id)
        assert [payment.id for payment in of_second.items] == [opened.id]
        assert {order.payment_status for order in (await orders.list_page(tx, limit=10)).items} == {"paid", "unpaid"}
