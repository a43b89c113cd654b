"""`farthing credits`: what a customer can spend, granting some, spending some."""

from __future__ import annotations

from datetime import timedelta

from farthing import credits as room
from farthing import customers
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.credits import CreditGrant, CreditSpend
from farthing.db import Transaction


async def show_(customer: str, /, *, limit: int = 25) -> int:
    """Show how many credits a customer can spend, where they come from, and what became of the others.

    For example:

        farthing credits show user_42
        farthing credits show user_42 --limit 100 --json

    Parameters
    ----------
    customer
        Your own id of the user.
    limit
        How many movements, the newest first.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        id = await room.customer_of(tx, customer)
        held = await room.show(tx, id)
        entries = await room.statement(tx, id, limit=max(1, min(limit, 1000)))
    grants = [(g.id, g.remaining, g.amount, show.at(g.expires_at) or "never", g.granted_by) for g in held.grants]
    moved = [(show.at(e.posted_at), f"{e.change:+d}", e.source, e.target, e.reference, e.actor) for e in entries]
    right = frozenset({"Left", "Of", "Credits"})
    shown = [f"[bold]{show.said(customer)}[/] has {held.balance} credits"]
    document = {
        "customer": customer,
        "balance": held.balance,
        "grants": [{"id": g.id, "remaining": g.remaining, "amount": g.amount, "expires_at": g.expires_at} for g in held.grants],
        "statement": [
            {"change": e.change, "source": e.source, "target": e.target, "reference": e.reference, "posted_at": e.posted_at}
            for e in entries
        ],
    }
    terminal().show(
        document,
        *shown,
        show.table(("Grant", "Left", "Of", "Ends", "By"), grants, right=right),
        show.table(("At", "Credits", "From", "To", "For", "By"), moved, right=right),
    )
    return 0


async def grant(customer: str, amount: int, /, *, reference: str, note: str | None = None, days: int | None = None) -> int:
    """Give a customer credits that nobody paid for. The same reference again gives nothing twice.

    For example:

        farthing credits grant user_42 10 --reference "sorry for the outage" --days 90 --yes

    Parameters
    ----------
    customer
        Your own id of the user.
    amount
        How many credits.
    reference
        What for.
    note
        For your own people.
    days
        How long they can be spent; for ever without it.
    """
    async with opening.database() as db:
        terminal().confirm(f"Give {amount} credits to {customer}?")

        async def work(tx: Transaction) -> CreditGrant:
            found = await customers.remember(tx, external_id=customer, email=None)
            ends = None if days is None else tx.now + timedelta(days=days)
            return await room.give(tx, found.id, amount, reference=reference, note=note, expires_at=ends)

        given = await db.run(ACTOR, work)
    document = {"id": given.id, "amount": given.amount, "remaining": given.remaining, "expires_at": given.expires_at}
    terminal().show(document, f"{given.id}: {given.amount} credits for {show.said(customer)}.")
    return 0


async def spend(customer: str, amount: int, /, *, reference: str, note: str | None = None) -> int:
    """Spend credits of a customer, those that end first before the others. The same reference again spends nothing twice.

    For example:

        farthing credits spend user_42 1 --reference job-17 --yes

    Parameters
    ----------
    customer
        Your own id of the user.
    amount
        How many credits.
    reference
        What for.
    note
        For your own people.
    """
    async with opening.database() as db:
        terminal().confirm(f"Spend {amount} credits of {customer}?")

        async def work(tx: Transaction) -> CreditSpend:
            id = await room.customer_of(tx, customer)
            return await room.spend(tx, id, amount, reference=reference, note=note)

        spent = await db.run(ACTOR, work)
    document = {"id": spent.id, "reference": spent.reference, "amount": spent.amount, "status": spent.status}
    terminal().show(document, f"{spent.id}: {spent.amount} credits of {show.said(customer)} for {show.said(reference)}.")
    return 0
