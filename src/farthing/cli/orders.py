"""`farthing orders`: look at orders, give money back, cancel, ask the provider."""

from __future__ import annotations

from typing import Literal

from farthing import checkout, entitlements, payments, refunds
from farthing import orders as room
from farthing.cli import finding, opening, show
from farthing.cli import refunds as refunds_of_cli
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Payment, Refund

Status = Literal["open", "paid", "refunded", "expired", "canceled"]
Reason = Literal["requested_by_customer", "duplicate", "fraudulent"]


async def list_(*, status: Status | None = None, limit: int = 25, cursor: str | None = None) -> int:
    """List orders, newest first.

    For example:

        farthing orders list
        farthing orders list --status paid --limit 100 --json

    Parameters
    ----------
    status
        Only those in this status.
    limit
        How many, at most 100.
    cursor
        Go on after this order: the next_cursor of the page before.
    """
    after = OrderId.parse(cursor) if cursor else None
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        page = await room.list_page(tx, limit=limit, cursor=after, status=OrderStatus(status) if status else None)
    rows = [(o.number, o.id, show.status(o.status), o.total, o.email, show.at(o.placed_at)) for o in page.items]
    columns = ("Number", "Id", "Status", "Total", "Email", "Placed")
    document = {"data": [summary(order) for order in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(columns, rows, right=frozenset({"Number", "Total"})))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(order: str, /) -> int:
    """Show an order: its lines, payments, refunds and what it granted.

    For example:

        farthing orders show 1001
        farthing orders show order_01k9h4w3q8fvtb7m2x5c6d0e1f --json

    Parameters
    ----------
    order
        The order's number or id.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        await _show(tx, await finding.order(tx, order))
    return 0


async def refund(
    order: str,
    /,
    *,
    amount: str | None = None,
    reason: Reason = "requested_by_customer",
    note: str | None = None,
    dry_run: bool = False,
) -> int:
    """Give back a part of what was paid for an order, or all that is left of it. The worker sends it.

    For example:

        farthing orders refund 1001 --amount 12.50
        farthing orders refund 1001 --reason duplicate --yes

    Parameters
    ----------
    order
        The order's number or id.
    amount
        How much, in the order's currency, such as 12.50. Without it, all that is left.
    reason
        What the provider is told.
    note
        For your own people.
    dry_run
        Only say what would be done.
    """
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            found = await finding.order(tx, order)
            money = Money.parse(amount, found.total.currency) if amount else None
            # Nobody is asked to confirm what would be refused.
            _, sum_ = await payments.what_to_refund(tx, found.id, money)
        if dry_run:
            terminal().show({"order": found.id, "would_refund": sum_}, f"Would refund {sum_} of order {found.number}.")
            return 0
        terminal().confirm(f"Refund {sum_} of order {found.number} ({'live' if found.livemode else 'test'} mode)?")

        async def work(tx: Transaction) -> Refund:
            wanted, policy = refunds.Wanted(money), refunds_of_cli.policy()
            return await refunds.create(tx, found.id, wanted, reason=reason, note=note, role="server", policy=policy)

        promised = await db.run(ACTOR, work)
    said = f"{promised.id}: {promised.money} of order {found.number} is promised; the worker sends it."
    terminal().show(_refund(promised), said)
    return 0


async def cancel(order: str, /) -> int:
    """Close the payment page of an unpaid order and cancel it; of a paid one as long as nothing of it was sent, and its money
    goes back.

    For example:

        farthing orders cancel 1001

    Parameters
    ----------
    order
        The order's number or id.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await finding.order(tx, order)
        terminal().confirm(f"Cancel order {found.number} of {found.total}?")
        with terminal().progress("Closing the payment page"):
            canceled = await checkout.call_off(world, found.id, actor=ACTOR, party="platform")
    terminal().show(summary(canceled), f"Order {canceled.number} is {show.status(canceled.status)}.")
    return 0


async def sync(order: str, /) -> int:
    """Ask the provider how an order's page, payments and refunds stand, and record it. Harmless at any time.

    For example:

        farthing orders sync 1001

    Parameters
    ----------
    order
        The order's number or id.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await finding.order(tx, order)
        with terminal().progress("Asking the provider"):
            await checkout.sync_order(world, found.id, actor=ACTOR)
        async with world.db.transaction(ACTOR) as tx:
            await _show(tx, await room.get(tx, found.id))
    return 0


def summary(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "number": order.number,
        "status": order.status,
        "payment_status": order.payment_status,
        "total": order.total,
        "email": order.email,
        "livemode": order.livemode,
        "placed_at": order.placed_at,
        "paid_at": order.paid_at,
    }


async def _show(tx: Transaction, order: Order) -> None:
    collected = await payments.of_order(tx, order.id)
    refunds = await payments.refunds_of_order(tx, order.id)
    granted = await entitlements.of_order(tx, order.id)
    document = summary(order) | {
        "line_items": [
            {"product": line.product, "name": line.name, "quantity": line.quantity, "unit": line.unit, "amount": line.amount}
            for line in order.lines
        ],
        "metadata": dict(order.metadata),
        "payments": [_payment(payment) for payment in collected],
        "refunds": [_refund(each) for each in refunds],
        "entitlements": [
            {"feature": each.feature, "expires_at": each.expires_at, "revoked_at": each.revoked_at} for each in granted
        ],
    }
    lines = [(line.quantity, line.name, line.unit, line.amount) for line in order.lines]
    paid = [(p.id, show.status(p.status), p.received or p.asked, p.fee, _card(p), p.provider_payment_id) for p in collected]
    back = [(r.id, show.status(r.status), r.money, r.reason, r.provider_refund_id) for r in refunds]
    right = frozenset({"Quantity", "Each", "Amount", "Fee"})
    shown = [show.table(("Quantity", "Product", "Each", "Amount"), [*lines, ("", "Total", "", order.total)], right=right)]
    if paid:
        shown.append(show.table(("Payment", "Status", "Amount", "Fee", "Card", "At the provider"), paid, right=right))
    if back:
        shown.append(show.table(("Refund", "Status", "Amount", "Reason", "At the provider"), back, right=right))
    held = ", ".join(f"{each.feature}{' (revoked)' if each.revoked_at else ''}" for each in granted)
    title = (
        f"[bold]Order {order.number}[/] · {order.id} · {show.status(order.status)} ({_standing(order)})"
        f" · {show.said(order.email or 'no address')}"
    )
    terminal().show(document, title, *shown, *([f"Granted: {show.said(held)}"] if held else []))


def _standing(order: Order) -> str:
    until = "" if order.capture_before is None else f", capture before {show.at(order.capture_before)}"
    return order.payment_status.replace("_", " ") + until


def _card(payment: Payment) -> str:
    if payment.failure_message and payment.received is None:
        return payment.failure_message
    return f"{payment.card_brand} •••• {payment.card_last4}" if payment.card_last4 else ""


def _payment(payment: Payment) -> dict[str, object]:
    names = ("id", "status", "asked", "received", "fee", "provider_payment_id", "failure_code", "surplus_reason")
    return {name: getattr(payment, name) for name in names} | {"card": _card(payment)}


def _refund(refund: Refund) -> dict[str, object]:
    names = ("id", "status", "money", "reason", "note", "failure_reason", "provider_refund_id", "requested_by")
    return {"order": refund.order_id} | {name: getattr(refund, name) for name in names}
