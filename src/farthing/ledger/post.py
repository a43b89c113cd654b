"""`post`: write facts of business into the books."""

from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened, as the books know it: the moves are one balanced transaction."""

    kind: str
    reference: str
    moves: Sequence[Move]
    order: OrderId | None = None


async def post(tx: Transaction, kind: str, reference: str, *moves: Move, order: OrderId | None = None) -> bool:
    """Post one fact; True if this call did it."""
    return bool(await post_all(tx, [Fact(kind, reference, moves, order)]))


async def post_all(tx: Transaction, facts: Iterable[Fact]) -> int:
    """Post these facts, and say how many of them this call posted.

    A fact is posted once: with the same kind and reference a second time nothing happens. Moves of nothing are left out,
    and a fact without any move is not posted.
    """
    known = {LedgerTransactionId.new(): fact for fact in facts if any(move.money for move in fact.moves)}
    if not known:
        return 0
    entries = [
        {
            "fact": id.hex,
            "account": account.name,
            "kind": account.kind,
            "amount": sign * move.money.amount,
            "currency": move.money.currency,
        }
        for id, fact in known.items()
        for move in fact.moves
        if move.money
        for account, sign in ((move.source, -1), (move.target, 1))
    ]
    # One statement: the accounts they need, the transactions unless they are known, and the entries only with them.
    posted: int = await tx.value(
        """
        WITH entry AS (
            SELECT * FROM json_to_recordset(%(entries)s::json)
                AS e (fact uuid, account text, kind text, amount bigint, currency text)
        ), account AS (
            INSERT INTO ledger_accounts (name, kind) SELECT DISTINCT account, kind FROM entry
                WHERE NOT EXISTS (SELECT 1 FROM ledger_accounts WHERE name = entry.account)
            ON CONFLICT DO NOTHING
        ), fact AS (
            INSERT INTO ledger_transactions (id, kind, reference, order_id, posted_at, actor)
            SELECT id, kind, reference, "order", %(now)s, %(actor)s FROM json_to_recordset(%(facts)s::json)
                AS f (id uuid, kind text, reference text, "order" uuid)
            ON CONFLICT (kind, reference) DO NOTHING
            RETURNING id
        ), leg AS (
            INSERT INTO ledger_entries (transaction_id, account, amount, currency)
            SELECT fact.id, entry.account, entry.amount, entry.currency FROM fact JOIN entry ON entry.fact = fact.id
            RETURNING 1
        )
        SELECT count(*) FROM fact
        """,
        entries=orjson.dumps(entries).decode(),
        facts=orjson.dumps(
            [
                {"id": id.hex, "kind": fact.kind, "reference": fact.reference, "order": fact.order and fact.order.hex}
                for id, fact in known.items()
            ]
        ).decode(),
        now=tx.now,
        actor=tx.actor,
    )
    return posted
