"""The evidence pack: what we know of an order, in the words and fields that a bank reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from farthing import customers, emails, fulfillment, orders, payments
from farthing.catalog import Catalog
from farthing.customers import Customer
from farthing.db import Transaction
from farthing.disputes.model import FIELDS, TEXT_MAX, Dispute
from farthing.emails import Email
from farthing.fulfillment import Proof
from farthing.lifecycles import RefundStatus
from farthing.orders import Order
from farthing.payments import Payment, Refund


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that may speak for us."""

    dispute: Dispute
    order: Order
    payment: Payment
    customer: Customer
    refunds: Sequence[Refund]
    proofs: Sequence[Proof]
    emails: Sequence[Email]
    shop: str
    refund_policy: str | None


async def collect(tx: Transaction, catalog: Catalog, dispute: Dispute) -> dict[str, str]:
    """Gather what our own records say. Changes nothing."""
    order = await orders.get(tx, dispute.order_id)
    return written(
        Known(
            dispute=dispute,
            order=order,
            payment=await payments.get(tx, dispute.payment_id),
            customer=await customers.get(tx, order.customer_id),
            refunds=await payments.refunds_of_order(tx, order.id),
            proofs=await fulfillment.proofs(tx, order),
            emails=await emails.of_order(tx, order.id),
            shop=catalog.shop.name,
            refund_policy=catalog.disputes.refund_policy,
        )
    )


def written(known: Known) -> dict[str, str]:
    """Fields with what we know of them; what we do not know is left out. Pure."""
    texts: Mapping[str, str | None] = {
        "product_description": _products(known.order),
        "customer_name": known.customer.name,
        "customer_email_address": known.order.email or known.customer.email,
        "service_date": None if known.order.paid_at is None else f"{known.order.paid_at:%Y-%m-%d}",
        "access_activity_log": "\n".join(f"{_moment(proof.at)}  {proof.text}" for proof in known.proofs),
        "refund_policy_disclosure": known.refund_policy,
        "refund_refusal_explanation": _refunded(known),
        "uncategorized_text": _story(known),
    }
    return {name: _short(text) for name in FIELDS if (text := texts.get(name))}


def _products(order: Order) -> str:
    return "\n".join(f"{line.quantity} × {line.name}, {line.total}" for line in order.lines)


def _refunded(known: Known) -> str | None:
    """A buyer who has a refund already may not have noticed: for the bank that is the whole answer."""
    done = [refund for refund in known.refunds if refund.status == RefundStatus.SUCCEEDED]
    return "\n".join(
        f"{refund.money} was refunded on {refund.succeeded_at:%Y-%m-%d} ({refund.provider_refund_id})." for refund in done
    )


def _story(known: Known) -> str:
    order, payment = known.order, known.payment
    card = f" with the {payment.card_brand} card ending in {payment.card_last4}" if payment.card_last4 else ""
    lines = [
        f"Order {order.number} at {known.shop}.",
        f"{_moment(order.placed_at)}  The buyer placed the order: {order.total} in all.",
    ]
    if payment.succeeded_at is not None:
        lines.append(
            f"{_moment(payment.succeeded_at)}  The buyer paid {payment.received}{card} ({payment.provider_payment_id})."
        )
    lines += [
        f"{_moment(email.sent_at)}  We wrote to {email.recipient}: {email.subject}"
        for email in known.emails
        if email.sent_at is not None
    ]
    return "\n".join(lines)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _short(text: str) -> str:
    """The newest of a long log says most."""
    return text if len(text) <= TEXT_MAX else "…" + text[-(TEXT_MAX - 1) :]
