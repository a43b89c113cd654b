"""Giving back what so many units of a line cost, for who takes them back: what is called off, and what comes back."""

from collections.abc import Sequence
from dataclasses import dataclass

from farthing import payments
from farthing.catalog import RefundPolicy, RefundRole
from farthing.db import Transaction
from farthing.ids import LineItemId
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Refund, Standing, WantedLine
from farthing.refunds.actions import check_person, with_earlier
from farthing.refunds.limits import check_one_is_enough

WHOLE_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Units:
    """So many of a line, less what is kept of their price: in hundredths of a percent, and in minor units besides.
    `rest`: all that is left of the line."""

    line: LineItemId
    quantity: int
    kept_points: int = 0
    rest: bool = False
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Judge:
    """Whose word it is, and what that is good for."""

    role: RefundRole
    policy: RefundPolicy


async def give_back(
    tx: Transaction, order: Order, units: Sequence[Units], *, note: str | None, judge: Judge | None = None
) -> Refund | None:
    """Promise what the units cost, as far as it did not go back before; None where nothing is left. The order is locked.

    With a `judge` as `create` does: raises Forbidden or Conflict above what one person may. Raises Conflict where the bank
    holds the money.
    """
    lines = _wanted(await payments.standings(tx, order), units)
    if not lines:
        return None
    payment, parts = await payments.plan(tx, order.id, None, lines)
    total = Money(sum(part.amount for part in parts), payment.asked.currency)
    if judge is not None:
        check_one_is_enough(judge.policy, with_earlier(payment, total))
        await check_person(tx, judge.policy, judge.role, total)
    return await payments.promise(tx, payment, total, reason="requested_by_customer", note=note, parts=parts)


async def worth(tx: Transaction, order: Order, units: Sequence[Units]) -> list[Money]:
    """What `give_back` would give for each of them, before anything is kept. Changes nothing."""
    by_line = {standing.line.id: standing for standing in await payments.standings(tx, order)}
    counts = [(by_line[each.line], min(each.quantity, by_line[each.line].units_left)) for each in units]
    return [Money(payments.price_of(standing, count) if count else 0, order.total.currency) for standing, count in counts]


def _wanted(standings: Sequence[Standing], units: Sequence[Units]) -> list[WantedLine]:
    by_line = {standing.line.id: standing for standing in standings}
    found = []
    for each in units:
        standing = by_line[each.line]
        count = min(each.quantity, standing.units_left)
        if each.rest and standing.left:
            found.append(WantedLine(each.line))
        elif count and standing.left:
            price = payments.price_of(standing, count)
            amount = price - price * each.kept_points // WHOLE_POINTS - each.kept
            if amount > 0:
                found.append(WantedLine(each.line, count, Money(amount, standing.line.total.currency)))
    return found
