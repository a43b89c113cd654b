"""Transfer reversals: a transfer taken back, in part or whole, by itself or with a refund."""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import invalid, no_such
from farthing.sandbox.listing import cut, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import application_fees, balance, destination_payments
from farthing.sandbox.store import Json, Record


def create(account: Account, transfer: str, params: Json) -> Record:
    """Asked for by itself it needs the seller's balance; only a refund may push that below zero."""
    record = account.get("transfer", transfer)
    amount = _amount(record, params)
    seat = account.seat(record["destination"])
    if balance.total(seat, record["currency"]) < amount:
        raise invalid(
            "The connected account does not have sufficient funds to cover the reversal of this transfer.",
            code="balance_insufficient",
        )
    reversal = take_back(account, record, amount, metadata=merge_metadata({}, params.get("metadata")))
    account.emit("transfer.reversed", record)
    if params.get("refund_application_fee") and record.inner.get("application_fee"):
        fee = account.get("application_fee", record.inner["application_fee"])
        application_fees.give_back_share(account, fee, record["amount_reversed"], record["amount"])
        account.emit("application_fee.refunded", fee)
    return reversal


def _amount(transfer: Record, params: Json) -> int:
    left: int = transfer["amount"] - transfer["amount_reversed"]
    amount: int = params.get("amount", left)
    if left == 0:
        raise invalid(f"Transfer {transfer.id} is already fully reversed.", code="transfer_already_reversed")
    money.check_positive(amount, param="amount")
    if amount > left:
        currency = transfer["currency"]
        raise invalid(
            f"Transfer reversal amount ({money.spell(amount, currency)}) is greater than unreversed amount on transfer "
            f"({money.spell(left, currency)})",
            param="amount",
        )
    return amount


def take_back(
    account: Account, transfer: Record, amount: int, *, refund: Record | None = None, metadata: Json | None = None
) -> Record:
    """Both sides at once; the caller tells of it."""
    ready = account.get("balance_transaction", transfer["balance_transaction"])["available_on"]
    reversal = account.add(
        "transfer_reversal",
        "trr",
        {
            "amount": amount,
            "balance_transaction": None,
            "currency": transfer["currency"],
            "destination_payment_refund": None,
            "metadata": metadata or {},
            "source_refund": refund.id if refund else None,
            "transfer": transfer.id,
        },
    )
    booked = balance.book(account, "transfer_refund", reversal, amount, available_on=ready)
    seat = account.seat(transfer["destination"])
    payment = seat.get("charge", transfer["destination_payment"])
    given = destination_payments.give_back(seat, payment, amount, reversal)
    reversal.body |= {"balance_transaction": booked.id, "destination_payment_refund": given.id}
    account.save(reversal)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    show(account, transfer)
    account.save(transfer)
    return reversal


def show(account: Account, transfer: Record) -> None:
    made = account.select("transfer_reversal", "json_extract(body, '$.transfer') = ?", transfer.id)
    transfer["reversals"] = cut([each.body for each in made], f"/v1/transfers/{transfer.id}/reversals", {})


def share(transfer: Record, part: int, whole: int) -> int:
    """What must still be reversed when `part` of the charge of `whole` has been refunded by now, all told."""
    amount, reversed_ = int(transfer["amount"]), int(transfer["amount_reversed"])
    return max(min(amount * part // whole, amount) - reversed_, 0)


def _find(account: Account, transfer: str, id: str) -> Record:
    account.get("transfer", transfer)
    reversal = account.get("transfer_reversal", id)
    if reversal["transfer"] != transfer:
        raise no_such("transfer reversal", id)
    return reversal


def retrieve(account: Account, transfer: str, id: str, params: Json) -> Record:
    del params
    return _find(account, transfer, id)


def update(account: Account, transfer: str, id: str, params: Json) -> Record:
    reversal = _find(account, transfer, id)
    reversal["metadata"] = merge_metadata(reversal["metadata"], params.get("metadata"))
    account.save(reversal)
    owner = account.get("transfer", transfer)
    show(account, owner)
    account.save(owner)
    return reversal


def list_(account: Account, transfer: str, params: Json) -> Json:
    account.get("transfer", transfer)
    url = f"/v1/transfers/{transfer}/reversals"
    return page(account, "transfer_reversal", url, params, "json_extract(body, '$.transfer') = ?", transfer)


OPERATIONS = (
    Operation("POST", "/v1/transfers/{transfer}/reversals", "TransferReversalCreateParams", create),
    Operation("GET", "/v1/transfers/{transfer}/reversals", "TransferReversalListParams", list_),
    Operation("GET", "/v1/transfers/{transfer}/reversals/{id}", "TransferReversalRetrieveParams", retrieve),
    Operation("POST", "/v1/transfers/{transfer}/reversals/{id}", "TransferReversalUpdateParams", update),
)
