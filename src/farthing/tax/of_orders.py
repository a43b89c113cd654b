"""The tax documents of an order: the invoice with its payment, a credit note with each refund."""

from collections.abc import Iterable
from typing import Final

from farthing.catalog import Legal
from farthing.db import Transaction
from farthing.ids import LineItemId, OrderId, RefundId
from farthing.orders import LineItem, Order
from farthing.tax import store
from farthing.tax.crediting import credited
from farthing.tax.issuing import correct, issue
from farthing.tax.model import LineTax, Source, TaxDocument, TaxLine, included

RATE: Final = "tax_rate"
"""Key of `LineItem.details`: the rate of the tax that is in the line's price, as it was sold. Left out, none is known."""


async def issue_order(tx: Transaction, order: Order, legal: Legal | None) -> None:
    """The tax invoice of an order that is being paid. None of one that costs nothing. The caller holds the order's lock."""
    if legal is not None and order.total.amount > 0:
        await issue(
            tx,
            Source(order_id=order.id),
            tuple(_line(each) for each in order.lines),
            legal,
            customer=order.customer_id,
            currency=order.total.currency,
            livemode=order.livemode,
        )


async def credit_order(
    tx: Transaction, order: OrderId, refund: RefundId, parts: Iterable[tuple[LineItemId, int]]
) -> TaxDocument | None:
    """The credit note of a refund that went back: line by line, at the rate of each. The caller holds the order's lock.

    `parts`: the lines of the refund, and how many of each. A line is never credited for more than has gone back of it.
    """
    original = await store.lock_invoice(tx, Source(order_id=order))
    if original is None:
        return None
    earlier = [line for note in await store.notes_on(tx, original.id) for line in note.lines]
    rows = await tx.all(
        lambda row: (str(LineItemId.of(row["id"])), int(row["refunded_amount"])),
        "SELECT id, refunded_amount FROM line_items WHERE order_id = %(order)s",
        order=order,
    )
    back, lines = dict(rows), list[TaxLine]()
    for id, quantity in parts:
        whole, taken = ([line for line in found if line.group == str(id)] for found in (original.lines, earlier))
        missing = back[str(id)] - sum(line.total for line in taken)
        lines += credited(whole, taken, missing, whole[0].description, quantity or 1)
    return await correct(tx, original, Source(order_id=order, refund_id=refund), tuple(lines))


def _line(line: LineItem) -> TaxLine:
    taxes = (LineTax(line.tax.amount),) if line.tax else included(line.total.amount, line.details.get(RATE))
    net = line.total.amount - sum(each.amount for each in taxes)
    return TaxLine(line.name, line.quantity, net, taxes, str(line.id))
