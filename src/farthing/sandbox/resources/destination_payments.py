"""What a transfer is on the other side: a payment on the connected account, and refunds of it when it is reversed."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.resources import balance
from farthing.sandbox.store import Record

NOBODY = {
    "address": {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None},
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}


def receive(seat: Account, transfer: Record, fee: Record | None, *, available_on: int | None) -> Record:
    """No event tells of it, as on Stripe: nobody should wait for one."""
    amount = transfer["amount"]
    kept = fee["amount"] if fee else 0
    payment = seat.add(
        "charge",
        "py",
        {
            "amount": amount,
            "amount_captured": amount,
            "amount_refunded": 0,
            "application": None,
            "application_fee": fee.id if fee else None,
            "application_fee_amount": kept or None,
            "balance_transaction": None,
            "billing_details": NOBODY,
            "calculated_statement_descriptor": None,
            "captured": True,
            "currency": transfer["currency"],
            "customer": None,
            "description": None,
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "fraud_details": {},
            "metadata": {},
            "on_behalf_of": None,
            "outcome": None,
            "paid": True,
            "payment_intent": None,
            "payment_method": None,
            "payment_method_details": {"stripe_account": {}, "type": "stripe_account"},
            "receipt_email": None,
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "review": None,
            "shipping": None,
            "source_transfer": transfer.id,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "succeeded",
            "transfer_data": None,
            "transfer_group": transfer["transfer_group"],
        },
        card="visa",
    )
    booked = balance.book(seat, "payment", payment, amount, application_fee=kept, available_on=available_on)
    payment["balance_transaction"] = booked.id
    seat.save(payment)
    return payment


def give_back(seat: Account, payment: Record, amount: int, reversal: Record) -> Record:
    """The refund of this payment that a reversal is. The seller's balance may go below zero."""
    arrives = seat.get("balance_transaction", payment["balance_transaction"])["available_on"]
    refund = seat.add(
        "refund",
        "pyr",
        {
            "amount": amount,
            "balance_transaction": None,
            "charge": payment.id,
            "currency": payment["currency"],
            "customer": None,
            "customer_account": None,
            "failure_balance_transaction": None,
            "instructions_email": None,
            "metadata": {},
            "payment_intent": None,
            "payment_method": None,
            "pending_reason": None,
            "reason": None,
            "receipt_number": None,
            "source_transfer_reversal": reversal.id,
            "status": "succeeded",
            "transfer_reversal": None,
        },
        card="visa",
        outcome="succeed",
    )
    refund["balance_transaction"] = balance.book(seat, "payment_refund", refund, -amount, available_on=arrives).id
    seat.save(refund)
    payment["amount_refunded"] += amount
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    seat.save(payment)
    return refund
