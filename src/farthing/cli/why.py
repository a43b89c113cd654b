"""`farthing why ORDER`: the one timeline of all that happened to an order, or to a subscription."""

from farthing import subscriptions, timeline
from farthing.cli import finding, opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal


async def why(order: str, /) -> int:
    """All that happened to an order or a subscription, and who did it: events, the books, hooks and emails, by time.

    For example:

        farthing why 1001
        farthing why order_01k9h4w3q8fvtb7m2x5c6d0e1f --json
        farthing why subscription_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    order
        The order's number or id, or the id of a subscription (also sub_…).
    """
    if order.startswith(("subscription_", "sub_")):
        return await _subscription(order)
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await finding.order(tx, order)
        entries = await timeline.of_order(tx, found.id)
    title = f"[bold]Order {found.number}[/] · {found.id} · {show.status(found.status)} · {found.total}"
    document = {"order": found.id, "number": found.number, "status": found.status, "timeline": show.timeline_document(entries)}
    terminal().show(document, title, show.timeline(entries))
    return 0


async def _subscription(named: str) -> int:
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await subscriptions.find_one(tx, named)
        entries = await timeline.of_subscription(tx, found)
    title = f"[bold]{show.said(found.plan)}[/] · {found.id} · {show.status(found.status)} · {found.amount}"
    document = {"subscription": found.id, "status": found.status, "timeline": show.timeline_document(entries)}
    terminal().show(document, title, show.timeline(entries))
    return 0
