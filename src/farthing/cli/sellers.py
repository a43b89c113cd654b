"""`farthing sellers`: look at sellers, send one to onboarding, ask the provider, and decide about them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal

from farthing import sellers as room
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.errors import Invalid, NotFound
from farthing.ids import SellerId
from farthing.lifecycles import SellerStatus
from farthing.sellers import Seller, Wanted

Status = Literal["created", "onboarding", "verifying", "active", "restricted", "rejected", "deauthorized"]
Why = Literal["fraud", "terms_of_service", "other"]

SHOWN: Final = (
    "id external_id name email country currency status may_sell may_be_paid charges_enabled payouts_enabled details_submitted"
    " provider_account_id holding_days fee_basis_points suspended_at suspension_reason rejection_reason rejection_note"
    " payout_account_changed_at seen_at created_at"
).split()


async def list_(
    *,
    status: Status | None = None,
    suspended: bool | None = None,
    search: str | None = None,
    limit: int = 25,
    cursor: str | None = None,
) -> int:
    """List sellers, newest first.

    For example:

        farthing sellers list --status restricted
        farthing sellers list --search grace@ --json

    Parameters
    ----------
    status
        Only those whose account stands so at the provider.
    suspended
        Only those whom you suspended; --no-suspended: only the others.
    search
        The beginning of an email or a name, or a whole id: yours, ours or the provider's.
    limit
        How many, at most 100.
    cursor
        Go on after this seller: the next_cursor of the page before.
    """
    settings = opening.settings()
    async with opening.database(settings) as db, db.transaction(ACTOR) as tx:
        page = await room.list_page(
            tx,
            livemode=settings.livemode,
            limit=limit,
            cursor=SellerId.parse(cursor) if cursor else None,
            status=SellerStatus(status) if status else None,
            suspended=suspended,
            search=search,
        )
    rows = [
        (each.external_id, each.described, show.status(each.status), _held(each), each.country, show.at(each.created_at))
        for each in page.items
    ]
    document = {"data": [_seller(each) for each in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(("Your id", "Seller", "Status", "", "Country", "Since"), rows))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(seller: str, /) -> int:
    """Show a seller: their account as we last saw it, and what is asked of them in plain words.

    For example:

        farthing sellers show user_4711
        farthing sellers show acct_1QxYz

    Parameters
    ----------
    seller
        Your id of the user, ours, the provider's, or an email address.
    """
    settings = opening.settings()
    async with opening.database(settings) as db, db.transaction(ACTOR) as tx:
        found = await find(tx, seller, livemode=settings.livemode)
    _show(found)
    return 0


async def onboard(seller: str, /, *, email: str | None = None, name: str | None = None, country: str | None = None) -> int:
    """Print an onboarding link, for one whom you know by now or a new one. It opens once and for minutes: do not email it.

    For example:

        farthing sellers onboard user_4711 --country AT --email grace@example.com

    Parameters
    ----------
    seller
        Your id of the user.
    email
        Their address, for the provider's form.
    name
        Their name, or that of their business.
    country
        Two letters; by default that of the marketplace. It cannot be changed once there is an account.
    """
    async with opening.world() as world:
        found = await room.remember(world, Wanted(seller, name=name, email=email, country=country), actor=ACTOR)
        with terminal().progress("Asking the provider"):
            page = await room.onboard(
                world,
                found.id,
                refresh_url=room.address(world, found.id, "refresh"),
                return_url=room.address(world, found.id, "return"),
                actor=ACTOR,
            )
    document = {"seller": found.id, "url": page.url, "expires_at": page.expires_at}
    terminal().show(document, f"{show.said(page.url)}\nGood until {show.at(page.expires_at)}, for one visit.")
    return 0


async def sync(seller: str, /) -> int:
    """Ask the provider how a seller's account stands, and record it. Harmless at any time.

    For example:

        farthing sellers sync user_4711

    Parameters
    ----------
    seller
        Your id of the user, ours, the provider's, or an email address.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await find(tx, seller, livemode=world.provider.livemode)
        with terminal().progress("Asking the provider"):
            found = await room.sync(world, found.id, actor=ACTOR)
    _show(found)
    return 0


async def suspend(seller: str, /, *, reason: str, dry_run: bool = False) -> int:
    """Stop a seller from selling and from being paid, whatever the provider says.

    For example:

        farthing sellers suspend user_4711 --reason "Sells what is not theirs." --yes

    Parameters
    ----------
    seller
        Your id of the user, ours, the provider's, or an email address.
    reason
        For the audit trail.
    dry_run
        Only show who it would be.
    """
    return await _decide(seller, "Suspend", lambda tx, it: room.suspend(tx, it, reason), dry_run=dry_run)


async def reinstate(seller: str, /, *, reason: str, dry_run: bool = False) -> int:
    """Let a suspended seller go on.

    For example:

        farthing sellers reinstate user_4711 --reason "It was theirs after all." --yes

    Parameters
    ----------
    seller
        Your id of the user, ours, the provider's, or an email address.
    reason
        For the audit trail.
    dry_run
        Only show who it would be.
    """
    return await _decide(seller, "Reinstate", lambda tx, it: room.reinstate(tx, it, reason), dry_run=dry_run)


async def reject(seller: str, /, *, note: str, reason: Why = "other", dry_run: bool = False) -> int:
    """Have nothing to do with a seller any more. It cannot be taken back; the worker tells the provider.

    For example:

        farthing sellers reject user_4711 --reason fraud --note "Stolen goods." --yes

    Parameters
    ----------
    seller
        Your id of the user, ours, the provider's, or an email address.
    note
        For the audit trail.
    reason
        For the provider.
    dry_run
        Only show who it would be.
    """
    return await _decide(
        seller, "For good, reject", lambda tx, it: room.request_rejection(tx, it, reason, note), dry_run=dry_run
    )


async def _decide(
    seller: str, verb: str, decide: Callable[[Transaction, SellerId], Awaitable[Seller]], *, dry_run: bool
) -> int:
    settings = opening.settings()
    async with opening.database(settings) as db:
        async with db.transaction(ACTOR) as tx:
            found = await find(tx, seller, livemode=settings.livemode)
        if not dry_run:
            terminal().confirm(f"{verb} {found.described} ({found.external_id})?")
            found = await db.run(ACTOR, lambda tx: decide(tx, found.id))
    _show(found)
    return 0


async def find(tx: Transaction, words: str, *, livemode: bool) -> Seller:
    """The one whom this names. Raises Invalid where it names several."""
    page = await room.list_page(tx, livemode=livemode, limit=2, search=words, exact=True)
    if not page.items:
        raise NotFound(f"There is no seller {words[:64]!r}.")
    if len(page.items) > 1:
        raise Invalid(f"{words[:64]!r} names several sellers: use an id.")
    return page.items[0]


def _show(found: Seller) -> None:
    reasons = room.reasons_of(found)
    lines = [
        f"[bold]{show.said(found.described)}[/] · {found.id} · {show.status(found.status)}",
        f"Sells: {'yes' if found.may_sell else 'no'} · is paid: {'yes' if found.may_be_paid else 'no'}"
        f" · account {show.said(found.provider_account_id or 'none yet')} · {found.country}",
    ]
    if found.suspension_reason:
        lines.append(f"Suspended: {show.said(found.suspension_reason)}")
    rows = [(each.said, each.urgency, ", ".join(each.codes), show.at(each.until)) for each in reasons]
    shown = [show.table(("What is asked", "When", "The provider's word", "Until"), rows)] if rows else []
    asked = [{"said": each.said, "urgency": each.urgency, "codes": list(each.codes), "until": each.until} for each in reasons]
    terminal().show(_seller(found) | {"reasons": asked}, "\n".join(lines), *shown)


def _held(seller: Seller) -> str:
    return "suspended" if seller.suspended_at else ""


def _seller(seller: Seller) -> dict[str, object]:
    return {name: getattr(seller, name) for name in SHOWN}
