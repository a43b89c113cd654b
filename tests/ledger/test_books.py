"""The books balance, and stay as they were written: the database sees to it."""

import psycopg
import pytest

from farthing import ledger
from farthing.db import Database
from farthing.ids import LedgerTransactionId
from farthing.ledger import Move
from farthing.money import Money

STRIPE = ledger.provider("stripe")


async def test_a_posted_payment_stands_in_both_accounts(db: Database) -> None:
    async with db.transaction("test") as tx:
        assert await ledger.post(tx, "payment", "p1", Move(ledger.SALES, STRIPE, Money(4900, "eur")))
    async with db.transaction("test") as tx:
        balances = {(b.account, b.money.currency): b.money.amount for b in await ledger.trial_balance(tx)}
    assert balances == {("provider:stripe", "eur"): 4900, ("sales", "eur"): -4900}


async def test_the_same_fact_is_posted_once(db: Database) -> None:
    for first in (True, False):
        async with db.transaction("test") as tx:
            posted = await ledger.post(tx, "payment", "p1", Move(ledger.SALES, STRIPE, Money(4900, "eur")))
        assert posted is first
    async with db.transaction("test") as tx:
        assert await tx.value("SELECT count(*) FROM ledger_entries") == 2


async def test_a_transaction_that_is_off_by_one_cent_cannot_commit(db: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="off by -1 eur"):
        async with db.transaction("test") as tx:
            await _post_by_hand(tx.connection, [("sales", -101, "eur"), ("provider:stripe", 100, "eur")])
    async with db.transaction("test") as tx:
        assert await tx.value("SELECT count(*) FROM ledger_transactions") == 0


@pytest.mark.covers("F29")
async def test_currencies_do_not_balance_each_other(db: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="off by"):
        async with db.transaction("test") as tx:
            await _post_by_hand(tx.connection, [("sales", -100, "eur"), ("provider:stripe", 100, "usd")])


async def test_a_transaction_without_entries_cannot_commit(db: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="fewer than two"):
        async with db.transaction("test") as tx:
            await _post_by_hand(tx.connection, [])


@pytest.mark.covers("F188")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount = amount + 1",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
        "UPDATE ledger_transactions SET kind = 'other'",
        "DELETE FROM ledger_transactions",
    ],
)
async def test_what_is_written_is_never_changed(db: Database, statement: str) -> None:
    async with db.transaction("test") as tx:
        await ledger.post(tx, "payment", "p1", Move(ledger.SALES, STRIPE, Money(4900, "eur")))
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        async with db.transaction("test") as tx:
            await tx.connection.execute(statement)
    async with db.transaction("test") as tx:
        assert await tx.value("SELECT sum(abs(amount)) FROM ledger_entries") == 9800


async def test_nothing_is_added_to_a_fact_afterwards(db: Database) -> None:
    async with db.transaction("test") as tx:
        await ledger.post(tx, "payment", "p1", Move(ledger.SALES, STRIPE, Money(4900, "eur")))
    with pytest.raises(psycopg.errors.RestrictViolation, match="closed"):
        async with db.transaction("test") as tx:
            await tx.connection.execute(
                "INSERT INTO ledger_entries (transaction_id, account, amount, currency)"
                " SELECT id, 'sales', 1, 'eur' FROM ledger_transactions"
            )


async def _post_by_hand(connection: psycopg.AsyncConnection[object], entries: list[tuple[str, int, str]]) -> None:
    fact = LedgerTransactionId.new()
    await connection.execute(
        "INSERT INTO ledger_accounts VALUES ('sales', 'revenue'), ('provider:stripe', 'asset') ON CONFLICT DO NOTHING"
    )
    await connection.execute(
        "INSERT INTO ledger_transactions (id, kind, reference, posted_at, actor) VALUES (%s, 'x', 'x', now(), 'test')",
        [fact],
    )
    for account, amount, currency in entries:
        await connection.execute(
            "INSERT INTO ledger_entries (transaction_id, account, amount, currency) VALUES (%s, %s, %s, %s)",
            [fact, account, amount, currency],
        )
