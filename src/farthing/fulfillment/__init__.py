"""What a paid line item turns into: one file for each kind of product."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from farthing import orders
from farthing.db import Transaction
from farthing.fulfillment.job_posting import CheckJob, JobPostings
from farthing.fulfillment.kind import (
    Accompanied,
    Checked,
    Holding,
    Kind,
    Limited,
    Placing,
    Proof,
    Proven,
    Refusing,
    Sent,
    Sharing,
    Suspending,
    Used,
)
from farthing.fulfillment.kinds import KINDS, kind_of, registered
from farthing.fulfillment.service import advance_to
from farthing.fulfillment.store import Fulfillment, of_order, to_do
from farthing.ids import CustomerId
from farthing.money import Money
from farthing.orders import LineItem, NewLine, Order

OWN_KIND: Final = "own_kind"
"""In `details`: the application put a kind of its own in the place of ours."""


async def left(tx: Transaction, lines: Sequence[NewLine]) -> None:
    """Raise OutOfStock where there is not enough for these lines at this moment, before anything is written."""
    for name in sorted({line.kind for line in lines}):
        kind = kind_of(tx, name)
        if isinstance(kind, Limited):
            await kind.left(tx, [line for line in lines if line.kind == name])


async def check(tx: Transaction, customer: CustomerId, line: NewLine) -> NewLine:
    """Whether this customer may buy the line now, in the transaction that places the order. Raises as the kind says.

    An add-on that is bought later must belong to a line of theirs that is paid.
    """
    if (base := await orders.base_of(tx, customer, line)) is not None:
        order, accompanied = base
        kind = kind_of(tx, accompanied.kind)
        if isinstance(kind, Accompanied):
            await kind.check_addon(tx, order, accompanied, line)
    kind = kind_of(tx, line.kind)
    if line.kind in KINDS and kind is not KINDS[line.kind] and not isinstance(kind, JobPostings):
        # What the application does instead of us is not ours to check.
        line = replace(line, details={**line.details, OWN_KIND: True})
    return await kind.check(tx, customer, line) if isinstance(kind, Checked) else line


async def place(tx: Transaction, order: Order) -> None:
    """Keep what the order needs while its buyer pays, in the transaction that places it. Raises as the kinds say."""
    for name in sorted({line.kind for line in order.lines}):
        kind = kind_of(tx, name)
        if isinstance(kind, Placing):
            await kind.place(tx, order, [line for line in order.lines if line.kind == name])


async def used(tx: Transaction, order: Order, line: LineItem) -> Money:
    """How much of what was paid for the line is used up, by what its kind says; nothing where it says nothing."""
    kind = kind_of(tx, line.kind)
    return await kind.used(tx, order, line) if isinstance(kind, Used) else Money.zero(line.amount.currency)


async def goes_back_unseen(tx: Transaction, line: LineItem, *, whole: bool) -> bool:
    """Whether a refund of the line may be granted by policy alone: not what its buyer has, or will be sent."""
    kind = kind_of(tx, line.kind)
    return await kind.goes_back_unseen(tx, line, whole=whole) if isinstance(kind, Sent) else True


async def hold(tx: Transaction, order: Order, line: LineItem, reference: str, money: Money) -> None:
    """A refund of so much of the line is promised: what it pays for is set aside, where its kind can do that."""
    kind = kind_of(tx, line.kind)
    if isinstance(kind, Holding):
        await kind.hold(tx, order, line, reference, money)


async def let_go(tx: Transaction, order: Order, line: LineItem, reference: str) -> None:
    """That refund failed, or was called off."""
    kind = kind_of(tx, line.kind)
    if isinstance(kind, Holding):
        await kind.let_go(tx, order, line, reference)


async def proofs(tx: Transaction, order: Order) -> list[Proof]:
    """What the buyer was given of the order, and used, oldest first."""
    found: list[Proof] = []
    for line in order.lines:
        kind = kind_of(tx, line.kind)
        if isinstance(kind, Proven):
            found += await kind.proofs(tx, order, line)
    return sorted(found, key=lambda proof: proof.at)


async def refusal(tx: Transaction, order: Order) -> str | None:
    """Why the order cannot be handed over although it is being paid; None where it can. Whoever asks goes on in the same
    transaction. What other orders might ask for as well is asked for in one order, so that two never wait for each other.
    """
    for line in sorted(order.lines, key=lambda line: (line.kind, str(line.details.get("reference")))):
        kind = kind_of(tx, line.kind)
        if isinstance(kind, Refusing) and (reason := await kind.refusal(tx, order, line)):
            return reason
        later = line.addon_to is not None and all(each.id != line.addon_to for each in order.lines)
        if later and not await orders.accompanies_something(tx, line):
            return "accompanies_nothing"
    return None


async def reverse(tx: Transaction, line: LineItem, reference: str, money: Money) -> None:
    """So much of what was paid for the line, without tax, goes back with this refund or dispute: who shared in it bears it."""
    kind = kind_of(tx, line.kind)
    if isinstance(kind, Sharing):
        await kind.reverse(tx, line, reference, money)


async def withdraw_reversal(tx: Transaction, line: LineItem, reference: str) -> None:
    """That refund or dispute took nothing after all."""
    kind = kind_of(tx, line.kind)
    if isinstance(kind, Sharing):
        await kind.withdraw_reversal(tx, line, reference)


async def grant(tx: Transaction, order: Order) -> None:
    """Hand over every line of a paid order, in the transaction that marks it paid. Harmless when repeated."""
    for line in order.lines:
        await grant_line(tx, order, line)


async def revoke(tx: Transaction, order: Order) -> None:
    """Take back every line: the whole price is back with the buyer."""
    for line in order.lines:
        await revoke_line(tx, order, line)


async def suspend(tx: Transaction, order: Order) -> None:
    """Take back every line until a dispute is decided."""
    for line in order.lines:
        kind = kind_of(tx, line.kind)
        if isinstance(kind, Suspending):
            await kind.suspend(tx, order, line)
            await _tell_base(tx, order, line, added=False)
        else:
            await revoke_line(tx, order, line)


async def revoke_suspended(tx: Transaction, order: Order) -> None:
    """The dispute is lost: what was taken back for its time is taken back for good. Harmless when repeated."""
    for line in order.lines:
        kind = kind_of(tx, line.kind)
        if isinstance(kind, Suspending):
            await kind.revoke(tx, order, line)


async def restore(tx: Transaction, order: Order) -> None:
    """Hand over again what was taken back: the refund did not happen after all."""
    for line in order.lines:
        await restore_line(tx, order, line)


async def grant_line(tx: Transaction, order: Order, line: LineItem) -> None:
    await kind_of(tx, line.kind).grant(tx, order, line)
    await _tell_base(tx, order, line, added=True)


async def revoke_line(tx: Transaction, order: Order, line: LineItem) -> None:
    """Take back one line: all that was paid for it is back with the buyer."""
    await kind_of(tx, line.kind).revoke(tx, order, line)
    await _tell_base(tx, order, line, added=False)


async def restore_line(tx: Transaction, order: Order, line: LineItem) -> None:
    """Hand one line over again. Not while a dispute holds the order: then that does it when it is over."""
    if order.access_held_at is not None:
        return
    await kind_of(tx, line.kind).restore(tx, order, line)
    await _tell_base(tx, order, line, added=True)


async def _tell_base(tx: Transaction, order: Order, line: LineItem, *, added: bool) -> None:
    """The line that an add-on accompanies hears of it."""
    if line.addon_to is None:
        return
    own = next((each for each in order.lines if each.id == line.addon_to), None)
    base_order, base = await orders.base_line(tx, line) if own is None else (order, own)
    kind = kind_of(tx, base.kind)
    if isinstance(kind, Accompanied):
        await (kind.add if added else kind.remove)(tx, base_order, base, line)


__all__ = [
    "KINDS",
    "Accompanied",
    "CheckJob",
    "Checked",
    "Fulfillment",
    "Holding",
    "Kind",
    "Limited",
    "Placing",
    "Proof",
    "Proven",
    "Refusing",
    "Sharing",
    "Suspending",
    "Used",
    "advance_to",
    "check",
    "grant",
    "grant_line",
    "hold",
    "kind_of",
    "left",
    "let_go",
    "of_order",
    "place",
    "proofs",
    "refusal",
    "registered",
    "restore",
    "restore_line",
    "reverse",
    "revoke",
    "revoke_line",
    "revoke_suspended",
    "suspend",
    "to_do",
    "used",
    "withdraw_reversal",
]
