"""What a refund gives back of each line, and of the line's tax, discount and split. Pure, and exact to the last unit.

Every part follows the running total: after any sequence of refunds each part is what the whole so far says, rounded by the
largest remainder, so that nothing drifts and the last refund ends at exactly what was paid.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import LineItemId
from farthing.money import Money, apportion
from farthing.orders import LineItem
from farthing.payments.model import WantedLine

SPLIT: Final = ("platform_fee_amount", "organization_fee_amount", "seller_share_amount")
"""Keys of `LineItem.details`: who shares the line's total, in minor units of its currency. What they leave is the shop's."""


@dataclass(frozen=True, slots=True)
class RefundLine:
    """What one refund gives back of one line. Amounts are minor units of the refund's currency."""

    line: LineItemId
    chosen: bool
    """Somebody named this line; otherwise an amount was spread over all of them."""
    quantity: int
    amount: int
    """What the buyer gets: tax is in it, discount is not."""
    tax: int
    discount: int
    split: tuple[int, int, int] = (0, 0, 0)
    """Of the platform, the organization and the seller."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A line, and what has gone back of it or is on its way."""

    line: LineItem
    refunding: int
    refunded: int
    quantity: int
    tax: int
    discount: int
    split: tuple[int, int, int]
    chosen: int
    """The part of it that was asked for by line."""
    exchanged: int = 0
    """What of its price pays for something else that its buyer takes instead, and how many came back for that."""
    exchanged_quantity: int = 0

    @property
    def total(self) -> int:
        return self.line.total.amount

    @property
    def taken(self) -> int:
        return self.refunding + self.refunded

    @property
    def left(self) -> int:
        return self.total - self.taken

    @property
    def units_left(self) -> int:
        return self.line.quantity - self.quantity

    @property
    def is_back(self) -> bool:
        """All that was paid for it is with the buyer. Nothing is paid for a line that costs nothing."""
        return self.total > 0 and self.refunded == self.total


def without_exchanged(standing: Standing) -> Standing:
    """As if what pays for something else had gone back: nobody is given that as money."""
    amount = min(standing.exchanged, standing.left)
    if not amount and not standing.exchanged_quantity:
        return standing
    part = _part(standing, amount, min(standing.exchanged_quantity, standing.units_left), chosen=True)
    shared = [before + more for before, more in zip(standing.split, part.split, strict=True)]
    return replace(
        standing,
        refunding=standing.refunding + part.amount,
        quantity=standing.quantity + part.quantity,
        tax=standing.tax + part.tax,
        discount=standing.discount + part.discount,
        split=(shared[0], shared[1], shared[2]),
        chosen=standing.chosen + part.amount,
        exchanged=0,
        exchanged_quantity=0,
    )


def scaled(part: int, taken: int, done: int, whole: int) -> int:
    """How much of `part` goes along when `done` of `whole` is back, and `taken` of it went along before."""
    wanted = part if done == whole else (2 * part * done + whole) // (2 * whole)
    return min(max(wanted - taken, 0), part - taken)


def split_of(line: LineItem) -> tuple[int, int, int]:
    """Who shares the line, as it was sold; nobody where nothing is said, or where it cannot be a part of the total."""
    found = [line.details.get(key, 0) for key in SPLIT]
    parts = [part if type(part) is int and part >= 0 else 0 for part in found]
    return (parts[0], parts[1], parts[2]) if sum(parts) <= line.total.amount else (0, 0, 0)


def spread(standings: Sequence[Standing], money: Money) -> list[RefundLine]:
    """An amount over all lines, by what they cost. What was given back by line counts for neither side."""
    if money.amount > sum(standing.left for standing in standings):
        raise Conflict(f"The lines have {sum(standing.left for standing in standings)} left to refund, not {money.amount}.")
    totals = [standing.total - standing.chosen for standing in standings]
    taken = [standing.taken - standing.chosen for standing in standings]
    amounts = apportion(money.amount, totals, taken)
    found = []
    for standing, amount in zip(standings, amounts, strict=True):
        units = standing.units_left if amount == standing.left else 0
        if amount:
            found.append(_part(standing, amount, units, chosen=False))
    return found


def lost_of(standings: Sequence[Standing], lost: Money) -> list[tuple[LineItemId, Money]]:
    """What of a loss falls on each line, without its tax: by what is left of them. What went back before, we alone lose."""
    left = [standing.left for standing in standings]
    money = min(lost, Money(sum(left), lost.currency))
    if not money:
        return []
    found = []
    for standing, part in zip(standings, money.split(left), strict=True):
        after = standing.taken + part.amount
        tax = scaled(standing.line.tax.amount, standing.tax, after, standing.total) if part else 0
        found.append((standing.line.id, part - Money(tax, lost.currency)))
    return [(line, part) for line, part in found if part]


def choose(standings: Sequence[Standing], wanted: Iterable[WantedLine]) -> list[RefundLine]:
    """What goes back of the lines that are named. Raises NotFound, Invalid or Conflict for what cannot."""
    by_id = {standing.line.id: standing for standing in standings}
    found: dict[LineItemId, RefundLine] = {}
    for each in wanted:
        if each.line not in by_id:
            raise NotFound(f"There is no line item {each.line} in this order.")
        if each.line in found:
            raise Invalid(f"{each.line} is named twice: name each line once.", param="lines")
        found[each.line] = _chosen(by_id[each.line], each)
    if not found:
        raise Invalid("No line is named: name one, or leave `lines` out.", param="lines")
    return list(found.values())


def _chosen(standing: Standing, wanted: WantedLine) -> RefundLine:
    line = standing.line
    if not standing.left:
        raise Conflict(f"{line.id} ({line.product}) has nothing left to refund: all of it went back, or is on its way.")
    if wanted.quantity is not None and wanted.quantity <= 0:
        raise Invalid("The quantity of a refund is positive.", param="quantity")
    if (wanted.quantity or 0) > standing.units_left:
        raise Conflict(f"{line.id} ({line.product}) has {standing.units_left} left to give back, not {wanted.quantity}.")
    if wanted.amount is not None:
        amount = _checked(standing, wanted.amount)
    elif wanted.quantity is not None:
        amount = price_of(standing, wanted.quantity)
    else:
        amount = standing.left
    units = wanted.quantity or 0
    return _part(standing, amount, standing.units_left if amount == standing.left else units, chosen=True)


def _checked(standing: Standing, money: Money) -> int:
    line = standing.line
    if money.currency != line.total.currency:
        raise Invalid(f"{line.id} was sold in {line.total.currency}, not {money.currency}.", param="amount")
    if money.amount <= 0:
        raise Invalid("The amount of a refund is positive.", param="amount")
    if money.amount > standing.left:
        left = Money(standing.left, money.currency)
        raise Conflict(f"{line.id} ({line.product}) has {left} left to refund, not {money}.")
    return money.amount


def price_of(standing: Standing, quantity: int) -> int:
    """What so many more of it cost: by the running total as well, so that all of them cost what was paid."""
    count, before = standing.line.quantity, standing.quantity
    prices = [(2 * standing.total * units + count) // (2 * count) for units in (before, before + quantity)]
    return min(prices[1] - prices[0], standing.left)


def _part(standing: Standing, amount: int, quantity: int, *, chosen: bool) -> RefundLine:
    line, total, after = standing.line, standing.total, standing.taken + amount
    taken, tax = standing.taken, line.tax.amount
    _, tax_part = apportion(amount, [total - tax, tax], [taken - standing.tax, standing.tax])
    parts = split_of(line)
    shares = apportion(amount, [*parts, total - sum(parts)], [*standing.split, taken - sum(standing.split)])
    return RefundLine(
        line=line.id,
        chosen=chosen,
        quantity=quantity,
        amount=amount,
        tax=tax_part,
        discount=scaled(line.discount.amount, standing.discount, after, total),
        split=(shares[0], shares[1], shares[2]),
    )
