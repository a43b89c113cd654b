"""Credits: granted with the payment, spent oldest first, never below nothing, and refunded as far as they are there."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
from tests.boards import ADA, balance
from tests.fulfillment.conftest import give_back
from tests.news import happened, sound
from tests.worlds import Account, buy, unchanged

from farthing import credits, customers, fulfillment, payments
from farthing.catalog import CartItem
from farthing.clock import TravelClock
from farthing.credits import CreditSpend
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid, KeyReused
from farthing.ids import CustomerId
from farthing.lifecycles import RefundStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import WantedLine, refunds
from farthing.world import World

ROUNDS = 50


async def rich(world: World, amount: int = 1, days: int | None = None, reference: str = "a gift") -> CustomerId:
    """A customer to whom somebody gave credits."""

    async def work(tx: Transaction) -> CustomerId:
        found = await customers.remember(tx, external_id="ada", email="ada@example.com")
        ends = None if days is None else tx.now + timedelta(days=days)
        await credits.give(tx, found.id, amount, reference=reference, expires_at=ends)
        return found.id

    return await world.db.run("test", work)


async def spend(world: World, customer: CustomerId, amount: int, reference: str) -> CreditSpend:
    return await world.db.run("test", lambda tx: credits.spend(tx, customer, amount, reference=reference))


async def left(world: World, customer: CustomerId) -> list[tuple[int, int]]:
    async with world.db.transaction("test") as tx:
        return [(grant.remaining, grant.amount) for grant in (await credits.show(tx, customer)).grants]


@pytest.mark.covers("S000-55", "F23")
async def test_the_last_credit_is_spent_once_however_many_want_it(shop: World) -> None:
    customer = await rich(shop)
    for round_ in range(ROUNDS):
        if round_:
            await rich(shop, reference=f"round {round_}")
        tries = (spend(shop, customer, 1, f"{round_} {clerk}") for clerk in range(6))
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(answer, CreditSpend) for answer in answers) == 1
        assert sum(isinstance(answer, Conflict) for answer in answers) == 5
        assert await left(shop, customer) == []
    assert await sound(shop)


@pytest.mark.covers("S000-55")
async def test_those_that_end_first_are_spent_first_and_nothing_is_spent_twice(shop: World, clock: TravelClock) -> None:
    customer = await rich(shop, 5, None, "for ever")
    await rich(shop, 3, 30, "a month")
    await rich(shop, 4, 10, "ten days")
    one = await spend(shop, customer, 6, "job-1")
    assert await left(shop, customer) == [(1, 3), (5, 5)]
    assert await spend(shop, customer, 6, "job-1") == one
    async with unchanged(shop):
        with pytest.raises(KeyReused, match="was paid with 6 credits, not 5"):
            await spend(shop, customer, 5, "job-1")
        with pytest.raises(Conflict, match="There are 6 credits, and 'job-2' costs 7"):
            await spend(shop, customer, 7, "job-2")
        for amount in (0, -1, True, 10**13):
            with pytest.raises(Invalid):
                await spend(shop, customer, amount, "job-2")
    clock.advance(timedelta(days=11))
    released = await shop.db.run("test", lambda tx: credits.release(tx, one.id))
    assert released.status == "released"
    assert await shop.db.run("test", lambda tx: credits.release(tx, one.id)) == released
    assert await left(shop, customer) == [(3, 3), (5, 5)], "what had run out came back and ran out"
    with pytest.raises(Conflict, match="were given back"):
        await spend(shop, customer, 6, "job-1")
    clock.advance(timedelta(days=30))
    with pytest.raises(Conflict, match="There are 5 credits"):
        await spend(shop, customer, 6, "job-3")
    assert await left(shop, customer) == [(5, 5)]
    while await credits.expire_due(shop):
        pass
    assert (await happened(shop)).count("credits.expired") == 2
    assert await sound(shop)


async def test_the_books_of_credits_cannot_be_changed(shop: World) -> None:
    await rich(shop, 5)
    for statement in ("UPDATE credit_entries SET amount = 9", "DELETE FROM credit_entries", "TRUNCATE credit_entries"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            async with shop.db.transaction("test") as tx:
                await tx.connection.execute(statement)
    for statement in ("UPDATE credit_accounts SET balance = -1", "UPDATE credit_grants SET remaining = -1"):
        with pytest.raises(psycopg.errors.CheckViolation):
            async with shop.db.transaction("test") as tx:
                await tx.connection.execute(statement)


async def used(world: World, order: Order) -> Money:
    async with world.db.transaction("test") as tx:
        return await fulfillment.used(tx, order, order.lines[0])


async def refund(world: World, order: Order, money: Money | None) -> payments.Refund:
    async def work(tx: Transaction) -> payments.Refund:
        wanted = [] if money is None else [WantedLine(order.lines[0].id, amount=money)]
        return await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None, lines=wanted)

    return await world.db.run("test", work)


@pytest.mark.covers("S000-55")
async def test_a_refund_takes_what_is_not_spent_from_the_moment_it_is_promised(shop: World, account: Account) -> None:
    order = await buy(shop, account, CartItem("loose-credits"), buyer=ADA)
    await spend(shop, order.customer_id, 2, "job-1")
    assert await used(shop, order) == Money(86, "usd"), "two sevenths of 3.00, rounded up"
    promised = await refund(shop, order, Money(300 - 86, "usd"))
    assert await balance(shop, order) == 0
    with pytest.raises(Conflict, match="There are 0 credits"):
        await spend(shop, order.customer_id, 1, "job-2")
    assert promised.status == RefundStatus.PROMISED
    assert await sound(shop)


async def test_a_refund_that_fails_gives_the_credits_again(shop: World, account: Account) -> None:
    order = await buy(shop, account, CartItem("loose-credits", 2), buyer=ADA)
    promised = await refund(shop, order, None)
    assert await balance(shop, order) == 0
    await shop.db.run("test", lambda tx: refunds.refuse(tx, promised.id, "the bank said no"))
    assert await balance(shop, order) == 14
    assert await sound(shop)


async def test_a_whole_refund_leaves_what_was_spent_and_what_comes_back_of_it_goes_too(shop: World, account: Account) -> None:
    order = await buy(shop, account, CartItem("loose-credits"), buyer=ADA)
    spent = await spend(shop, order.customer_id, 4, "job-1")
    await give_back(shop, account, order)
    assert await balance(shop, order) == 0
    await shop.db.run("test", lambda tx: credits.release(tx, spent.id))
    assert await balance(shop, order) == 0, "its price is with the buyer"
    async with shop.db.transaction("test") as tx:
        statement = [
            (entry.change, entry.source, entry.target) for entry in await credits.statement(tx, order.customer_id, limit=9)
        ]
    assert statement == [
        (-4, "customer", "revoked"),
        (4, "spent", "customer"),
        (-3, "customer", "revoked"),
        (-4, "customer", "spent"),
        (7, "issued", "customer"),
    ]
    assert await sound(shop)


@pytest.mark.covers("F23")
async def test_spending_and_refunding_at_once_never_gives_both(shop: World, account: Account) -> None:
    """Of seven credits bought, what is spent and what goes back are never more than seven."""
    order = await buy(shop, account, CartItem("loose-credits", 10), buyer=ADA)
    spent = 0
    for round_ in range(10):
        answers = await asyncio.gather(
            refund(shop, order, Money(300, "usd")),
            *(spend(shop, order.customer_id, 5, f"{round_} {clerk}") for clerk in range(3)),
            return_exceptions=True,
        )
        assert all(isinstance(answer, payments.Refund | CreditSpend | FarthingError) for answer in answers), answers
        spent += 5 * sum(isinstance(answer, CreditSpend) for answer in answers)
        assert spent + await balance(shop, order) <= 70
    async with shop.db.transaction("test") as tx:
        revoked = await tx.value("SELECT sum(amount) FROM credit_entries WHERE target = 'revoked'")
    assert spent + revoked + await balance(shop, order) == 70
    assert await sound(shop)
