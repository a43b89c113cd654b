"""`farthing logs`: what happened, from the audit trail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from farthing import events
from farthing.cli import opening, show
from farthing.cli.events import length
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.events import Event
from farthing.ids import EventId
from farthing.money import Money
from farthing.paging import LIMIT_MAX

SAID = ("subscription", "invoice", "payment", "refund", "dispute", "customer", "reason", "status", "plan", "amount", "total")
"""What of an event's data is shown in a line. `--json` has all of it."""


async def logs(*, last: str = "24h", type: str | None = None, limit: int = 200) -> int:
    """What happened, oldest first: every change of an order, payment, subscription or setting, and who made it.

    For example:

        farthing logs --last 24h
        farthing logs --last 7d --type payment. --json

    Parameters
    ----------
    last
        How far back, such as 30m, 24h or 7d.
    type
        Only events whose name begins so, such as payment. or subscription.past_due.
    limit
        The newest so many.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = [event async for event in _newest(tx, tx.now - length(last, option="--last"), type or "", limit)]
    found.reverse()
    rows = [(show.at(e.happened_at), e.type, e.order_id, _said(e), e.actor) for e in found]
    document = [
        {"id": str(e.id), "type": e.type, "happened_at": e.happened_at, "order": e.order_id, "actor": e.actor, "data": e.data}
        for e in found
    ]
    terminal().show({"data": document}, show.table(("At", "Event", "Order", "What", "Who"), rows))
    return 0


async def _newest(tx: Transaction, since: datetime, begins: str, limit: int) -> AsyncIterator[Event]:
    cursor, left = None, limit
    while left > 0:
        page = await events.list_page(tx, limit=LIMIT_MAX, cursor=cursor)
        for event in page.items:
            if event.happened_at < since or left == 0:
                return
            if event.type.startswith(begins):
                left -= 1
                yield event
        if page.next_cursor is None:
            return
        cursor = EventId.parse(page.next_cursor)


def _said(event: Event) -> str:
    return ", ".join(f"{name} {_plain(event.data[name])}" for name in SAID if event.data.get(name) is not None)


def _plain(value: object) -> str:
    match value:
        case {"amount": int(amount), "currency": str(currency)}:
            return str(Money(amount, currency))
        case _:
            return str(value)
