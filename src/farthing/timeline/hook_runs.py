"""What each reaction and hook made of an order's events."""

from dataclasses import dataclass
from datetime import datetime

from farthing.db import Row, Transaction
from farthing.ids import EventId, OrderId, SubscriptionId


@dataclass(frozen=True, slots=True)
class HookRun:
    """`hook` is `email:…` for one of ours, `hook:…` for one of the host's."""

    event_id: EventId
    event_type: str
    hook: str
    status: str
    attempts: int
    last_error: str | None
    updated_at: datetime

    @property
    def is_told_elsewhere(self) -> bool:
        """An email that was sent is an event of its own."""
        return self.status == "done" and self.hook.startswith("email:")

    @property
    def words(self) -> str:
        kind, _, name = self.hook.partition(":")
        return f"The email {name.replace('_', ' ')}" if kind == "email" else f"The hook {name}"


async def of_order(tx: Transaction, order: OrderId) -> list[HookRun]:
    return await tx.all(
        _run,
        """
        SELECT run.event_id, event.type, run.hook, run.status, run.attempts, run.last_error, run.updated_at
        FROM events event JOIN hook_runs run ON run.event_id = event.id
        WHERE event.order_id = %(order)s ORDER BY event.sequence, run.hook
        """,
        order=order,
    )


async def of_subscription(tx: Transaction, subscription: SubscriptionId) -> list[HookRun]:
    return await tx.all(
        _run,
        """
        SELECT run.event_id, event.type, run.hook, run.status, run.attempts, run.last_error, run.updated_at
        FROM events event JOIN hook_runs run ON run.event_id = event.id
        WHERE event.data ? 'subscription' AND event.data ->> 'subscription' = %(subscription)s
        ORDER BY event.sequence, run.hook
        """,
        subscription=str(subscription),
    )


def _run(row: Row) -> HookRun:
    return HookRun(
        event_id=EventId.of(row["event_id"]),
        event_type=row["type"],
        hook=row["hook"],
        status=row["status"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        updated_at=row["updated_at"],
    )
