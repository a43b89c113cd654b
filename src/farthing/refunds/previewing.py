"""`preview`: who would bear what, and what would become of the order. Changes nothing; what it says can be held to."""

from collections.abc import Sequence

from farthing import ledger, orders, payments
from farthing.catalog import RefundPolicy
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Payment, RefundLine, Standing
from farthing.refunds.model import Posting, Preview, PreviewLine, Wanted, total_of


async def preview(tx: Transaction, order_id: OrderId, wanted: Wanted, policy: RefundPolicy) -> Preview:
    """What the refund would do now. Raises what the refund would raise."""
    payment, parts = await payments.plan(tx, order_id, wanted.money, wanted.lines)
    order = await orders.get(tx, order_id)
    return figures(order, payment, await payments.standings(tx, order), parts, policy)


def check_figure(seen: Preview, figure: str | None) -> None:
    """Raise Conflict with the new figures where they are not those that somebody looked at."""
    if figure is not None and figure != seen.figure:
        moved = f"Something moved since the preview: now {seen.money} would go back, and {seen.left} be left. Look again."
        raise Conflict(moved, param="preview", extra={"preview": {"figure": seen.figure, "amount": seen.money.amount}})


def figures(
    order: Order, payment: Payment, standings: Sequence[Standing], parts: Sequence[RefundLine], policy: RefundPolicy
) -> Preview:
    by_line = {standing.line.id: standing for standing in standings}
    lines = tuple(_line(by_line[part.line], part) for part in parts)
    currency = order.total.currency

    def money(amount: int) -> Money:
        return Money(amount, currency)

    total = sum(part.amount for part in parts)
    tax, organization, seller = (total_of(lines, name) for name in ("tax", "organization_fee", "seller_share"))
    left = payment.refundable - money(total)
    on_its_way = payment.refunding_amount + payment.refunded_amount
    # What a bank withholds because of a dispute is not left, and not back either.
    whole = payment.received is not None and on_its_way + total == payment.received.amount
    gone = {line.line for line in lines if line.gone}
    revoked = [feature for line in order.lines if line.id in gone or (whole and not line.total) for feature in line.features]
    return Preview(
        order_id=order.id,
        payment_id=payment.id,
        money=money(total),
        tax=money(tax),
        platform_fee=money(total_of(lines, "platform_fee")),
        organization_fee=money(organization),
        seller_share=money(seller),
        revenue=money(total - tax - organization - seller),
        fee_kept=_fee_kept(payment, on_its_way, total),
        left=left,
        order_becomes=OrderStatus.REFUNDED if whole else order.status,
        revoked=tuple(dict.fromkeys(revoked)),
        needs_second=policy.needs_second(money(on_its_way + total)),
        lines=lines,
        postings=(
            Posting(ledger.REFUNDS_OWED.name, ledger.REFUNDS.name, money(total)),
            Posting(ledger.provider(payment.provider).name, ledger.REFUNDS_OWED.name, money(total)),
        ),
    )


def _line(standing: Standing, part: RefundLine) -> PreviewLine:
    platform, organization, seller = part.split
    return PreviewLine(
        line=part.line,
        product=standing.line.product,
        quantity=part.quantity,
        amount=part.amount,
        tax=part.tax,
        discount=part.discount,
        platform_fee=platform,
        organization_fee=organization,
        seller_share=seller,
        gone=part.amount == standing.left,
    )


def _fee_kept(payment: Payment, before: int, amount: int) -> Money | None:
    """Stripe keeps its fee when money goes back: https://docs.stripe.com/refunds."""
    if payment.fee is None or payment.received is None:
        return None
    fee, whole = payment.fee.amount, payment.received.amount
    kept = payments.scaled(fee, payments.scaled(fee, 0, before, whole), before + amount, whole)
    return Money(kept, payment.fee.currency)
