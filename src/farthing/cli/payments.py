"""`farthing payments`: look at payments, take or let go what is authorized, ask the provider."""

from __future__ import annotations

from typing import Literal

from farthing import payments as room
from farthing.cli import finding, opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.errors import Conflict
from farthing.ids import PaymentId
from farthing.lifecycles import PaymentStatus
from farthing.money import Money
from farthing.payments import Payment

Status = Literal["open", "processing", "authorized", "succeeded", "surplus", "canceled"]


async def list_(*, status: Status | None = None, order: str | None = None, limit: int = 25, cursor: str | None = None) -> int:
    """List payments, newest first.

    For example:

        farthing payments list --status authorized
        farthing payments list --order 1001 --json

    Parameters
    ----------
    status
        Only those in this status.
    order
        Only those of this order: its number or id.
    limit
        How many, at most 100.
    cursor
        Go on after this payment: the next_cursor of the page before.
    """
    after = PaymentId.parse(cursor) if cursor else None
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        of = None if order is None else (await finding.order(tx, order)).id
        wanted = PaymentStatus(status) if status else None
        page = await room.list_page(tx, limit=limit, cursor=after, status=wanted, order=of)
    rows = [
        (p.id, show.status(p.status), p.received or p.asked, _deadline(p), p.provider_payment_id, show.at(p.opened_at))
        for p in page.items
    ]
    columns = ("Payment", "Status", "Amount", "Capture before", "At the provider", "Opened")
    document = {"data": [_document(payment) for payment in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(columns, rows, right=frozenset({"Amount"})))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(payment: str, /) -> int:
    """Show a payment: its amount, its card, until when it can be captured, and why it failed.

    For example:

        farthing payments show payment_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    payment
        The payment's id.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        _show(await room.get(tx, PaymentId.parse(payment)))
    return 0


async def capture(payment: str, /, *, amount: str | None = None) -> int:
    """Take what is authorized, or less: then the rest is let go, and the order's price is what was taken.

    For example:

        farthing payments capture payment_01k9h4w3q8fvtb7m2x5c6d0e1f
        farthing payments capture payment_01k9h4w3q8fvtb7m2x5c6d0e1f --amount 12.50 --yes

    Parameters
    ----------
    payment
        The payment's id.
    amount
        How much, in the payment's currency, such as 12.50. Without it, all of it.
    """
    id = PaymentId.parse(payment)
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.get(tx, id)
        money = Money.parse(amount, found.asked.currency) if amount else None
        _must_be_authorized(found)
        terminal().confirm(f"Capture {money or found.asked} ({'live' if found.livemode else 'test'} mode)?")
        with terminal().progress("Asking the provider"):
            captured = await room.capture(world, id, money, actor=ACTOR)
    terminal().show(_document(captured), f"Captured {captured.received}.")
    return 0


async def void(payment: str, /) -> int:
    """Let go of what is authorized, and take nothing.

    For example:

        farthing payments void payment_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    payment
        The payment's id.
    """
    id = PaymentId.parse(payment)
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.get(tx, id)
        _must_be_authorized(found)
        terminal().confirm(f"Let go of {found.asked}?")
        with terminal().progress("Asking the provider"):
            voided = await room.void(world, id, actor=ACTOR)
    terminal().show(_document(voided), f"Nothing is kept any more: {voided.id} is {show.status(voided.status)}.")
    return 0


async def sync(payment: str, /) -> int:
    """Ask the provider how a payment stands, and record it. Harmless at any time.

    For example:

        farthing payments sync payment_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    payment
        The payment's id.
    """
    id = PaymentId.parse(payment)
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            found = await room.get(tx, id)
        if found.provider_payment_id is not None:
            with terminal().progress("Asking the provider"):
                await room.sync(world, found.provider_payment_id, actor=ACTOR)
        async with world.db.transaction(ACTOR) as tx:
            _show(await room.get(tx, id))
    return 0


def _must_be_authorized(payment: Payment) -> None:
    """Nobody is asked to confirm what would be refused."""
    if payment.status != PaymentStatus.AUTHORIZED:
        raise Conflict(f"{payment.id} is {payment.status}: only what is authorized can be captured or voided.")


def _show(payment: Payment) -> None:
    card = f"{payment.card_brand} •••• {payment.card_last4}" if payment.card_last4 else None
    rows = [
        ("Order", payment.order_id),
        ("Asked", payment.asked),
        ("Received", payment.received),
        ("Fee", payment.fee),
        ("Capture", payment.capture_method),
        ("Capture before", _deadline(payment)),
        ("Card", card),
        ("Declined", payment.failure_message if payment.received is None else None),
        ("At the provider", payment.provider_payment_id),
        ("Opened", show.at(payment.opened_at)),
    ]
    title = f"[bold]{payment.id}[/] · {show.status(payment.status)}"
    terminal().show(_document(payment), title, show.table(("", ""), [row for row in rows if row[1] is not None]))


def _deadline(payment: Payment) -> str | None:
    held = payment.status == PaymentStatus.AUTHORIZED and payment.capture_before is not None
    return show.at(payment.capture_before) if held and payment.capture_before else None


def _document(payment: Payment) -> dict[str, object]:
    names = (
        "id order_id status asked received fee capture_method capture_before card_brand card_last4 failure_code"
        " failure_message surplus_reason provider_payment_id opened_at succeeded_at"
    )
    return {name: getattr(payment, name) for name in names.split()}
