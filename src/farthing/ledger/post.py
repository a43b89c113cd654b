"""`post`: write one fact of business into the books."""

from dataclasses import dataclass

import orjson

from farthing.db import Transaction
from farthing.ids import LedgerTransactionId, OrderId
from farthing.ledger.accounts import Account
from farthing.money import Money


@dataclass(frozen=True, slots=True)
class Move:
    """Money leaves `source` for `target`. Turn the two round to undo it."""

    source: Account
    target: Account
    money: Money


async def post(tx: Transaction, kind: str, reference: str, *moves: Move, order: OrderId | None = None) -> bool:
    """Post the moves as one balanced transaction; True if this call did it.

    A fact is posted once: with the same kind and reference a second time nothing happens. Moves of nothing are left out,
    and a fact without any move is not posted.
    """
    moves = tuple(move for move in moves if move.money)
    if not moves:
        return False
    entries = [
        {"account": account.name, "kind": account.kind, "amount": sign * move.money.amount, "currency": move.money.currency}
        for move in moves
        for account, sign in ((move.source, -1), (move.target, 1))
    ]
    # One statement: the accounts it needs, the transaction unless it is known, and the entries only with it.
    posted = await tx.value(
        """
        WITH entry AS (
            SELECT * FROM json_to_recordset(%(entries)s::json)
                AS e (account text, kind text, amount bigint, currency text)
        ), account AS (
            INSERT INTO ledger_accounts (name, kind) SELECT DISTINCT account, kind FROM entry
                WHERE NOT EXISTS (SELECT 1 FROM ledger_accounts WHERE name = entry.account)
            ON CONFLICT DO NOTHING
        ), fact AS (
            INSERT INTO ledger_transactions (id, kind, reference, order_id, posted_at, actor)
            VALUES (%(id)s, %(kind)s, %(reference)s, %(order)s, %(now)s, %(actor)s)
            ON CONFLICT (kind, reference) DO NOTHING
            RETURNING id
        ), leg AS (
            INSERT INTO ledger_entries (transaction_id, account, amount, currency)
            SELECT fact.id, entry.account, entry.amount, entry.currency FROM fact, entry
            RETURNING 1
        )
        SELECT count(*) FROM leg
        """,
        entries=orjson.dumps(entries).decode(),
        id=LedgerTransactionId.new(),
        kind=kind,
        reference=reference,
        order=order,
        now=tx.now,
        actor=tx.actor,
    )
    return bool(posted)
