"""`farthing returns`: what comes back: look, decide, take in; and calling off what is not sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from farthing import cancellations, seller_orders
from farthing import returns as room
from farthing.cancellations import Cancellation
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.seller_orders import find
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.errors import Invalid
from farthing.ids import LineItemId, ReturnId, ShipmentId
from farthing.lifecycles import ReturnStatus
from farthing.refunds import Judge
from farthing.returns import Found, Return
from farthing.seller_orders import SellerOrder

Status = Literal["requested", "approved", "declined", "withdrawn", "lapsed", "in_transit", "received", "refunded", "closed"]


async def cancel(seller_order: str, /, *, line: Sequence[str] = (), reason: str | None = None, dry_run: bool = False) -> int:
    """Call off what is not sent of a seller's part of an order; what was paid for it goes back.

    For example:

        farthing seller-orders cancel 1042-1 --line lamp=1 --reason "broken in the store"

    Parameters
    ----------
    seller_order
        Its number or its id.
    line
        A line, by its name or id; with =2, so many of it. Without, all that is not sent.
    reason
        Why, for the buyer.
    dry_run
        Only show what would be called off.
    """
    catalog = opening.catalog()
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            part = await find(tx, seller_order)
        lines = [_named(part, written) for written in line] or None
        # Before anybody is asked: what cannot be called off is refused, with or without --dry-run.
        going = seller_orders.to_call_off(part, lines)
        names = {each.line_id: each.name for each in part.lines}
        said = ", ".join(f"{quantity} × {names[id]}" for id, quantity in going)
        if dry_run:
            terminal().show({"lines": _lines(going)}, f"Of {part.number} would be called off: {said}.")
            return 0
        terminal().confirm(f"Call off {said} of {part.number}, and give its price back?")

        async def work(tx: Transaction) -> Cancellation:
            return await cancellations.cancel(
                tx,
                part.id,
                lines,
                party="platform",
                reason=reason,
                policy=catalog.returns,
                judge=Judge("server", catalog.refunds),
            )

        made = await db.run(ACTOR, work)
    document = {"id": made.id, "seller_order": part.id, "refund": made.refund_id, "lines": _lines(made.lines)}
    back = f"{made.refund_id} is promised" if made.refund_id else "nothing of it was left to give back"
    terminal().show(document, f"{made.id}: {said} of {part.number} is called off; {back}.")
    return 0


async def list_(*, status: Status | None = None, limit: int = 25, cursor: str | None = None) -> int:
    """List returns, newest first.

    For example:

        farthing returns list --status requested

    Parameters
    ----------
    status
        Only those that stand so.
    limit
        How many, at most 100.
    cursor
        Go on after this one: the next_cursor of the page before.
    """
    settings = opening.settings()
    async with opening.database(settings) as db, db.transaction(ACTOR) as tx:
        page = await room.list_page(
            tx,
            livemode=settings.livemode,
            limit=limit,
            cursor=ReturnId.parse(cursor) if cursor else None,
            status=ReturnStatus(status) if status else None,
        )
    rows = [(b.number, b.id, show.status(b.status), _said(b), show.at(b.requested_at)) for b in page.items]
    document = {"data": [_return(each) for each in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(("Number", "Id", "Status", "What", "Asked"), rows))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(id: str, /) -> int:
    """Show a return: what comes back, why, and what became of it.

    For example:

        farthing returns show return_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    id
        The return.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        _say(await room.get(tx, ReturnId.parse(id)))
    return 0


async def approve(id: str, /, *, note: str | None = None) -> int:
    """Say that it may be sent.

    For example:

        farthing returns approve return_01k9h4w3q8fvtb7m2x5c6d0e1f --note "To the back door, please."

    Parameters
    ----------
    id
        The return.
    note
        For the buyer.
    """
    catalog, of = opening.catalog(), ReturnId.parse(id)
    judge = Judge("server", catalog.refunds)
    async with opening.database() as db:
        _say(await db.run(ACTOR, lambda tx: room.approve(tx, of, policy=catalog.returns, note=note, judge=judge)))
    return 0


async def decline(id: str, /, *, note: str) -> int:
    """Say that it is not taken back, and why.

    For example:

        farthing returns decline return_01k9h4w3q8fvtb7m2x5c6d0e1f --note "It was worn."

    Parameters
    ----------
    id
        The return.
    note
        For the buyer.
    """
    of = ReturnId.parse(id)
    async with opening.database() as db:
        _say(await db.run(ACTOR, lambda tx: room.decline(tx, of, note=note)))
    return 0


async def receive(
    id: str,
    /,
    *,
    restocked: Sequence[str] = (),
    written_off: Sequence[str] = (),
    location: str | None = None,
    note: str | None = None,
) -> int:
    """Take in what came, or a parcel that could not be delivered: what is on the shelf again, and what is of no use.

    Without lines all of it is on the shelf again. What came is paid back.

    For example:

        farthing returns receive return_01k9h4w3q8fvtb7m2x5c6d0e1f --restocked lamp=1 --written-off lamp=1
        farthing returns receive shipment_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    id
        The return, or the parcel that its carrier returned.
    restocked
        A line, by its name or id, and how many of it are on the shelf again.
    written_off
        The same of what is of no use.
    location
        Where it lies now; by default where it came from.
    note
        For the buyer.
    """
    judge = Judge("server", opening.catalog().refunds)
    parcel = ShipmentId.parse(id) if id.startswith(f"{ShipmentId.prefix}_") else None
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            if parcel is None:
                part = await seller_orders.get(tx, (await room.get(tx, ReturnId.parse(id))).seller_order_id)
            else:
                part = await seller_orders.get(tx, (await seller_orders.get_shipment(tx, parcel)).seller_order_id)
        found = _found(part, restocked, written_off, location)

        async def work(tx: Transaction) -> Return:
            if parcel is not None:
                return await room.receive_parcel(tx, parcel, found, note=note, judge=judge)
            return await room.receive(tx, ReturnId.parse(id), found, note=note, judge=judge)

        _say(await db.run(ACTOR, work))
    return 0


async def refund(id: str, /) -> int:
    """Pay back what came while its payment was disputed, or was to be exchanged and is not.

    For example:

        farthing returns refund return_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    id
        The return.
    """
    of, judge = ReturnId.parse(id), Judge("server", opening.catalog().refunds)
    terminal().confirm("Give its price back?")
    async with opening.database() as db:
        _say(await db.run(ACTOR, lambda tx: room.refund(tx, of, judge=judge)))
    return 0


def _named(part: SellerOrder, written: str, *, at_least: int | None = None) -> tuple[LineItemId, int]:
    """lamp=2, or a line's id; all that is not sent of it where no number is said."""
    named, _, count = written.partition("=")
    if (count or at_least is not None) and not (count.isascii() and count.isdigit() and len(count) < 8):
        raise Invalid(f"{written[:40]!r} is not a line: write lamp=2 for two of it.", param="line")
    found = [line for line in part.lines if named in (line.name, str(line.line_id))]
    if len(found) != 1:
        raise Invalid(f"{named[:40]!r} names {len(found)} lines of {part.number}: name one by its id.", param="line")
    return found[0].line_id, int(count) if count else found[0].to_ship


def _found(part: SellerOrder, restocked: Sequence[str], written_off: Sequence[str], location: str | None) -> list[Found] | None:
    if not restocked and not written_off:
        return None
    good = dict(_named(part, written, at_least=0) for written in restocked)
    bad = dict(_named(part, written, at_least=0) for written in written_off)
    return [Found(line, good.get(line, 0), bad.get(line, 0), location) for line in {**good, **bad}]


def _lines(lines: Sequence[tuple[LineItemId, int]]) -> list[dict[str, Any]]:
    return [{"line_item": line, "quantity": quantity} for line, quantity in lines]


def _said(back: Return) -> str:
    return ", ".join(f"{line.quantity} × {line.name} ({line.reason})" for line in back.lines)


def _say(back: Return) -> None:
    columns = ("Line", "Quantity", "Why", "On the shelf", "Of no use")
    rows = [(line.name, line.quantity, line.reason, line.restocked, line.written_off) for line in back.lines]
    what = f"; {back.refund_id} is promised" if back.refund_id else ""
    terminal().show(
        _return(back),
        f"[bold]{back.number}[/] · {back.id} · {show.status(back.status)}{what}",
        show.table(columns, rows, right=frozenset({"Quantity", "On the shelf", "Of no use"})),
    )


def _return(back: Return) -> dict[str, Any]:
    names = ("id", "number", "seller_order_id", "order_id", "status", "wanted", "way_back", "refund_id", "exchange_order_id")
    lines = [
        {
            "line_item": line.line,
            "quantity": line.quantity,
            "reason": line.reason,
            "restocked": line.restocked,
            "written_off": line.written_off,
        }
        for line in back.lines
    ]
    return {name: getattr(back, name) for name in names} | {"requested_at": back.requested_at, "lines": lines}
