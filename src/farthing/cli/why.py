"""`farthing why ORDER`: the one timeline of all that happened to an order, a subscription or a seller."""

from farthing import sellers, subscriptions, timeline
from farthing.cli import finding, opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.errors import NotFound


async def why(order: str, /) -> int:
    """All that happened to an order, a subscription or a seller, and who did it: events, the books, hooks and emails, by time.

    For example:

        farthing why 1001
        farthing why order_01k9h4w3q8fvtb7m2x5c6d0e1f --json
        farthing why subscription_01k9h4w3q8fvtb7m2x5c6d0e1f
        farthing why acct_1QxYz

    Parameters
    ----------
    order
        The order's number or id, or the id of a subscription (also sub_…) or of a seller (also acct_…).
    """
    if order.startswith(("subscription_", "sub_")):
        return await _subscription(order)
    if order.startswith(("seller_", "acct_")):
        return await _seller(order)
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


async def _seller(named: str) -> int:
    settings = opening.settings()
    async with opening.database(settings) as db, db.transaction(ACTOR) as tx:
        page = await sellers.list_page(tx, livemode=settings.livemode, limit=1, search=named, exact=True)
        if not page.items:
            raise NotFound(f"There is no seller {named[:64]!r}.")
        found = page.items[0]
        entries = await timeline.of_seller(tx, found)
    title = f"[bold]{show.said(found.described)}[/] · {found.id} · {show.status(found.status)}"
    document = {"seller": found.id, "status": found.status, "timeline": show.timeline_document(entries)}
    terminal().show(document, title, show.timeline(entries))
    return 0
