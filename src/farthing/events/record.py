"""`record`: the audit trail, and the only door to a side effect.

The row, the hooks that must be true at the same commit and the job that tells everybody else are one transaction with the
change itself: what is recorded is announced, and what is announced happened.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from farthing import jobs
from farthing.db import Row, Transaction
from farthing.events.catalog import ANNOUNCED, Event, EventName
from farthing.ids import EventId, Id, OrderId, SellerId, SubscriptionId
from farthing.paging import Page, checked_limit

HOOK_TIMEOUT: Final = "5s"
"""How long one statement of a hook in our transaction may take: it holds our locks meanwhile."""


async def record(tx: Transaction, type: EventName, /, order: OrderId | None = None, **data: object) -> Event:
    """Write down what happened, run the hooks that asked for the same transaction, and schedule the announcement.

    An exception of such a hook rolls everything back, and whoever caused the event is run again.
    """
    (event,) = await record_all(tx, type, [(order, data)])
    return event


async def record_all(tx: Transaction, type: EventName, of: Sequence[tuple[OrderId | None, dict[str, object]]]) -> list[Event]:
    """The same happened to several at once, in this order; each is an event of its own."""
    if not of:
        return []
    events = [make(EventId.new(), type, tx, order, data) for order, data in of]
    await tx.run(
        """
        INSERT INTO events (id, type, happened_at, actor, order_id, data)
        SELECT id, %(type)s, %(now)s, %(actor)s, "order", data
        FROM json_to_recordset(%(rows)s::json) AS new (id uuid, "order" uuid, data jsonb)
        """,
        type=type,
        now=tx.now,
        actor=tx.actor,
        rows=orjson.dumps(
            [{"id": each.id.hex, "order": each.order_id and each.order_id.hex, "data": each.data} for each in events]
        ).decode(),
    )
    for event in events:
        await _run_hooks(tx, event)
    if type in ANNOUNCED:
        await jobs.schedule_all(tx, "events.announce", [{"event": str(event.id)} for event in events])
    return events


def make(id: EventId, type: EventName, tx: Transaction, order: OrderId | None, data: dict[str, object]) -> Event:
    return ANNOUNCED.get(type, Event)(id, type, tx.now, tx.actor, order, {key: plain(value) for key, value in data.items()})


def plain(value: object) -> Any:
    """What JSON can hold: ids in their public form."""
    match value:
        case Id():
            return str(value)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


def build(row: Row) -> Event:
    type: EventName = row["type"]
    order = None if row["order_id"] is None else OrderId.of(row["order_id"])
    return ANNOUNCED.get(type, Event)(EventId.of(row["id"]), type, row["happened_at"], row["actor"], order, row["data"])


async def find(tx: Transaction, id: EventId) -> Event | None:
    return await tx.find(build, "SELECT id, type, happened_at, actor, order_id, data FROM events WHERE id = %(id)s", id=id)


async def of_order(tx: Transaction, order: OrderId) -> list[Event]:
    """All that happened to an order, oldest first."""
    return await tx.all(
        build,
        """
        SELECT id, type, happened_at, actor, order_id, data FROM events
        WHERE order_id = %(order)s ORDER BY sequence
        """,
        order=order,
    )


async def of_subscription(tx: Transaction, subscription: SubscriptionId) -> list[Event]:
    """All that happened to a subscription, oldest first."""
    return await tx.all(
        build,
        """
        SELECT id, type, happened_at, actor, order_id, data FROM events
        WHERE data ? 'subscription' AND data ->> 'subscription' = %(subscription)s ORDER BY sequence
        """,
        subscription=str(subscription),
    )


async def of_seller(tx: Transaction, seller: SellerId) -> list[Event]:
    """All that happened to a seller, oldest first."""
    return await tx.all(
        build,
        """
        SELECT id, type, happened_at, actor, order_id, data FROM events
        WHERE data ? 'seller' AND data ->> 'seller' = %(seller)s ORDER BY sequence
        """,
        seller=str(seller),
    )


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: EventId | None = None,
    type: EventName | None = None,
    order: OrderId | None = None,
) -> Page[Event]:
    """Newest first, in the order they were written."""
    rows = await tx.all(
        build,
        """
        SELECT id, type, happened_at, actor, order_id, data FROM events
        WHERE (%(cursor)s::uuid IS NULL OR sequence < (SELECT sequence FROM events WHERE id = %(cursor)s))
            AND (%(type)s::text IS NULL OR type = %(type)s) AND (%(order)s::uuid IS NULL OR order_id = %(order)s)
        ORDER BY sequence DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        type=type,
        order=order,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda event: event.id)


async def _run_hooks(tx: Transaction, event: Event) -> None:
    hooks = tx.hooks.get(event.type, ())
    if not hooks:
        return
    await tx.run(f"SET LOCAL statement_timeout = '{HOOK_TIMEOUT}'")
    for hook in hooks:
        await hook(tx, event)
    await tx.run("SET LOCAL statement_timeout TO DEFAULT")
