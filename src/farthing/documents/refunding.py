"""A refund as document 003 asks for one: of a payment, an amount of its currency."""

from typing import Literal

from pydantic import Field

from farthing import refunds
from farthing.catalog import RefundPolicy
from farthing.db import Transaction
from farthing.documents.bodies import CamelBody, CamelShown
from farthing.http import idempotency
from farthing.http.idempotency import Answer, Key
from farthing.lifecycles import RefundStatus
from farthing.money import AMOUNT_MAX, Money
from farthing.payments import Payment
from farthing.refunds import Wanted


class NewRefund(CamelBody):
    """Without an amount, all that is left."""

    payment_id: str = Field(max_length=255, description="Ours (payment_…) or Stripe's (pi_…).")
    amount: int | None = Field(None, ge=1, le=AMOUNT_MAX, description="Minor units of the payment's currency.")
    reason: Literal["requested_by_customer", "duplicate", "fraudulent"] = "requested_by_customer"


class RefundShown(CamelShown):
    refund_id: str
    payment_id: str
    amount: int
    currency: str
    status: RefundStatus


async def refund_once(
    tx: Transaction, payment: Payment, wanted: NewRefund, key: Key | None, policy: RefundPolicy
) -> tuple[RefundShown, bool]:
    """Key, refund and answer are one commit. A job sends the refund; `status` says how far it is."""
    claim = await idempotency.claim(tx, key) if key else idempotency.Claim()
    if claim.answer is not None:
        return RefundShown.model_validate_json(claim.answer.body), True
    money = None if wanted.amount is None else Money(wanted.amount, payment.asked.currency)
    made = await refunds.create(
        tx, payment.order_id, Wanted(money, ()), reason=wanted.reason, note=None, role="server", policy=policy
    )
    shown = RefundShown(
        refund_id=str(made.id),
        payment_id=str(made.payment_id),
        amount=made.money.amount,
        currency=made.money.currency,
        status=made.status,
    )
    if key:
        await idempotency.begin(tx, key, made.id)
        await idempotency.remember(tx, key, Answer(201, shown.model_dump_json().encode()))
    return shown, False
