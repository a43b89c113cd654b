"""Refunds: money back to the card a charge came from, never more than is left of it."""

from __future__ import annotations

from farthing.sandbox import cards, money
from farthing.sandbox.account import Account, Job, blank_as_none, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, missing_parameter, refuse_not_here
from farthing.sandbox.ids import random_text
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import balance, charges, connect_charges
from farthing.sandbox.store import Json, Record

LIFECYCLE = Lifecycle(
    "Refund",
    {
        # Dropped when the payment it waits for never arrives.
        "pending": {"succeed": "succeeded", "fail": "failed", "drop": "canceled"},
        "requires_action": {"cancel": "canceled", "fail": "failed", "succeed": "succeeded"},
        # The bank may send it back even after it succeeded.
        "succeeded": {"fail": "failed"},
        "failed": {},
        "canceled": {},
    },
)
NOT_HERE = {
    "origin": "refunds from a customer balance",
    "customer": "refunds from a customer balance",
}


def create(account: Account, params: Json) -> Record:
    refuse_not_here(params, NOT_HERE)
    charge = _charge(account, params)
    amount = _amount(charge, params)
    if charge["status"] == "pending":
        return _wait(account, charge, amount, params)
    charges.settle(account, charge)
    prefix = "re" if "card" in charge.inner else "pyr"
    refund = account.add("refund", prefix, _fields(charge, amount, params), outcome=_outcome(charge))
    _book(account, refund, charge)
    taken_back = connect_charges.take_back(account, charge, refund, params)
    account.emit("refund.created", refund)
    _take_from(account, charge, amount)
    account.emit("charge.refunded", charge)
    for whose, type, record in taken_back:
        whose.emit(type, record)
    if charge["disputed"]:
        account.later(0, "disputes.close_refunded", charge)
    _plan(account, refund)
    return refund


def _wait(account: Account, charge: Record, amount: int, params: Json) -> Record:
    """The money has not come yet, so none goes back yet."""
    asked = {name: bool(params.get(name)) for name in ("reverse_transfer", "refund_application_fee")}
    fields = _fields(charge, amount, params) | {"pending_reason": "charge_pending", "status": "pending"}
    refund = account.add("refund", "pyr", fields, outcome=_outcome(charge), asked=asked)
    charge.inner["refunds_waiting"] = charge.inner.get("refunds_waiting", 0) + amount
    account.save(charge)
    account.emit("refund.created", refund)
    return refund


def follow(account: Account, charge: Record) -> None:
    """The bank has answered about a payment: the refunds that waited for it are made, or come to nothing."""
    waiting = account.select("refund", "json_extract(body, '$.charge') = ? ORDER BY seq", charge.id)
    charge.inner["refunds_waiting"] = 0
    account.save(charge)
    for refund in waiting:
        if refund["pending_reason"] == "charge_pending":
            _go_on(account, refund, charge)


def _go_on(account: Account, refund: Record, charge: Record) -> None:
    if charge["status"] != "succeeded":
        _update(account, refund, status=LIFECYCLE.move(refund["status"], "drop"), pending_reason=None)
        return
    charges.settle(account, charge)
    _book(account, refund, charge)
    wanted = {name: asked and charge[of] for name, of, asked in _parts(refund)}
    taken_back = connect_charges.take_back(account, charge, refund, wanted)
    _update(account, refund, status=LIFECYCLE.move(refund["status"], "succeed"), pending_reason=None)
    _take_from(account, charge, refund["amount"])
    account.emit("charge.refunded", charge)
    for whose, type, record in taken_back:
        whose.emit(type, record)


def _parts(refund: Record) -> list[tuple[str, str, bool]]:
    of = {"reverse_transfer": "transfer", "refund_application_fee": "application_fee"}
    return [(name, of[name], asked) for name, asked in refund.inner["asked"].items()]


def _charge(account: Account, params: Json) -> Record:
    if "charge" in params and "payment_intent" in params:
        raise exclusive_parameters("charge", "payment_intent")
    if "charge" in params:
        charge = account.get("charge", params["charge"], param="charge")
    elif "payment_intent" in params:
        intent = account.get("payment_intent", params["payment_intent"], param="payment_intent")
        charge = _charge_of(account, intent)
    else:
        raise missing_parameter("charge")
    if charge.inner.get("charged_back"):
        raise invalid(f"Charge {charge.id} has been charged back; cannot issue a refund.", code="charge_disputed")
    if charge["status"] == "failed" or not charge["captured"]:
        raise invalid(f"Charge {charge.id} was not captured, so it cannot be refunded.", param="charge")
    return charge


def _charge_of(account: Account, intent: Record) -> Record:
    if intent["status"] not in ("succeeded", "processing"):
        raise invalid(f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.", param="payment_intent")
    return account.get("charge", intent["latest_charge"])


def _amount(charge: Record, params: Json) -> int:
    left: int = charge["amount"] - charge["amount_refunded"] - charge.inner.get("refunds_waiting", 0)
    currency = charge["currency"]
    if charge["refunded"] or left == 0:
        raise invalid(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    amount: int = params.get("amount", left)
    money.check_positive(amount, param="amount")
    money.check_fractions(amount, currency, param="amount")
    if amount > left:
        raise invalid(
            f"Refund amount ({money.spell(amount, currency)}) is greater than unrefunded amount on charge "
            f"({money.spell(left, currency)})",
            param="amount",
        )
    return amount


def _outcome(charge: Record) -> str:
    return str(charges.card_of(charge).refunds)


def _fields(charge: Record, amount: int, params: Json) -> Json:
    waits = _outcome(charge) == cards.Refunds.ARE_PENDING
    return {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge.id,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": _destination(charge, waits=waits),
        "failure_balance_transaction": None,
        "metadata": merge_metadata({}, params.get("metadata")),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": "processing" if waits else None,
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if waits else "succeeded",
        "transfer_reversal": None,
        "instructions_email": blank_as_none(params.get("instructions_email")),
    }


def _destination(charge: Record, *, waits: bool) -> Json:
    kind = charge["payment_method_details"]["type"]
    if kind != "card":
        return {"type": kind}
    return {
        "card": {
            "reference": None if waits else random_text(23),
            "reference_status": "pending" if waits else "available",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        },
        "type": "card",
    }


def _book(account: Account, refund: Record, charge: Record) -> None:
    """It leaves the balance as the charge enters it: pending money pays for pending refunds."""
    kind = "refund" if "card" in charge.inner else "payment_refund"
    arrives = account.get("balance_transaction", charge["balance_transaction"])["available_on"]
    transaction = balance.book(account, kind, refund, -refund["amount"], available_on=arrives)
    refund["balance_transaction"] = transaction.id
    account.save(refund)


def _take_from(account: Account, charge: Record, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    account.save(charge)


def _plan(account: Account, refund: Record) -> None:
    wait = account.settings.refund_pending_seconds
    match cards.Refunds(refund.inner["outcome"]):
        case cards.Refunds.ARE_PENDING:
            account.later(wait, "refunds.succeed", refund)
        case cards.Refunds.FAIL:
            account.later(wait, "refunds.fail", refund)
        case cards.Refunds.SUCCEED:
            pass


def succeed(account: Account, refund: Record) -> None:
    if refund["status"] == "pending":
        sent = {"reference": random_text(23), "reference_status": "available"}
        details = refund["destination_details"] | {"card": refund["destination_details"]["card"] | sent}
        status = LIFECYCLE.move(refund["status"], "succeed")
        _update(account, refund, status=status, pending_reason=None, destination_details=details)


def fail(account: Account, refund: Record, reason: str = "lost_or_stolen_card") -> None:
    """The bank sent it back: the money returns to the balance, and the charge is refunded by that much less."""
    if not LIFECYCLE.allows(refund["status"], "fail"):
        return
    charge = account.get("charge", refund["charge"])
    back = balance.book(account, "refund_failure", refund, refund["amount"])
    _update(
        account,
        refund,
        status=LIFECYCLE.move(refund["status"], "fail"),
        failure_reason=reason,
        failure_balance_transaction=back.id,
        pending_reason=None,
    )
    account.emit("refund.failed", refund)
    restored = charge["amount_refunded"] - refund["amount"]
    account.update(charge, "charge.updated", amount_refunded=restored, refunded=False)


def _update(account: Account, refund: Record, **fields: object) -> None:
    before = dict(refund.body)
    account.update(refund, "refund.updated", **fields)
    account.emit("charge.refund.updated", refund, before=before)


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("refund", id)


def update(account: Account, id: str, params: Json) -> Record:
    refund = account.get("refund", id)
    account.update(refund, "refund.updated", metadata=merge_metadata(refund["metadata"], params.get("metadata")))
    return refund


def cancel(account: Account, id: str, params: Json) -> Record:
    del params
    refund = account.get("refund", id)
    if not LIFECYCLE.allows(refund["status"], "cancel"):
        raise invalid(
            f"Refund {id} has a status of {refund['status']} and cannot be canceled. Only refunds that require action can be.",
            code="intent_invalid_state",
        )
    account.update(refund, "refund.updated", status=LIFECYCLE.move(refund["status"], "cancel"))
    return refund


def expire(account: Account, id: str, params: Json) -> Record:
    """A test helper: the refund that waits for something fails now."""
    del params
    refund = account.get("refund", id)
    if refund["status"] not in ("pending", "requires_action") or not refund["balance_transaction"]:
        raise invalid(f"Refund {id} has a status of {refund['status']}: only a refund that waits can expire.")
    fail(account, refund, reason="expired_or_canceled_card")
    return refund


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "charge", "payment_intent")
    return page(account, "refund", "/v1/refunds", params, where, *values)


JOBS: dict[str, tuple[str, Job]] = {"refunds.succeed": ("refund", succeed), "refunds.fail": ("refund", fail)}
OPERATIONS = (
    Operation("POST", "/v1/refunds", "RefundCreateParams", create),
    Operation("GET", "/v1/refunds", "RefundListParams", list_),
    Operation("GET", "/v1/refunds/{id}", "RefundRetrieveParams", retrieve),
    Operation("POST", "/v1/refunds/{id}", "RefundUpdateParams", update),
    Operation("POST", "/v1/refunds/{id}/cancel", "RefundCancelParams", cancel),
    Operation("POST", "/v1/test_helpers/refunds/{id}/expire", "test_helpers.RefundExpireParams", expire),
)
