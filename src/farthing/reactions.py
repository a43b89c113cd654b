"""Every consequence in the system: what is told to whom when something happened.

If it must be true at the same commit it is not here: it is a plain call in the action. Each reaction may run twice, so each
says in its docstring why that is harmless.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final

import structlog

from farthing import analytics, emails, events, jobs, reconcile
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.events import Event, EventName
from farthing.ids import EventId
from farthing.world import Hook, World

log = structlog.get_logger("farthing.reactions")

Reaction = Callable[[World, Event], Awaitable[None]]

REACTIONS: Final[Mapping[EventName, Sequence[Reaction]]] = {
    "order.paid": (emails.order_confirmation, emails.receipt),
    "payment.failed": (emails.payment_failed,),
    "payment.off_session_failed": (emails.charge_declined,),
    "payment.action_required": (emails.action_required,),
    "entitlement.ending": (emails.expiry_reminder,),
    "refund.succeeded": (emails.refund_receipt,),
    "alert.payment_success_rate": (analytics.tell_staff,),
    "invoice.payment_failed": (emails.renewal_failed,),
    "subscription.charged_otherwise": (reconcile.note_quote,),
    "subscription.lapsed": (emails.subscription_lapsed,),
    "trial.ending": (emails.trial_ending,),
    "card.expiring": (emails.card_expiring,),
    "seller_order.confirmed": (emails.sale,),
    "seller_order.canceled": (emails.sale_canceled,),
    "seller_order.shipped": (emails.shipped,),
    "shipment.delivered": (emails.delivered,),
    "shipment.returned": (emails.parcel_returned,),
    "transfer.sent": (emails.transfer_sent,),
    "transfer.refused": (emails.transfer_failed,),
    "seller_order.units_canceled": (emails.sale_reduced,),
    "return.requested": (emails.return_requested,),
    "return.approved": (emails.return_decided,),
    "return.declined": (emails.return_decided,),
    "return.received": (emails.return_received,),
    "payout.sent": (emails.payout_sent,),
    "payout.failed": (emails.payout_failed,),
    "seller.restricted": (emails.seller_action,),
    "seller.requirements_changed": (emails.seller_action,),
}


STANDS: Final = """
    SELECT run.status, EXISTS (
        SELECT 1 FROM events earlier JOIN hook_runs other ON other.event_id = earlier.id
        WHERE earlier.order_id = event.order_id AND earlier.sequence < event.sequence
            AND other.hook = run.hook AND other.status = 'waiting'
            AND coalesce(earlier.data ->> 'seller_order' = event.data ->> 'seller_order', true)
    ) AS early
    FROM hook_runs run JOIN events event ON event.id = run.event_id
    WHERE run.event_id = %(event)s AND run.hook = %(hook)s
"""


async def announce(world: World, args: Mapping[str, str | int]) -> None:
    """Task: give every reaction and hook of an event a job of its own, so that one failure repeats alone.

    Repeating it schedules nothing twice: each has a row that only the first run inserts.
    """
    event = await _event(world, args)
    names = list(_interested(world, event))
    if not names:
        return

    async def work(tx: Transaction) -> None:
        for name in names:
            new = await tx.run(
                """
                INSERT INTO hook_runs (event_id, hook, status, updated_at) VALUES (%(event)s, %(hook)s, 'waiting', %(now)s)
                ON CONFLICT (event_id, hook) DO NOTHING
                """,
                event=event.id,
                hook=name,
                now=tx.now,
            )
            if new:
                await jobs.schedule(tx, "events.react", event=str(event.id), to=name)

    await world.db.run("worker", work)


class NotItsTurn(Exception):
    """The same reaction has not yet been told of something that happened to this order before."""


async def react(world: World, args: Mapping[str, str | int]) -> None:
    """Task: run one reaction or hook, unless it is done; what it raises is kept, shown, and tried again.

    What happened to one order is told to each in its order, as long as nothing fails: one failure holds nothing else up.
    Parts of different sellers wait for what happened to the whole order, and not for each other.
    """
    event, name = await _event(world, args), str(args["to"])
    async with world.db.transaction("worker") as tx:
        stand = await tx.find(dict, STANDS, event=event.id, hook=name)
    if stand is not None and stand["status"] == "done":
        return
    if stand is not None and stand["early"]:
        raise NotItsTurn(f"{name} is yet to be told of an earlier event of {event.order_id}")
    try:
        await _run(world, event, name)
    except Exception as error:
        await _remember(world, event, name, "failed", str(jobs.describe(error)))
        raise
    await _remember(world, event, name, "done", None)


def _interested(world: World, event: Event) -> Iterator[str]:
    """Names of who wants to know: `email.…` and the like are ours, `hook:…` the host's."""
    for reaction in REACTIONS.get(event.type, ()):
        yield _name(reaction)
    for hook in world.hooks.get(event.type, ()):
        yield f"hook:{hook.name}"


async def _run(world: World, event: Event, name: str) -> None:
    for reaction in REACTIONS.get(event.type, ()):
        if _name(reaction) == name:
            return await reaction(world, event)
    for hook in world.hooks.get(event.type, ()):
        if f"hook:{hook.name}" == name:
            return await call(hook, event)
    raise LookupError(f"this process has no {name}: start the worker with the application that registers it")


async def call(hook: Hook, event: Event) -> None:
    """A host may write a plain function: it runs in a thread, so that it holds nobody up."""
    if inspect.iscoroutinefunction(hook.run):
        await hook.run(event)
    else:
        result = await asyncio.to_thread(hook.run, event)
        if inspect.isawaitable(result):
            await result


async def _remember(world: World, event: Event, name: str, status: str, error: str | None) -> None:
    async def work(tx: Transaction) -> None:
        await tx.run(
            """
            UPDATE hook_runs SET status = %(status)s, attempts = attempts + 1, last_error = %(error)s, updated_at = %(now)s
            WHERE event_id = %(event)s AND hook = %(hook)s
            """,
            status=status,
            error=error,
            event=event.id,
            hook=name,
            now=tx.now,
        )

    await world.db.run("worker", work)


async def _event(world: World, args: Mapping[str, str | int]) -> Event:
    id = EventId.parse(str(args["event"]))
    async with world.db.transaction("worker") as tx:
        event = await events.find(tx, id)
    if event is None:
        raise NotFound(f"There is no event {id}.")
    return event


def _name(reaction: Reaction) -> str:
    return f"email:{getattr(reaction, '__name__', 'reaction')}"
