"""`farthing subscriptions`: look, end one, let it go on, ask the provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from farthing import dunning, invoices
from farthing import subscriptions as room
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.errors import Conflict
from farthing.ids import SubscriptionId
from farthing.invoices import Invoice
from farthing.lifecycles import PENDING_CHANGE, InvoiceAttemptStatus, SubscriptionStatus
from farthing.subscriptions import Change, Subscription

Status = Literal["incomplete", "incomplete_expired", "trialing", "active", "past_due", "unpaid", "paused", "canceled"]


async def list_(
    *,
    status: Status | None = None,
    plan: str | None = None,
    duplicates: bool = False,
    limit: int = 25,
    cursor: str | None = None,
) -> int:
    """List subscriptions, newest first.

    For example:

        farthing subscriptions list --status past_due
        farthing subscriptions list --duplicates --json

    Parameters
    ----------
    status
        Only those in this status.
    plan
        Only those of this plan.
    duplicates
        Only those of a customer who has another one of the group: somebody must end one.
    limit
        How many, at most 100.
    cursor
        Go on after this subscription: the next_cursor of the page before.
    """
    after = SubscriptionId.parse(cursor) if cursor else None
    wanted = SubscriptionStatus(status) if status else None
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        page = await room.list_page(tx, limit=limit, cursor=after, status=wanted, plan=plan, duplicates=duplicates)
    rows = [
        (s.id, s.plan, s.price, s.quantity, show.status(s.status), s.amount, show.at(s.paid_until), show.at(s.ends_at))
        for s in page.items
    ]
    columns = ("Id", "Plan", "Price", "Quantity", "Status", "Amount", "Paid until", "Ends")
    document = {"data": [_document(each) for each in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(columns, rows, right=frozenset({"Quantity", "Amount"})))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(subscription: str, /) -> int:
    """Show a subscription and its invoices.

    For example:

        farthing subscriptions show subscription_01k9h4w3q8fvtb7m2x5c6d0e1f
        farthing subscriptions show ada@example.com

    Parameters
    ----------
    subscription
        Its id, the provider's (sub_…), or its customer: an email address, or your own id.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await room.find_one(tx, subscription)
        billed = await invoices.of_subscription(tx, found.id)
        pending = [each for each in await room.changes_of(tx, found.id) if each.status in PENDING_CHANGE]
    _show(found, billed, pending)
    return 0


async def cancel(subscription: str, /, *, now: bool = False, reason: str | None = None, dry_run: bool = False) -> int:
    """End a subscription with the period that is paid, or now. What is paid can be used; nothing is given back.

    For example:

        farthing subscriptions cancel ada@example.com --reason "too dear"
        farthing subscriptions cancel subscription_01k9h4w3q8fvtb7m2x5c6d0e1f --now --yes

    Parameters
    ----------
    subscription
        Its id, the provider's (sub_…), or its customer: an email address, or your own id.
    now
        End it now, and not with its period.
    reason
        Why, in your words.
    dry_run
        Only show what would be ended.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.find_one(tx, subscription)
        if dry_run:
            _show(found, [])
            return 0
        when = "now" if now else f"at {show.at(found.current_period_end)}"
        terminal().confirm(f"End {found.plan} of {found.amount} ({found.id}) {when}?")
        ended = await room.cancel(world, found.id, now=now, comment=reason, actor=ACTOR)
    said = f"{ended.id} ends at {show.at(ended.ends_at)}; it is paid until {show.at(ended.paid_until)}."
    terminal().show(_document(ended), said)
    return 0


async def resume(subscription: str, /, *, dry_run: bool = False) -> int:
    """Let a subscription that was to end, or is paused, go on. After a pause longer than what was paid, a period is charged.

    For example:

        farthing subscriptions resume ada@example.com

    Parameters
    ----------
    subscription
        Its id, the provider's (sub_…), or its customer: an email address, or your own id.
    dry_run
        Only show what would go on.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.find_one(tx, subscription)
        if dry_run:
            _show(found, [])
            return 0
        terminal().confirm(f"Let {found.plan} of {found.amount} ({found.id}) go on?")
        kept = await room.resume(world, found.id, actor=ACTOR)
    terminal().show(_document(kept), f"{kept.id} goes on; it is paid until {show.at(kept.paid_until)}.")
    return 0


async def retry(subscription: str, /, *, dry_run: bool = False) -> int:
    """Try now to collect what a subscription owes, before the provider's own next try. Exits with 1 where it is not paid.

    For example:

        farthing subscriptions retry ada@example.com

    Parameters
    ----------
    subscription
        Its id, the provider's (sub_…), or its customer: an email address, or your own id.
    dry_run
        Only show what would be collected.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.find_one(tx, subscription)
            owed = await dunning.owed(tx, found)
        if owed is None:
            raise Conflict(f"{found.id} owes nothing that can be collected.")
        if dry_run:
            _show(found, [owed])
            return 0
        terminal().confirm(f"Charge {owed.total} for {found.plan} ({found.id}) now?")
        with terminal().progress("Asking the provider"):
            made = await dunning.retry(world, found.id, actor=ACTOR)
    document = {name: getattr(made, name) for name in ("id", "status", "code", "invoice_id", "subscription_id")}
    terminal().show(document, f"{made.invoice_id}: {dunning.said_to(made)}")
    return 0 if made.status in (InvoiceAttemptStatus.PAID, InvoiceAttemptStatus.PROCESSING) else 1


async def sync(subscription: str, /) -> int:
    """Ask the provider how a subscription stands, and record it. Harmless at any time.

    For example:

        farthing subscriptions sync ada@example.com

    Parameters
    ----------
    subscription
        Its id, the provider's (sub_…), or its customer: an email address, or your own id.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.find_one(tx, subscription)
        with terminal().progress("Asking the provider"):
            await room.sync(world, found.provider_subscription_id, actor=ACTOR)
        async with world.db.transaction(ACTOR) as tx:
            found = await room.get(tx, found.id)
            billed = await invoices.of_subscription(tx, found.id)
    _show(found, billed)
    return 0


def _show(found: Subscription, billed: list[Invoice], pending: Sequence[Change] = ()) -> None:
    document = _document(found) | {
        "invoices": [_invoice(each) for each in billed],
        "pending_change": pending[0].id if pending else None,
    }
    lines = [
        f"[bold]{show.said(found.plan)}[/] · {found.id} · {show.status(found.status)}",
        f"{found.quantity} × {found.unit} every {found.interval_count} {found.interval} · {found.customer_id}",
        f"Paid until {show.at(found.paid_until)}, may be used until {show.at(found.access_until)}",
        f"At the provider {show.said(found.provider_subscription_id)}",
    ]
    if found.ends_at is not None:
        lines.append(f"Ends at {show.at(found.ends_at)}: {show.said(found.cancel_comment or found.cancel_reason or '')}")
    if found.is_paused:
        lines.append(f"Paused{f' until {show.at(found.resume_at)}' if found.resume_at else ''}")
    for each in pending:
        due = f", at {show.at(each.due_at)}" if each.due_at else ""
        lines.append(f"Becomes {each.quantity} × {show.said(each.plan)} ({each.status}){due}: {each.id}")
    if found.duplicate_of is not None:
        lines.append(f"Its customer has another one of the group, {found.duplicate_of}: end one of them.")
    rows = [
        (each.id, show.status(each.status), each.total, (each.billing_reason or "").replace("_", " "), show.at(each.issued_at))
        for each in billed
    ]
    shown = [show.table(("Invoice", "Status", "Total", "Why", "Issued"), rows, right=frozenset({"Total"}))] if rows else []
    terminal().show(document, "\n".join(lines), *shown)


def _document(found: Subscription) -> dict[str, object]:
    names = (
        "id customer_id status plan price plan_group quantity unit amount interval interval_count current_period_end trial_end"
        " paid_until access_until is_paused resume_at ends_at cancel_reason cancel_comment duplicate_of"
        " provider_subscription_id"
    ).split()
    return {name: getattr(found, name) for name in names}


def _invoice(each: Invoice) -> dict[str, object]:
    names = "id status provider_number billing_reason total paid issued_at paid_at hosted_url".split()
    return {name: getattr(each, name) for name in names}
