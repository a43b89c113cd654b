"""`farthing customers`: who buys, who they are at the provider, and forgetting them."""

from __future__ import annotations

from pathlib import Path

from farthing import customers as room
from farthing import erasure, orders
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.customers import Attachment, Customer
from farthing.ids import CustomerId


async def list_(*, search: str | None = None, limit: int = 25, cursor: str | None = None) -> int:
    """List customers, newest first.

    For example:

        farthing customers list --search ada@
        farthing customers list --limit 100 --json

    Parameters
    ----------
    search
        The beginning of an email or a name, or a whole id: yours, ours or the provider's.
    limit
        How many, at most 100.
    cursor
        Go on after this customer: the next_cursor of the page before.
    """
    after = CustomerId.parse(cursor) if cursor else None
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        page = await room.list_page(tx, limit=limit, cursor=after, search=search)
    rows = [(c.external_id, c.email, c.name, c.id, show.at(c.created_at)) for c in page.items]
    document = {"data": [summary(person) for person in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(("Your id", "Email", "Name", "Id", "Since"), rows))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(customer: str, /) -> int:
    """Show a customer: who they are at the provider, what they can pay with, their latest orders.

    For example:

        farthing customers show user_4711
        farthing customers show cus_NffrFeUfNV2Hib --json

    Parameters
    ----------
    customer
        Your id of the user, ours, the provider's, or an email address.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        person = await room.find(tx, customer)
        links = await room.attachments_of(tx, person.id)
        methods = await room.methods_of(tx, person.id)
        bought = await orders.of_customer(tx, person.id, limit=10)
    document = summary(person) | {
        "metadata": dict(person.metadata),
        "erased_at": person.erased_at,
        "at_providers": [_link(link) for link in links],
        "payment_methods": [
            {"id": m.id, "kind": m.kind, "brand": m.brand, "last4": m.last4, "default": m.is_default} for m in methods
        ],
        "orders": [{"id": o.id, "number": o.number, "status": o.status, "total": o.total} for o in bought.items],
    }
    title = f"[bold]{show.said(person.name or person.email or person.external_id or 'Erased')}[/] · {person.id}"
    there = [
        (link.provider, "live" if link.livemode else "test", link.provider_customer_id, _state(link), show.at(link.pushed_at))
        for link in links
    ]
    shown = [show.table(("Provider", "Mode", "There", "State", "Pushed"), there)]
    if methods:
        pays = [(m.id, m.described, "default" if m.is_default else "", m.provider_method_id) for m in methods]
        shown.append(show.table(("Payment method", "What", "", "There"), pays))
    rows = [(o.number, show.status(o.status), o.total, show.at(o.placed_at)) for o in bought.items]
    shown.append(show.table(("Order", "Status", "Total", "Placed"), rows, right=frozenset({"Order", "Total"})))
    terminal().show(document, title, *shown)
    return 0


async def push(customer: str, /) -> int:
    """Bring the provider up to what we know of a customer now, and look at their saved methods. Harmless at any time.

    For example:

        farthing customers push user_4711

    Parameters
    ----------
    customer
        Your id of the user, ours, the provider's, or an email address.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            person = await room.find(tx, customer)
        with terminal().progress("Asking the provider"):
            theirs = await room.at_provider(world, person.id, actor=ACTOR)
            await room.push(world, person.id, actor=ACTOR)
            await room.sync_methods(world, person.id, actor=ACTOR)
        async with world.db.transaction(ACTOR) as tx:
            links = await room.attachments_of(tx, person.id)
    terminal().show({"id": person.id, "at_providers": [_link(link) for link in links]}, f"{person.id} is {theirs} there.")
    return 0


async def backfill(file: Path, /, *, at_once: int = 8, dry_run: bool = False) -> int:
    """Make customers of your existing users, here and at the provider. Run it again at any time: it goes on where it was.

    The file is a .csv with the columns external_id, email, name and metadata (an object in JSON), or a .jsonl with an object
    in each line. Only external_id must be there.

    For example:

        farthing customers backfill users.csv --dry-run
        farthing customers backfill users.jsonl --at-once 16

    Parameters
    ----------
    file
        A .csv or .jsonl file in UTF-8.
    at_once
        How many are asked for at the same time, from 1 to 32. A sandbox of Stripe's takes 25 requests in a second.
    dry_run
        Only read the file and say what would be done.
    """
    async with opening.world() as world:
        if not dry_run:
            terminal().confirm(f"Make customers of {file} in {'live' if world.provider.livemode else 'test'} mode?")
        with terminal().progress("Going through the file"):
            tally = await room.backfill(world, file, at_once=min(max(at_once, 1), 32), dry_run=dry_run, actor=ACTOR)
    document = {
        "new": tally.new,
        "known": tally.known,
        "pushed": tally.pushed,
        "failed": tally.failed,
        "wrong": [{"line": line, "reason": reason} for line, reason in tally.wrong],
    }
    would = "would be " if dry_run else ""
    lines = [f"{tally.new} {would}new, {tally.known} known, {tally.pushed} pushed, {tally.failed} failed."]
    lines += [f"[red]line {line}[/]: {show.said(reason)}" for line, reason in tally.wrong]
    terminal().show(document, *lines)
    return 1 if tally.failed else 0


async def erase(customer: str, /) -> int:
    """Forget a person: name, address, metadata and emails go, here and at the provider. Orders and the books stay, of nobody.

    It cannot be undone. Refused while they have an order that can still be paid or is still to be sent, or a dispute.

    For example:

        farthing customers erase user_4711

    Parameters
    ----------
    customer
        Your id of the user, ours, the provider's, or an email address.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            person = await room.find(tx, customer)
        terminal().confirm(f"Forget {person.id} for good, here and at the provider?")
        with terminal().progress("Forgetting"):
            await erasure.erase(world, person.id, actor=ACTOR)
    terminal().show({"id": person.id, "erased": True}, f"{person.id} is forgotten; their orders and the books stay.")
    return 0


def summary(person: Customer) -> dict[str, object]:
    return {
        "id": person.id,
        "external_id": person.external_id,
        "email": person.email,
        "name": person.name,
        "created_at": person.created_at,
    }


def _state(link: Attachment) -> str:
    if link.push_error:
        return link.push_error
    return "up to date" if link.fresh and link.provider_customer_id else "waits to be pushed"


def _link(link: Attachment) -> dict[str, object]:
    names = ("provider", "livemode", "provider_customer_id", "pushed_at", "push_due_at", "push_error")
    return {name: getattr(link, name) for name in names}
