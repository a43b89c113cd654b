"""`farthing payouts`: money from sellers' accounts to their banks: look, run, try again, state, hold and let go."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from farthing import payouts as room
from farthing import seller_orders, sellers
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.sellers import find
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.errors import Invalid, NotFound
from farthing.ids import PayoutId
from farthing.lifecycles import PayoutStatus
from farthing.money import Money
from farthing.payouts import Payout, Statement
from farthing.seller_orders import SellerOrder
from farthing.sellers import Seller

Status = Literal["requested", "pending", "in_transit", "paid", "failed", "canceled", "refused"]
Form = Literal["pdf", "csv"]


async def list_(*, seller: str | None = None, status: Status | None = None, limit: int = 25, cursor: str | None = None) -> int:
    """List payouts to sellers' banks, newest first.

    For example:

        farthing payouts list --status failed
        farthing payouts list --seller user_4711 --json

    Parameters
    ----------
    seller
        Only theirs: your id of the user, ours, the provider's, or an email address.
    status
        Only those that stand so.
    limit
        How many, at most 100.
    cursor
        Go on after this payout: the next_cursor of the page before.
    """
    settings = opening.settings()
    async with opening.database(settings) as db, db.transaction(ACTOR) as tx:
        who = None if seller is None else await find(tx, seller, livemode=settings.livemode)
        page = await room.list_payouts(
            tx,
            livemode=settings.livemode,
            limit=limit,
            cursor=PayoutId.parse(cursor) if cursor else None,
            seller=None if who is None else who.id,
            status=PayoutStatus(status) if status else None,
        )
        names = {each.seller_id: (await sellers.get(tx, each.seller_id)).described for each in page.items}
    rows = [
        (str(each.id), names[each.seller_id], show.status(each.status), str(each.money), show.at(each.arrives_at))
        for each in page.items
    ]
    document = {"data": [_payout(each) for each in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(("Payout", "Seller", "Status", "Amount", "Arrives"), rows))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(payout: str, /) -> int:
    """Show a payout: how it stands, when it arrives, and why it failed.

    For example:

        farthing payouts show payout_01jd8y4q9bq6c7r4m3x0k2a5tz

    Parameters
    ----------
    payout
        Its id.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await room.get_payout(tx, PayoutId.parse(payout))
    _show(found)
    return 0


async def run(*, seller: str | None = None, dry_run: bool = False) -> int:
    """Send to sellers' banks all that can go: of one seller, or of all who have something.

    For example:

        farthing payouts run --dry-run
        farthing payouts run --seller user_4711 --yes

    Parameters
    ----------
    seller
        Only theirs: your id of the user, ours, the provider's, or an email address.
    dry_run
        Only say how much it would be.
    """
    async with opening.world() as world:
        wanted = None
        if seller is not None:
            async with world.db.transaction(ACTOR) as tx:
                wanted = [(await find(tx, seller, livemode=world.provider.livemode)).id]
        if not dry_run:
            terminal().confirm("Pay out all that can go" + ("" if seller is None else f" to {seller}") + "?")
        with terminal().progress("Asking the provider"):
            done = await room.run(world, actor=ACTOR, sellers_wanted=wanted, dry_run=dry_run)
    _tell_sums(done, dry_run=dry_run)
    return 0


async def retry(payout: str, /) -> int:
    """Send what a bank did not take once more, as another payout.

    For example:

        farthing payouts retry payout_01jd8y4q9bq6c7r4m3x0k2a5tz --yes

    Parameters
    ----------
    payout
        The one that failed.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            failed = await room.get_payout(tx, PayoutId.parse(payout))
        terminal().confirm(f"Send {failed.money} again?")
        made = await room.retry(world, failed.id, actor=ACTOR)
    _show(made)
    return 0


async def statement(payout: str, /, *, form: Form | None = None, output: Path | None = None) -> int:
    """Show what a payout is made of, line by line, or write it as PDF or CSV.

    For example:

        farthing payouts statement payout_01jd8y4q9bq6c7r4m3x0k2a5tz
        farthing payouts statement payout_01jd8y4q9bq6c7r4m3x0k2a5tz --form pdf --output grace.pdf

    Parameters
    ----------
    payout
        Its id.
    form
        Write a file of this form.
    output
        The file to write; by default the payout's id.
    """
    settings = opening.settings()
    async with opening.database(settings) as db, db.transaction(ACTOR) as tx:
        found = await room.statement(tx, PayoutId.parse(payout))
        seller = await sellers.get(tx, found.payout.seller_id)
    if form is None:
        _show_statement(found, seller)
        return 0
    path = output or Path(f"{found.payout.id}.{form}")
    if form == "csv":
        made = room.sheet(found).encode()
    else:
        made = room.pdf(found, shop=opening.catalog(settings).shop.name, seller=seller.described)
    try:
        path.write_bytes(made)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.") from None
    terminal().show({"file": str(path), "payout": str(found.payout.id)}, f"Written: {path} ({len(made)} bytes).")
    return 0


async def hold(what: str, /, *, reason: str, dry_run: bool = False) -> int:
    """Keep what a seller earned where it is: of one order, or all of it.

    For example:

        farthing payouts hold 1042-1 --reason "The buyer complains." --yes
        farthing payouts hold user_4711 --reason "Sells what is not theirs." --yes

    Parameters
    ----------
    what
        The number of a seller order, or a seller: your id of the user, ours, the provider's, or an email address.
    reason
        For the audit trail, and for the seller.
    dry_run
        Only show what it would be.
    """
    settings = opening.settings()
    async with opening.database(settings) as db:
        async with db.transaction(ACTOR) as tx:
            found = await _named(tx, what, livemode=settings.livemode)
        if not dry_run:
            terminal().confirm(f"Hold what {_said(found)} earned?")

            async def work(tx: Transaction) -> SellerOrder | Seller:
                if isinstance(found, SellerOrder):
                    return await seller_orders.hold(tx, found.id, reason)
                return await sellers.hold(tx, found.id, reason)

            found = await db.run(ACTOR, work)
    _show_held(found)
    return 0


async def release(what: str, /, *, dry_run: bool = False) -> int:
    """Let go what somebody held: it goes out when its time has come, no sooner.

    For example:

        farthing payouts release 1042-1 --yes

    Parameters
    ----------
    what
        The number of a seller order, or a seller: your id of the user, ours, the provider's, or an email address.
    dry_run
        Only show what it would be.
    """
    settings = opening.settings()
    async with opening.database(settings) as db:
        async with db.transaction(ACTOR) as tx:
            found = await _named(tx, what, livemode=settings.livemode)
        if not dry_run:
            terminal().confirm(f"Let go what {_said(found)} earned?")

            async def work(tx: Transaction) -> SellerOrder | Seller:
                if isinstance(found, SellerOrder):
                    return await seller_orders.let_go(tx, found.id)
                return await sellers.let_go(tx, found.id)

            found = await db.run(ACTOR, work)
    _show_held(found)
    return 0


async def _named(tx: Transaction, words: str, *, livemode: bool) -> SellerOrder | Seller:
    order = await seller_orders.find_by_number(tx, words)
    if order is not None:
        return order
    try:
        return await find(tx, words, livemode=livemode)
    except NotFound:
        raise NotFound(f"There is no seller order and no seller {words[:64]!r}.") from None


def _said(found: SellerOrder | Seller) -> str:
    return f"the seller of {found.number}" if isinstance(found, SellerOrder) else found.described


def _show_held(found: SellerOrder | Seller) -> None:
    name = found.number if isinstance(found, SellerOrder) else found.described
    document = {"id": found.id, "held_at": found.held_at, "held_because": found.held_because}
    held = f"held since {show.at(found.held_at)}: {show.said(found.held_because or '')}" if found.held_at else "not held"
    terminal().show(document, f"[bold]{show.said(name)}[/] · {held}")


def _tell_sums(done: list[Money], *, dry_run: bool) -> None:
    sums: dict[str, Money] = {}
    for money in done:
        sums[money.currency] = sums.get(money.currency, Money.zero(money.currency)) + money
    document = {"payouts": len(done), "sums": list(sums.values()), "dry_run": dry_run}
    total = ", ".join(str(each) for each in sums.values()) or "nothing"
    terminal().show(
        document, f"{'Would pay' if dry_run else 'Asked for'}: {len(done)} payout{'' if len(done) == 1 else 's'}, {total}."
    )


def _show(found: Payout) -> None:
    lines = [
        f"[bold]{found.id}[/] · {show.status(found.status)} · {found.money}",
        f"To the account ending in {show.said(found.last4 or '?')} · arrives {show.at(found.arrives_at)}",
    ]
    if found.failure_message:
        lines.append(f"Why not: {show.said(found.failure_message)}")
    terminal().show(_payout(found), "\n".join(lines))


def _show_statement(found: Statement, seller: Seller) -> None:
    rows = [
        (show.at(line.at), room.WORDS[line.kind], line.number or "", line.name or "", str(line.money))
        for line in found.all_lines
    ]
    document = {
        "payout": _payout(found.payout),
        "opening": found.opening,
        "closing": found.closing,
        "lines": [
            {"at": line.at, "kind": line.kind, "amount": line.money, "order": line.number, "name": line.name}
            for line in found.lines
        ],
    }
    head = f"[bold]{show.said(seller.described)}[/] · {found.payout.id} · {found.payout.money}"
    terminal().show(document, head, show.table(("When", "What", "Order", "Of", "Amount"), rows))


def _payout(found: Payout) -> dict[str, object]:
    names = (
        "id seller_id status money automatic provider_payout_id last4 requested_by requested_at arrives_at paid_at"
        " failure_code failure_message retry_of"
    )
    return {name: getattr(found, name) for name in names.split()}
