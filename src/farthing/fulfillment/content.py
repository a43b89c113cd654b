"""Kind "content": the buyer owns a content of the host's, once, and its price is shared with those who sell it."""

from farthing import purchases
from farthing.db import Transaction
from farthing.errors import AlreadyPurchased
from farthing.ids import CustomerId
from farthing.lifecycles import PurchaseStatus
from farthing.money import Money
from farthing.orders import LineItem, NewLine, Order


async def check(tx: Transaction, customer: CustomerId, line: NewLine) -> NewLine:
    """Raises AlreadyPurchased. Two pages at once are let through: whichever is paid second goes back."""
    reference = line.details["reference"]
    standing = await purchases.find_standing(tx, customer, reference)
    if standing is not None and standing.status == PurchaseStatus.SUSPENDED:
        raise AlreadyPurchased(
            f"The customer bought the content {reference[:64]!r}, and disputes the payment: it cannot be bought again before"
            " the bank has decided.",
            param="content",
        )
    if standing is not None:
        raise AlreadyPurchased(f"The customer owns the content {reference[:64]!r} already.", param="content")
    return line


async def refusal(tx: Transaction, order: Order, line: LineItem) -> str | None:
    return await purchases.refusal(tx, order, line)


async def grant(tx: Transaction, order: Order, line: LineItem) -> None:
    await purchases.record(tx, order, line)


async def revoke(tx: Transaction, order: Order, line: LineItem) -> None:
    await purchases.revoke(tx, line.id)


async def suspend(tx: Transaction, order: Order, line: LineItem) -> None:
    await purchases.suspend(tx, line.id)


async def restore(tx: Transaction, order: Order, line: LineItem) -> None:
    await purchases.restore(tx, line.id)


async def reverse(tx: Transaction, line: LineItem, reference: str, money: Money) -> None:
    await purchases.reverse(tx, line.id, reference, money)


async def withdraw_reversal(tx: Transaction, line: LineItem, reference: str) -> None:
    await purchases.withdraw_reversal(tx, line.id, reference)
