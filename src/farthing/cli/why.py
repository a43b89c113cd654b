"""`farthing why ORDER`: the one timeline of all that happened to an order."""

from farthing import timeline
from farthing.cli import finding, opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal


async def why(order: str, /) -> int:
    """All that happened to an order, and who did it: our events, the provider's, the books, hooks and emails, by time.

    For example:

        farthing why 1001
        farthing why order_01k9h4w3q8fvtb7m2x5c6d0e1f --json

    Parameters
    ----------
    order
        The order's number or id.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await finding.order(tx, order)
        entries = await timeline.of_order(tx, found.id)
    title = f"[bold]Order {found.number}[/] · {found.id} · {show.status(found.status)} · {found.total}"
    document = {"order": found.id, "number": found.number, "status": found.status, "timeline": show.timeline_document(entries)}
    terminal().show(document, title, show.timeline(entries))
    return 0
