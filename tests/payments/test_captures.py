"""Money that is kept first: taken in whole or in part, let go, warned of, and lost when its time is over."""

from datetime import timedelta

import pytest
from tests.news import happened, hear, read, sound, work
from tests.worlds import BASE_URL, Account, Sandbox, lone_sandbox, session_of, unchanged

from farthing import checkout, ledger, payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.clock import TravelClock
from farthing.errors import Conflict, Invalid, ProviderUnavailable
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus, PaymentStatus
from farthing.money import Money
from farthing.payments import Payment
from farthing.world import World

__all__ = ["lone_sandbox"]

ADA = Buyer("ada", "ada@example.com", "Ada Lovelace")
ITEMS = (CartItem("guide"), CartItem("mug", 2))


@pytest.fixture
def sandbox(lone_sandbox: Sandbox) -> Sandbox:
    """Deadlines pass here."""
    return lone_sandbox


async def authorized(world: World, account: Account) -> Payment:
    """An order of 74.00 EUR on a page, of which nothing is taken yet."""
    started = await checkout.start(
        world,
        items=ITEMS,
        buyer=ADA,
        success_url=f"{BASE_URL}/thanks",
        cancel_url=f"{BASE_URL}/cart",
        actor="test",
        capture_method="manual",
    )
    session = await session_of(world, started.id)
    assert (await account.pay(session)).status_code == 200
    await checkout.sync(world, session, actor="test")
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, started.order_id)
    assert (payment.status, payment.live) == (PaymentStatus.AUTHORIZED, True)
    return payment


async def books(world: World, order: OrderId) -> int:
    async with world.db.transaction("test") as tx:
        return len(await ledger.entries_of_order(tx, order))


@pytest.mark.covers("S000-17", "C6")
async def test_what_is_authorized_pays_when_it_is_captured_and_not_before(world: World, account: Account) -> None:
    payment = await authorized(world, account)
    order = await read(world, payment.order_id)
    assert (order.status, order.payment_status) == (OrderStatus.OPEN, "authorized")
    assert order.capture_before == payment.capture_before
    assert payment.capture_before is not None
    assert await books(world, order.id) == 0
    with pytest.raises(Conflict, match="authorized"):
        await checkout.open_intent(world, order.id, actor="test")
    captured = await payments.capture(world, payment.id, actor="clerk")
    assert (captured.received, captured.live) == (Money(7400, "eur"), False)
    assert await payments.capture(world, payment.id, actor="clerk") == captured
    assert (await read(world, order.id)).payment_status == "paid"
    await hear(world, account)
    assert (await books(world, order.id)) >= 2
    assert await sound(world)


@pytest.mark.covers("F20")
async def test_less_is_captured_and_that_is_the_price_line_by_line(world: World, account: Account) -> None:
    payment = await authorized(world, account)
    for wrong in (Money(7401, "eur"), Money(0, "eur"), Money(100, "usd")):
        with pytest.raises(Invalid):
            await payments.capture(world, payment.id, wrong, actor="clerk")
    captured = await payments.capture(world, payment.id, Money(5000, "eur"), actor="clerk")
    assert captured.received == Money(5000, "eur")
    order = await read(world, payment.order_id)
    assert (order.status, order.total.amount, order.discount.amount, order.uncaptured) == (OrderStatus.PAID, 5000, 2400, 2400)
    assert [line.total.amount for line in order.lines] == [3311, 1689]
    with pytest.raises(Conflict):
        await payments.capture(world, payment.id, Money(6000, "eur"), actor="clerk")
    async with world.db.transaction("test") as tx:
        refund = await payments.refund_order(tx, order.id, None, reason="duplicate", note=None)
    assert refund.money == Money(5000, "eur")
    await work(world)
    await hear(world, account)
    assert (await read(world, order.id)).payment_status == "refunded"
    assert "order.reduced" in await happened(world, order.id)
    assert await sound(world)


async def test_what_is_voided_takes_nothing_and_the_order_may_be_paid_in_another_way(world: World, account: Account) -> None:
    payment = await authorized(world, account)
    voided = await payments.void(world, payment.id, actor="clerk")
    assert voided.status == PaymentStatus.CANCELED
    assert await payments.void(world, payment.id, actor="clerk") == voided
    async with unchanged(world):
        with pytest.raises(Conflict, match="is canceled"):
            await payments.capture(world, payment.id, actor="clerk")
    intent = await checkout.open_intent(world, payment.order_id, actor="test", capture_method="automatic")
    assert (await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="test")).payment.settles
    assert await books(world, payment.order_id) >= 2
    assert await sound(world)


async def test_an_order_that_is_canceled_lets_go_of_what_is_kept(world: World, account: Account) -> None:
    payment = await authorized(world, account)
    canceled = await checkout.cancel_order(world, payment.order_id, actor="clerk")
    assert canceled.status == OrderStatus.CANCELED
    (charge,) = (await account.get("/v1/charges"))["data"]
    assert (charge["captured"], charge["refunded"]) == (False, True)
    assert await books(world, payment.order_id) == 0
    await hear(world, account)
    assert await sound(world)


@pytest.mark.covers("F82", "F87")
async def test_a_capture_whose_answer_is_lost_goes_on_by_itself(world: World, account: Account) -> None:
    payment = await authorized(world, account)
    await account.fail_next("lost_response", f"/v1/payment_intents/{payment.provider_payment_id}/capture", times=3)
    with pytest.raises(ProviderUnavailable):
        await payments.capture(world, payment.id, Money(5000, "eur"), actor="clerk")
    with pytest.raises(Conflict):
        await payments.void(world, payment.id, actor="clerk")
    with pytest.raises(Conflict):
        await payments.capture(world, payment.id, Money(6000, "eur"), actor="clerk")
    assert isinstance(world.clock, TravelClock)
    world.clock.advance(timedelta(minutes=1))
    while await checkout.tidy(world):
        pass
    order = await read(world, payment.order_id)
    assert (order.payment_status, order.total) == ("paid", Money(5000, "eur"))
    assert await sound(world)


async def test_the_host_is_warned_once_and_what_nobody_captured_is_lost(world: World, account: Account) -> None:
    payment = await authorized(world, account)
    assert payment.capture_before is not None
    assert isinstance(world.clock, TravelClock)
    left = payment.capture_before - world.clock.now()
    assert await checkout.tidy(world) == 0
    world.clock.advance(left - timedelta(hours=23))
    while await checkout.tidy(world):
        pass
    assert (await happened(world, payment.order_id)).count("payment.expiring") == 1
    world.clock.advance(timedelta(hours=24))
    await account.advance(int(left.total_seconds()) + 3600)
    with pytest.raises(Conflict, match="ended at"):
        await payments.capture(world, payment.id, actor="clerk")
    while await checkout.tidy(world):
        pass
    order = await read(world, payment.order_id)
    assert (order.status, order.payment_status) == (OrderStatus.EXPIRED, "unpaid")
    assert await books(world, order.id) == 0
    assert await sound(world)


async def test_what_is_captured_in_the_dashboard_is_the_price_as_well(world: World, account: Account) -> None:
    payment = await authorized(world, account)
    taken = await account.http.post(
        f"/v1/payment_intents/{payment.provider_payment_id}/capture", data={"amount_to_capture": "7000"}
    )
    assert taken.status_code == 200
    await hear(world, account)
    order = await read(world, payment.order_id)
    assert (order.payment_status, order.total) == ("paid", Money(7000, "eur"))
    assert await sound(world)


async def test_what_is_kept_for_an_order_that_is_paid_otherwise_is_let_go(world: World, account: Account) -> None:
    """It came in beside the way we opened, with our mark."""
    order, _ = await checkout.place_order(world, items=ITEMS, buyer=ADA, actor="test")
    intent = await checkout.open_intent(world, order.id, actor="test")
    form = {
        "amount": "7400",
        "currency": "eur",
        "payment_method": "pm_card_visa",
        "capture_method": "manual",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        "confirm": "true",
        "metadata[farthing_payment]": str(intent.payment.id),
    }
    beside = (await account.http.post("/v1/payment_intents", data=form)).json()["id"]
    await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="test")
    await hear(world, account)
    assert isinstance(world.clock, TravelClock)
    world.clock.advance(timedelta(minutes=1))
    while await checkout.tidy(world):
        pass
    assert (await account.get(f"/v1/payment_intents/{beside}"))["status"] == "canceled"
    async with world.db.transaction("test") as tx:
        found = await payments.of_order(tx, order.id)
    assert [payment.status for payment in found] == ["succeeded", "canceled"]
    assert await sound(world)
