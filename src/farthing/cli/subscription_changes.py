"""`farthing subscriptions change-plan|pause`: a quote, and what is done with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from farthing import subscriptions as room
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.errors import Invalid
from farthing.money import Money
from farthing.subscriptions import Change, Committed

if TYPE_CHECKING:
    from rich.console import RenderableType


async def change_plan(
    subscription: str,
    plan: str | None = None,
    price: str | None = None,
    /,
    *,
    quantity: int | None = None,
    current_price: bool = False,
    when: Literal["now", "period_end"] | None = None,
    coupon: str | None = None,
    code: str | None = None,
    dry_run: bool = False,
) -> int:
    """Change plan, price or quantity of a subscription. What it costs is shown and asked for first, and is what is charged.

    For example:

        farthing subscriptions change-plan ada@example.com team --dry-run
        farthing subscriptions change-plan ada@example.com pro yearly --yes
        farthing subscriptions change-plan subscription_01k9h4w3q8fvtb7m2x5c6d0e1f --quantity 5

    Parameters
    ----------
    subscription
        Its id, the provider's (sub_…), or its customer: an email address, or your own id.
    plan
        The plan it becomes; left out, it stays.
    price
        Its price, where the plan has several: "monthly", "yearly".
    quantity
        How many seats.
    current_price
        Move to what new buyers pay, instead of the price once bought.
    when
        By default what costs more now, and what costs less with the period that is paid.
    coupon
        A coupon of the provider to put on, by itself; "" takes off what is on.
    code
        A promotion code of yours, by itself: its coupon is put on instead of what is on.
    dry_run
        Only show what it would cost.
    """
    wish = room.Wish(plan, price, quantity, None, current_price, when, coupon, code)
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.find_one(tx, subscription)
        with terminal().progress("Asking the provider what it costs"):
            quote = await room.preview_change(world, found.id, wish, actor=ACTOR)
        if dry_run:
            terminal().show(_document(quote), *_quote(quote))
            return 0
        for line in _quote(quote):
            terminal().say(line)
        terminal().confirm(f"Change {found.id}, and charge {quote.due} {_when(quote)}?")
        done = await room.commit_change(world, found.id, quote.id, actor=ACTOR)
    terminal().show(_document(done.change) | {"url": done.url}, _said(done))
    return 0


async def drop_change(subscription: str, /) -> int:
    """Call off the change that is planned for the end of the period.

    For example:

        farthing subscriptions drop-change ada@example.com

    Parameters
    ----------
    subscription
        Its id, the provider's (sub_…), or its customer: an email address, or your own id.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.find_one(tx, subscription)
            listed = await room.changes_of(tx, found.id)
        planned = next((each for each in listed if each.status == "scheduled"), None)
        if planned is None:
            terminal().show({"dropped": None}, f"Nothing is planned for {found.id}.")
            return 0
        terminal().confirm(f"Call off the change of {found.id} to {planned.quantity} × {planned.plan}?")
        dropped = await room.drop_change(world, found.id, planned.id, actor=ACTOR)
    terminal().show(_document(dropped), f"{dropped.id} is called off: {found.id} stays {found.quantity} × {found.plan}.")
    return 0


async def pause(subscription: str, /, *, until: str | None = None, reason: str | None = None, dry_run: bool = False) -> int:
    """Ask for no money until the subscription is resumed. What is paid can be used; nothing is given back.

    For example:

        farthing subscriptions pause ada@example.com --until 2027-01-31

    Parameters
    ----------
    subscription
        Its id, the provider's (sub_…), or its customer: an email address, or your own id.
    until
        A day (UTC) or moment on which it goes on by itself.
    reason
        Why, in your words.
    dry_run
        Only show what would be paused.
    """
    moment = None if until is None else _moment(until)
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.find_one(tx, subscription)
        said = f"{found.plan} of {found.amount} ({found.id})"
        ends = "it is resumed" if moment is None else show.at(moment)
        if not dry_run:
            terminal().confirm(f"Pause {said} until {ends}?")
            found = await room.pause(world, found.id, until=moment, comment=reason, actor=ACTOR)
    document = {"id": found.id, "paused": found.is_paused, "resume_at": found.resume_at, "paid_until": found.paid_until}
    verb = "would be paused" if dry_run else "is paused"
    terminal().show(document, f"{said} {verb} until {ends}; it is paid until {show.at(found.paid_until)}.")
    return 0


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text[:40]!r} is no day such as 2027-01-31, nor a moment.", param="until") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _when(quote: Change) -> str:
    return "now" if quote.effective == "now" else f"at {show.at(quote.renewal_at)}"


def _quote(quote: Change) -> list[RenderableType]:
    currency = quote.unit.currency
    rows = [
        (
            line.description or "",
            show.at(datetime.fromisoformat(line.period_end)),
            Money(line.amount, currency),
            Money(line.tax, currency),
        )
        for line in quote.lines
    ]
    table = show.table(("For", "Until", "Amount", "Tax"), rows, right=frozenset({"Amount", "Tax"}))
    becomes = f"{quote.quantity} × {show.said(quote.plan)} {show.said(quote.price or '')}"
    lines = [
        f"[bold]{quote.kind}[/] to {becomes}, {_when(quote)}",
        f"Charged now: {quote.due} (invoice {quote.total}, with tax {quote.tax})",
        f"From {show.at(quote.renewal_at)}: {quote.renewal} every {quote.interval_count} {quote.interval}",
        f"Good until {show.at(quote.expires_at)}",
    ]
    return ["\n".join(lines), *([table] if rows else [])]


def _said(done: Committed) -> str:
    change, found = done.change, done.subscription
    match change.status:
        case "done":
            return f"{found.id} is {found.quantity} × {found.plan} now; {change.due} was charged."
        case "scheduled":
            return f"{found.id} becomes {change.quantity} × {change.plan} at {show.at(change.renewal_at)}."
        case "waiting":
            return f"The payment did not come: {found.id} stays {found.plan}. It can be paid at {done.url}."
        case _:
            return f"{change.id} is {change.status}: look at it again with `farthing subscriptions show {found.id}`."


def _document(change: Change) -> dict[str, object]:
    names = (
        "id subscription_id status kind effective plan price quantity unit interval interval_count coupon total tax due renewal"
        " renewal_tax renewal_at expires_at due_at waits_until failure"
    ).split()
    return {name: getattr(change, name) for name in names}
