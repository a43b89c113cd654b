"""Money goes back: as much as was promised, never more than came in, and what the bank returns is not lost."""

import pytest
from tests.news import hear, read, sound, work
from tests.payments.looks import balances, holds, payment_of, refund, refunds_of
from tests.worlds import Account, Message, Outbox, buy, start, unchanged

from farthing import payments
from farthing.catalog import CartItem
from farthing.errors import Conflict, FarthingError, Invalid
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.world import World


@pytest.mark.covers("F14", "S000-25")
async def test_part_of_the_price_goes_back_and_then_the_rest(world: World, account: Account, outbox: Outbox) -> None:
    order = await buy(world, account)
    promised = await refund(world, order.id, Money(1000, "eur"))
    assert (promised.status, promised.requested_by) == ("promised", "staff:1")
    assert (await balances(world))["refunds:owed"] == -1000
    await work(world)
    payment = await payment_of(world, order.id)
    assert (payment.refunding_amount, payment.refunded_amount) == (0, 1000)
    assert (await read(world, order.id)).status == OrderStatus.PAID
    assert await holds(world)

    rest = await refund(world, order.id)
    assert rest.money == Money(3900, "eur")
    await work(world)
    assert (await read(world, order.id)).status == OrderStatus.REFUNDED
    assert not await holds(world)
    made = (await account.get("/v1/refunds"))["data"]
    assert sorted(each["amount"] for each in made) == [1000, 3900]
    assert {each["metadata"]["farthing_refund"] for each in made} == {str(promised.id), str(rest.id)}
    assert [each.status for each in await refunds_of(world, order.id)] == ["succeeded", "succeeded"]
    books = await balances(world)
    assert (books["refunds"], books["sales"], books.get("refunds:owed", 0)) == (4900, -4900, 0)
    assert [message.subject for message in outbox.messages].count(f"Refund for your order {order.number}") == 2
    assert await sound(world)


@pytest.mark.covers("F13")
async def test_hearing_of_our_own_refunds_changes_nothing(world: World, account: Account) -> None:
    order = await buy(world, account)
    await refund(world, order.id, Money(1000, "eur"))
    await work(world)
    await hear(world, account)
    await work(world)
    before = await balances(world)
    await hear(world, account)
    async with unchanged(world):
        for type in ("refund.created", "charge.refund.updated", "payment_intent.succeeded"):
            await hear(world, account, type)
    assert await balances(world) == before
    assert len(await refunds_of(world, order.id)) == 1


@pytest.mark.parametrize(
    ("money", "error", "said"),
    [
        (Money(4901, "eur"), Conflict, "left to refund"),
        (Money(10**12, "eur"), Conflict, "left to refund"),
        (Money(100, "usd"), Invalid, "paid in eur"),
        (Money(-1, "eur"), Invalid, "positive"),
        # It is falsy, and was taken for "no amount given": all of the price went back.
        (Money(0, "eur"), Invalid, "positive"),
    ],
)
async def test_what_cannot_be_refunded_is_refused(
    world: World, account: Account, money: Money, error: type[FarthingError], said: str
) -> None:
    order = await buy(world, account)
    async with unchanged(world):
        with pytest.raises(error, match=said):
            await refund(world, order.id, money)
    await work(world)
    assert (await account.get("/v1/refunds"))["data"] == []


async def test_nothing_is_left_to_refund_when_all_is_promised(world: World, account: Account) -> None:
    order = await buy(world, account)
    await refund(world, order.id)
    async with unchanged(world):
        for money in (None, Money(1, "eur")):
            with pytest.raises(Conflict, match="left to refund"):
                await refund(world, order.id, money)
    await work(world)
    async with unchanged(world):
        with pytest.raises(Conflict, match="nothing left to refund"):
            await refund(world, order.id)


async def test_an_unpaid_order_has_nothing_to_refund(world: World) -> None:
    started = await start(world)
    async with unchanged(world):
        with pytest.raises(Conflict, match="is open: nothing was paid"):
            await refund(world, started.order_id)


@pytest.mark.covers("F190")
async def test_a_refund_made_in_the_dashboard_becomes_ours(world: World, account: Account, outbox: Outbox) -> None:
    order = await buy(world, account)
    payment = await payment_of(world, order.id)
    form = {"payment_intent": payment.provider_payment_id, "amount": "900"}
    made = (await account.http.post("/v1/refunds", data=form)).raise_for_status().json()
    await hear(world, account)
    (adopted,) = await refunds_of(world, order.id)
    assert (adopted.provider_refund_id, adopted.money, adopted.status) == (made["id"], Money(900, "eur"), "succeeded")
    assert (adopted.reason, adopted.requested_by) == ("provider", "provider:stripe")
    assert (await payment_of(world, order.id)).refunded_amount == 900
    await work(world)
    assert [_about(message) for message in outbox.messages] == ["order", "refund"]
    assert len((await account.get("/v1/refunds"))["data"]) == 1
    assert await sound(world)


def _about(message: Message) -> str:
    return message.subject.split()[0 if message.subject.startswith("Refund") else 1].lower()


async def test_a_refund_in_the_dashboard_while_ours_is_promised_goes_back_once(world: World, account: Account) -> None:
    order = await buy(world, account)
    payment = await payment_of(world, order.id)
    ours = await refund(world, order.id)
    form = {"payment_intent": payment.provider_payment_id}
    theirs = (await account.http.post("/v1/refunds", data=form)).raise_for_status().json()

    await hear(world, account)  # all of the price is promised: theirs finds no room, and waits
    assert [each.status for each in await refunds_of(world, order.id)] == ["promised"]
    await work(world)  # ours is refused: it went back already
    (refused,) = await refunds_of(world, order.id)
    assert (refused.id, refused.status) == (ours.id, "failed")
    assert "already been refunded" in str(refused.failure_reason)

    async with world.db.transaction("test") as tx:
        await tx.run("UPDATE provider_events SET due_at = %(now)s WHERE status = 'received'", now=tx.now)
    await hear(world, account)
    assert [(each.status, each.provider_refund_id) for each in await refunds_of(world, order.id)] == [
        ("failed", None),
        ("succeeded", theirs["id"]),
    ]
    assert (await read(world, order.id)).status == OrderStatus.REFUNDED
    assert not await holds(world)
    assert (await balances(world))["refunds"] == 4900
    assert await sound(world)


async def test_a_promise_is_sent_once_however_often_the_job_runs(world: World, account: Account) -> None:
    order = await buy(world, account)
    promised = await refund(world, order.id)
    await work(world)
    async with unchanged(world):
        for _ in range(3):
            await payments.send_refund(world, promised.id)
    assert len((await account.get("/v1/refunds"))["data"]) == 1


@pytest.mark.covers("F25")
async def test_the_fee_is_posted_once_when_it_is_known(world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("mug", 2))
    payment = await payment_of(world, order.id)
    assert payment.provider_payment_id is not None
    id = payment.provider_payment_id
    async with world.db.transaction("test") as tx:
        await tx.run("SELECT pg_sleep(0.3)")  # the sandbox knows a fee a moment after the money is in
    await payments.sync(world, id, actor="test")
    payment = await payment_of(world, order.id)
    assert payment.fee == Money(103, "eur")  # 2.9 % of 25.00, and 0.30
    assert (payment.card_brand, payment.card_last4) == ("visa", "4242")
    books = await balances(world)
    assert (books["provider_fees"], books["provider:stripe"], books["sales"]) == (103, 2397, -2500)
    async with unchanged(world):
        await payments.sync(world, id, actor="test")
        await hear(world, account, "charge.updated")
    assert await sound(world)
