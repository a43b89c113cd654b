"""Orders: they keep what was asked for, move along their lifecycle, and the database would refuse anything else."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.news import happened, read
from tests.worlds import Account, buy, start, unchanged

from farthing import customers, orders
from farthing.db import Database, Transaction
from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.orders import NewLine, Order
from farthing.world import World

MUG = NewLine("mug", "custom", "A mug", 2, Money(1250, "eur"), metadata={"color": "blue"})
GUIDE = NewLine("guide", "access", "The guide", 1, Money(4900, "eur"), features=("guide:pro", "guide:pdf"), access_days=30)


async def place(tx: Transaction, *lines: NewLine, who: str = "ada", **metadata: str) -> Order:
    customer = await customers.remember(tx, external_id=who, email=f"{who}@example.com")
    wanted = lines or (MUG,)
    total = sum((line.unit * line.quantity for line in wanted), start=Money.zero("eur"))
    return await orders.place(
        tx,
        customer=customer.id,
        email=customer.email,
        lines=wanted,
        total=total,
        expires_at=tx.now + timedelta(hours=1),
        livemode=False,
        metadata=metadata,
    )


async def test_an_order_is_read_as_it_was_placed(db: Database) -> None:
    async with db.transaction("test") as tx:
        placed = await place(tx, MUG, GUIDE, source="newsletter")
    async with db.transaction("test") as tx:
        assert await orders.get(tx, placed.id) == placed
        assert await orders.find_by_number(tx, placed.number) == placed
        assert await orders.lock(tx, placed.id) == placed
    assert placed.total == Money(7400, "eur")
    assert [line.amount for line in placed.lines] == [Money(2500, "eur"), Money(4900, "eur")]
    assert (placed.lines[1].features, placed.lines[1].access_days) == (("guide:pro", "guide:pdf"), 30)
    assert (placed.metadata, placed.lines[0].metadata) == ({"source": "newsletter"}, {"color": "blue"})


async def test_numbers_are_for_people_and_go_up(db: Database) -> None:
    async with db.transaction("test") as tx:
        numbers = [(await place(tx)).number for _ in range(3)]
    assert numbers == [1001, 1002, 1003]


async def test_placing_is_one_thing_with_everything_it_brings(world: World) -> None:
    async def work(tx: Transaction) -> None:
        await place(tx)
        raise RuntimeError("changed my mind")

    async with unchanged(world):
        with pytest.raises(RuntimeError):
            await world.db.run("test", work)


async def test_what_is_not_there_is_not_found(db: Database) -> None:
    nobody = OrderId.new()
    async with db.transaction("test") as tx:
        for look in (orders.get, orders.lock):
            with pytest.raises(NotFound, match=f"There is no order {nobody}"):
                await look(tx, nobody)
        assert await orders.find_by_number(tx, 7) is None


@pytest.mark.covers("S000-17")
@pytest.mark.parametrize(
    ("begin", "then"),
    [
        ([], [orders.mark_refunded, orders.reinstate]),
        ([orders.mark_paid], [orders.mark_paid, orders.cancel, orders.request_cancel, orders.reinstate]),
        ([orders.close_unpaid], [orders.mark_paid, orders.cancel, orders.request_cancel, orders.mark_refunded]),
        ([orders.cancel], [orders.mark_paid, orders.cancel, orders.request_cancel, orders.mark_refunded]),
        ([orders.mark_paid, orders.mark_refunded], [orders.mark_paid, orders.mark_refunded, orders.cancel]),
    ],
)
async def test_an_order_moves_only_where_it_may(world: World, begin: list[Any], then: list[Any]) -> None:
    async with world.db.transaction("test") as tx:
        order = await place(tx)
        for move in begin:
            order = await move(tx, order)
    async with unchanged(world):
        for move in then:
            async with world.db.transaction("test") as tx:
                with pytest.raises(Conflict, match=f"An order that is {order.status} cannot"):
                    await move(tx, order)
        if order.status != OrderStatus.OPEN:
            async with world.db.transaction("test") as tx:
                assert await orders.close_unpaid(tx, order) == order
    assert (await read(world, order.id)).status == order.status


async def test_what_somebody_wanted_canceled_is_canceled_when_nobody_can_pay_any_more(world: World) -> None:
    async with world.db.transaction("test") as tx:
        order = await place(tx)
        await orders.request_cancel(tx, order)
        wanted = await orders.get(tx, order.id)
        assert (wanted.status, wanted.cancel_requested_at) == (OrderStatus.OPEN, tx.now)
        await orders.request_cancel(tx, wanted)
        assert (await orders.close_unpaid(tx, wanted)).status == OrderStatus.CANCELED
    assert await happened(world) == ["order.placed", "order.cancel_requested", "order.canceled"]


async def test_the_moments_of_an_order_say_since_when(db: Database) -> None:
    async with db.transaction("test") as tx:
        order = await orders.mark_paid(tx, await place(tx))
        paid = await orders.get(tx, order.id)
        assert (paid.paid_at, paid.closed_at) == (tx.now, None)
        back = await orders.mark_refunded(tx, paid)
        refunded = await orders.get(tx, back.id)
        assert (refunded.paid_at, refunded.closed_at) == (tx.now, tx.now)
        await orders.reinstate(tx, refunded)
        again = await orders.get(tx, order.id)
        assert (again.status, again.paid_at, again.closed_at) == (OrderStatus.PAID, tx.now, None)


async def test_every_move_is_told_of(world: World) -> None:
    async with world.db.transaction("test") as tx:
        await orders.mark_refunded(tx, await orders.mark_paid(tx, await place(tx)))
        await orders.close_unpaid(tx, await place(tx))
        await orders.cancel(tx, await place(tx))
    assert await happened(world) == [
        "order.placed",
        "order.paid",
        "order.refunded",
        "order.placed",
        "order.expired",
        "order.placed",
        "order.canceled",
    ]


async def test_lists_are_newest_first_and_of_one_status_or_customer(db: Database) -> None:
    async with db.transaction("test") as tx:
        first, second, third = await place(tx), await place(tx, who="eve"), await place(tx)
        await orders.mark_paid(tx, second)

        async def listed(**wanted: Any) -> list[OrderId]:
            return [order.id for order in (await orders.list_page(tx, limit=10, **wanted)).items]

        assert await listed() == sorted((first.id, second.id, third.id), reverse=True)
        assert await listed(status=OrderStatus.PAID) == [second.id]
        assert await listed(customer=first.customer_id) == sorted((first.id, third.id), reverse=True)
        assert await listed(customer=first.customer_id, status=OrderStatus.PAID) == []
        mine = await orders.of_customer(tx, second.customer_id, limit=1)
        assert ([order.id for order in mine.items], mine.next_cursor) == ([second.id], None)


@pytest.mark.covers("F46")
async def test_who_holds_an_order_holds_it_until_the_commit(db: Database) -> None:
    async with db.transaction("test") as tx:
        order = await place(tx)
    seen: list[str] = []

    async def pay() -> None:
        async with db.transaction("payer") as tx:
            held = await orders.lock(tx, order.id)
            await asyncio.sleep(0.1)
            await orders.mark_paid(tx, held)
            seen.append("paid")

    async def expire() -> None:
        await asyncio.sleep(0.03)
        async with db.transaction("sweep") as tx:
            seen.append(str((await orders.lock(tx, order.id)).status))

    await asyncio.gather(pay(), expire())
    assert seen == ["paid", "paid"]


NEVER = [
    "UPDATE orders SET status = 'lost'",
    "UPDATE orders SET status = 'paid'",
    "UPDATE orders SET paid_at = now()",
    "UPDATE orders SET total_amount = total_amount - 1",
    "UPDATE orders SET total_amount = -1, subtotal_amount = -1",
    "UPDATE orders SET currency = 'EURO'",
    "UPDATE line_items SET amount = amount + 1",
    "UPDATE line_items SET quantity = 0",
    "UPDATE line_items SET quantity = -1, amount = -unit_amount",
    "UPDATE payments SET status = 'succeeded'",
    "UPDATE payments SET settles = true",
    "UPDATE payments SET refunding_amount = 1",
    "UPDATE payments SET status = 'succeeded', settles = true, received_amount = amount - 1, received_currency = currency",
    "UPDATE payments SET status = 'succeeded', settles = true, received_amount = amount, received_currency = 'usd'",
    "UPDATE payments SET card_last4 = '4242424242424242'",
    "UPDATE checkouts SET status = 'open', url = NULL",
    "DELETE FROM customers",
    "DELETE FROM orders",
]


@pytest.mark.covers("S000-26")
async def test_the_database_refuses_what_must_never_be(world: World) -> None:
    await start(world)
    async with unchanged(world):
        for statement in NEVER:
            with pytest.raises(psycopg.IntegrityError):
                await world.db.run("test", lambda tx, statement=statement: tx.connection.execute(statement))  # type: ignore[misc]


async def test_a_second_payment_cannot_settle_an_order(world: World, account: Account) -> None:
    await buy(world, account)
    again = """
        INSERT INTO payments (id, order_id, provider, livemode, provider_payment_id, status, settles, amount, currency,
            received_amount, received_currency, opened_at)
        SELECT gen_random_uuid(), order_id, provider, livemode, 'pi_other', status, settles, amount, currency,
            received_amount, received_currency, opened_at FROM payments
    """

    async def work(tx: Transaction) -> None:
        await tx.run(again)

    async with unchanged(world):
        with pytest.raises(psycopg.errors.UniqueViolation, match="payments_one_settles_each_order"):
            await world.db.run("test", work)


@pytest.mark.covers("F49")
async def test_two_requests_of_one_new_buyer_make_one_customer(db: Database) -> None:
    async def meet(external_id: str | None, email: str) -> Any:
        async with db.transaction("test") as tx:
            return (await customers.remember(tx, external_id=external_id, email=email)).id

    assert len(set(await asyncio.gather(*(meet("ada", "ada@example.com") for _ in range(8))))) == 1
    assert len(set(await asyncio.gather(*(meet(None, name) for name in ("g@example.com", "G@Example.com") * 4)))) == 1
    assert await meet("ada", "ada@example.com") != await meet(None, "ada@example.com"), "anybody may write any address"


async def test_a_line_in_another_currency_than_the_order_cannot_be_placed(db: Database) -> None:
    dollars = NewLine("mug", "custom", "A mug", 1, Money(100, "usd"))
    async with db.transaction("test") as tx:
        with pytest.raises(ValueError, match="cannot mix"):
            await place(tx, MUG, dollars)
        with pytest.raises(Invalid):
            await orders.list_page(tx, limit=0)
