"""`farthing refunds`: what went back, what somebody asks for, and who decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from farthing import payments
from farthing import refunds as room
from farthing.catalog import RefundPolicy
from farthing.cli import finding, opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.errors import Invalid
from farthing.ids import LineItemId, RefundId, RefundRequestId
from farthing.lifecycles import RefundRequestStatus, RefundStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Refund, WantedLine
from farthing.refunds import Preview, RefundRequest, Wanted

Status = Literal["promised", "pending", "succeeded", "failed", "canceled"]
RequestStatus = Literal["requested", "approved", "declined", "withdrawn", "refunded"]
Reason = Literal["requested_by_customer", "duplicate", "fraudulent"]


def policy() -> RefundPolicy:
    """What farthing.toml says of refunds: a command is bound by it as everybody is."""
    return opening.catalog().refunds


async def list_(
    *,
    requests: bool = False,
    status: Status | RequestStatus | None = None,
    limit: int = 25,
    cursor: str | None = None,
) -> int:
    """List refunds, newest first, or with --requests what somebody asks for.

    For example:

        farthing refunds list --status failed
        farthing refunds list --requests --status requested

    Parameters
    ----------
    requests
        Requests instead of refunds.
    status
        Only those in this status.
    limit
        How many, at most 100.
    cursor
        Go on after this one: the next_cursor of the page before.
    """
    return await (_list_requests if requests else _list_refunds)(status, limit, cursor)


async def show_(id: str, /) -> int:
    """Show a refund with its lines, or a request, by its id.

    For example:

        farthing refunds show refund_01k9h4w3q8fvtb7m2x5c6d0e1f
        farthing refunds show refund_request_01k9h4w3q8fvtb7m2x5c6d0e1f --json

    Parameters
    ----------
    id
        The id of the refund or of the request.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        if id.startswith(f"{RefundRequestId.prefix}_"):
            _say_request(await room.get(tx, RefundRequestId.parse(id)))
        else:
            await _say_refund(tx, await payments.get_refund(tx, RefundId.parse(id)))
    return 0


async def preview(order: str, /, *, amount: str | None = None, line: Sequence[str] = ()) -> int:
    """Show what a refund would do: who bears what, what becomes of the order, what is revoked. Changes nothing.

    For example:

        farthing refunds preview 1001
        farthing refunds preview 1001 --line guide --line mug=2

    Parameters
    ----------
    order
        The order's number or id.
    amount
        How much, in the order's currency, such as 12.50. Without it, all that is left.
    line
        A line that goes back, by product or id; with =2, so many of it.
    """
    rules = policy()
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await finding.order(tx, order)
        _say_preview(found, await room.preview(tx, found.id, _wanted(found, amount, line), rules))
    return 0


async def create(
    order: str,
    /,
    *,
    amount: str | None = None,
    line: Sequence[str] = (),
    reason: Reason = "requested_by_customer",
    note: str | None = None,
    figure: str | None = None,
) -> int:
    """Give back an amount, some lines, or all that is left of an order. The worker sends it.

    For example:

        farthing refunds create 1001 --line mug=1
        farthing refunds create 1001 --amount 12.50 --yes

    Parameters
    ----------
    order
        The order's number or id.
    amount
        How much, in the order's currency, such as 12.50. Without it, all that is left.
    line
        A line that goes back, by product or id; with =2, so many of it.
    reason
        What the provider is told.
    note
        For your own people.
    figure
        Of a preview: at exactly its figures, or not at all.
    """
    rules = policy()
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            found = await finding.order(tx, order)
            wanted = _wanted(found, amount, line)
            seen = await room.preview(tx, found.id, wanted, rules)
        terminal().confirm(f"Refund {seen.money} of order {found.number} ({'live' if found.livemode else 'test'} mode)?")
        held = figure or seen.figure

        async def work(tx: Transaction) -> Refund:
            return await room.create(tx, found.id, wanted, reason=reason, note=note, role="server", policy=rules, figure=held)

        promised = await db.run(ACTOR, work)
    said = f"{promised.id}: {promised.money} of order {found.number} is promised; the worker sends it."
    terminal().show(_refund(promised), said)
    return 0


async def request(
    order: str,
    /,
    *,
    amount: str | None = None,
    line: Sequence[str] = (),
    reason: Reason = "requested_by_customer",
    message: str | None = None,
) -> int:
    """File a refund request: for a sum that takes the word of two people, or for somebody else to decide.

    For example:

        farthing refunds request 1001 --message "The parcel never came"

    Parameters
    ----------
    order
        The order's number or id.
    amount
        How much, in the order's currency, such as 12.50. Without it, all that is left.
    line
        A line that goes back, by product or id; with =2, so many of it.
    reason
        What the provider is told.
    message
        What the buyer says.
    """
    rules = policy()
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            found = await finding.order(tx, order)

        async def work(tx: Transaction) -> RefundRequest:
            wanted = _wanted(found, amount, line)
            return await room.request(tx, found.id, wanted, reason=reason, message=message, policy=rules, by_buyer=False)

        _say_request(await db.run(ACTOR, work))
    return 0


async def approve(request: str, /, *, note: str | None = None) -> int:
    """Approve a refund request. Above the shop's limit it takes another person as well.

    For example:

        farthing refunds approve refund_request_01k9h4w3q8fvtb7m2x5c6d0e1f --note "photo seen"

    Parameters
    ----------
    request
        The id of the request.
    note
        For your own people.
    """
    rules, id = policy(), RefundRequestId.parse(request)
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            found = await room.get(tx, id)
        terminal().confirm(f"Approve a refund of {found.money}?")
        _say_request(await db.run(ACTOR, lambda tx: room.approve(tx, id, role="server", policy=rules, note=note)))
    return 0


async def decline(request: str, /, *, note: str | None = None) -> int:
    """Decline a refund request.

    For example:

        farthing refunds decline refund_request_01k9h4w3q8fvtb7m2x5c6d0e1f --note "used for a month"

    Parameters
    ----------
    request
        The id of the request.
    note
        For your own people.
    """
    id = RefundRequestId.parse(request)
    async with opening.database() as db:
        _say_request(await db.run(ACTOR, lambda tx: room.decline(tx, id, note=note)))
    return 0


async def retry(refund: str, /) -> int:
    """Try a refund that failed again, as a new one with a key of its own.

    For example:

        farthing refunds retry refund_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    refund
        The id of the refund that failed.
    """
    rules, id = policy(), RefundId.parse(refund)
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            failed = await payments.get_refund(tx, id)
        terminal().confirm(f"Try the refund of {failed.money} again?")
        made = await db.run(ACTOR, lambda tx: room.retry(tx, id, role="server", policy=rules))
    terminal().show(_refund(made), f"{made.id}: {made.money} is promised again; the worker sends it.")
    return 0


async def cancel(refund: str, /) -> int:
    """Call off a refund that was not sent yet, or that the provider can still cancel.

    For example:

        farthing refunds cancel refund_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    refund
        The id of the refund.
    """
    async with opening.world() as world:
        made = await room.cancel(world, RefundId.parse(refund), actor=ACTOR)
    terminal().show(_refund(made), f"{made.id} of {made.money} is {show.status(made.status)}.")
    return 0


async def _list_refunds(status: str | None, limit: int, cursor: str | None) -> int:
    wanted = None if status is None else RefundStatus(_known(status, RefundStatus))
    after = RefundId.parse(cursor) if cursor else None
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        page = await room.refund_ids(tx, limit=limit, cursor=after, status=wanted)
        found = [await payments.get_refund(tx, id) for id in page.items]
    rows = [(r.id, show.status(r.status), r.money, r.reason, r.order_id, show.at(r.promised_at)) for r in found]
    columns = ("Id", "Status", "Amount", "Reason", "Order", "Promised")
    document = {"data": [_refund(each) for each in found], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(columns, rows, right=frozenset({"Amount"})))
    return 0


async def _list_requests(status: str | None, limit: int, cursor: str | None) -> int:
    wanted = None if status is None else RefundRequestStatus(_known(status, RefundRequestStatus))
    after = RefundRequestId.parse(cursor) if cursor else None
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        page = await room.list_page(tx, limit=limit, cursor=after, status=wanted)
    rows = [(r.id, show.status(r.status), r.money, _waits(r), r.order_id, show.at(r.requested_at)) for r in page.items]
    columns = ("Id", "Status", "Amount", "Waits for", "Order", "Asked")
    document = {"data": [_request(each) for each in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(columns, rows, right=frozenset({"Amount"})))
    return 0


def _known(status: str, kind: Iterable[str]) -> str:
    if status not in set(kind):
        raise Invalid(f"{status} is not a status here: choose one of {', '.join(kind)}.", param="status")
    return status


def _wanted(order: Order, amount: str | None, lines: Sequence[str]) -> Wanted:
    money = Money.parse(amount, order.total.currency) if amount else None
    return Wanted(money, tuple(_line(order, written) for written in lines))


def _line(order: Order, written: str) -> WantedLine:
    named, _, count = written.partition("=")
    if count and not (count.isascii() and count.isdigit() and len(count) < 10):
        raise Invalid(f"{written[:40]!r} is not a line: write mug, or mug=2 for two of it.", param="line")
    found = [line.id for line in order.lines if line.product == named] or [LineItemId.parse(named)]
    if len(found) > 1:
        raise Invalid(f"{named} stands on {len(found)} lines of order {order.number}: name the line by its id.", param="line")
    return WantedLine(found[0], int(count) if count else None)


def _waits(request: RefundRequest) -> str:
    if request.status != RefundRequestStatus.REQUESTED:
        return ""
    return "a second person" if request.waits_for_second else "a decision"


def _say_request(request: RefundRequest) -> None:
    waits = f"; it waits for {_waits(request)}" if _waits(request) else ""
    said = f"{request.id}: {request.money} of {request.order_id} is {show.status(request.status)}{waits}."
    terminal().show(_request(request), said, *([show.said(request.message)] if request.message else []))


async def _say_refund(tx: Transaction, refund: Refund) -> None:
    parts = await payments.lines_of_refund(tx, refund.id)
    currency = refund.money.currency
    rows = [(p.line, p.quantity, Money(p.amount, currency), Money(p.tax, currency)) for p in parts]
    document = _refund(refund) | {
        "lines": [{"line_item": p.line, "quantity": p.quantity, "amount": Money(p.amount, currency)} for p in parts]
    }
    title = f"[bold]{refund.id}[/] · {refund.money} · {show.status(refund.status)} · {refund.reason}"
    why = refund.failure_reason or refund.pending_reason
    table = show.table(("Line", "Quantity", "Amount", "Tax in it"), rows, right=frozenset({"Quantity", "Amount", "Tax in it"}))
    terminal().show(document, title, *([show.said(why)] if why else []), *([table] if rows else []))


def _say_preview(order: Order, seen: Preview) -> None:
    names = ("money", "tax", "platform_fee", "organization_fee", "seller_share", "revenue", "fee_kept", "left")
    amounts = {name: getattr(seen, name) for name in names}
    currency = seen.money.currency
    document = amounts | {
        "figure": seen.figure,
        "order": seen.order_id,
        "order_becomes": seen.order_becomes,
        "revoked": list(seen.revoked),
        "needs_second": seen.needs_second,
        "lines": [
            {"line_item": line.line, "product": line.product, "quantity": line.quantity, "amount": Money(line.amount, currency)}
            for line in seen.lines
        ],
    }
    rows = [
        (line.product, line.quantity, Money(line.amount, currency), "all of it" if line.gone else "") for line in seen.lines
    ]
    title = f"The buyer of order {order.number} would get {seen.money}; {seen.left} would be left."
    table = show.table(("Line", "Quantity", "Amount", ""), rows, right=frozenset({"Quantity", "Amount"}))
    more = [f"Order {order.number} would be {show.status(seen.order_becomes)}."]
    more += [f"Revoked: {', '.join(seen.revoked)}."] if seen.revoked else []
    more += ["It takes the word of two people: file a request."] if seen.needs_second else []
    terminal().show(document, title, table, *more, f"Figure: {seen.figure}")


def _refund(refund: Refund) -> dict[str, object]:
    names = (
        "id",
        "status",
        "money",
        "reason",
        "note",
        "failure_reason",
        "pending_reason",
        "provider_refund_id",
        "requested_by",
    )
    return {"order": refund.order_id, "retry_of": refund.retry_of} | {name: getattr(refund, name) for name in names}


def _request(request: RefundRequest) -> dict[str, object]:
    names = ("id", "status", "money", "reason", "message", "note", "requested_by", "needs_second", "first_approver")
    more = {"order": request.order_id, "refund": request.refund_id, "second_approver": request.second_approver}
    return more | {name: getattr(request, name) for name in names}
