"""Reading the books: the trial balance, and the entries behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from farthing.db import Row, Transaction
from farthing.ids import OrderId
from farthing.money import Money


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account holds in one currency: positive is a debit balance, negative a credit balance."""

    account: str
    kind: str
    money: Money


@dataclass(frozen=True, slots=True)
class Entry:
    posted_at: datetime
    kind: str
    reference: str
    order_id: OrderId | None
    account: str
    money: Money


async def trial_balance(tx: Transaction) -> list[Balance]:
    """Every account in every currency it was used in. Each currency sums to zero, or the books are broken."""
    return await tx.all(
        lambda row: Balance(row["account"], row["kind"], Money(int(row["amount"]), row["currency"])),
        """
        SELECT entry.account, account.kind, entry.currency, sum(entry.amount) AS amount
        FROM ledger_entries entry JOIN ledger_accounts account ON account.name = entry.account
        GROUP BY entry.account, account.kind, entry.currency
        ORDER BY entry.currency, account.kind, entry.account
        """,
    )


async def entries_of_order(tx: Transaction, order: OrderId) -> list[Entry]:
    return await tx.all(
        _entry,
        """
        SELECT fact.posted_at, fact.kind, fact.reference, fact.order_id, entry.account, entry.amount, entry.currency
        FROM ledger_transactions fact JOIN ledger_entries entry ON entry.transaction_id = fact.id
        WHERE fact.order_id = %(order)s ORDER BY entry.id
        """,
        order=order,
    )


async def entries_of(tx: Transaction, references: Sequence[str]) -> list[Entry]:
    """Those of some facts, whatever kind they are."""
    return await tx.all(
        _entry,
        """
        SELECT fact.posted_at, fact.kind, fact.reference, fact.order_id, entry.account, entry.amount, entry.currency
        FROM ledger_transactions fact JOIN ledger_entries entry ON entry.transaction_id = fact.id
        WHERE fact.kind = ANY(ARRAY['payment', 'fee', 'refund', 'refund_returned']) AND fact.reference = ANY(%(references)s)
        ORDER BY entry.id
        """,
        references=list(references),
    )


async def recent_entries(tx: Transaction, *, limit: int) -> list[Entry]:
    return await tx.all(
        _entry,
        """
        SELECT fact.posted_at, fact.kind, fact.reference, fact.order_id, entry.account, entry.amount, entry.currency
        FROM ledger_transactions fact JOIN ledger_entries entry ON entry.transaction_id = fact.id
        ORDER BY entry.id DESC LIMIT %(limit)s
        """,
        limit=limit,
    )


def _entry(row: Row) -> Entry:
    order = None if row["order_id"] is None else OrderId.of(row["order_id"])
    money = Money(row["amount"], row["currency"])
    return Entry(row["posted_at"], row["kind"], row["reference"], order, row["account"], money)
