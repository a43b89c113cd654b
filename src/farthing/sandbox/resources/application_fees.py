"""Application fees: what the platform keeps of a charge for a connected account, and what it gives back of that."""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import invalid, no_such
from farthing.sandbox.listing import cut, equals, listed, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import balance
from farthing.sandbox.store import Json, Record


def collect(platform: Account, seller: str, charge: Record, amount: int) -> Record:
    """The object alone; `earn` books it. A destination charge needs the fee's id before its money has moved."""
    fee = platform.add(
        "application_fee",
        "fee",
        {
            "account": seller,
            "amount": amount,
            "amount_refunded": 0,
            "application": balance.application_of(platform),
            "balance_transaction": None,
            "charge": charge.id,
            "currency": charge["currency"],
            "fee_source": {"charge": charge.id, "type": "charge"},
            "originating_transaction": None,
            "refunded": False,
            "refunds": listed([], ""),
        },
    )
    fee["refunds"]["url"] = f"/v1/application_fees/{fee.id}/refunds"
    platform.save(fee)
    return fee


def earn(platform: Account, fee: Record, *, available_on: int | None, **fields: object) -> None:
    fee.body |= fields
    fee["balance_transaction"] = balance.book(platform, "application_fee", fee, fee["amount"], available_on=available_on).id
    platform.save(fee)


def give_back_share(platform: Account, fee: Record, part: int, whole: int) -> None:
    """As much of the fee as `part` is of `whole`, less what was given back before; the caller tells of it."""
    amount = fee["amount"] * part // whole - fee["amount_refunded"]
    if amount > 0:
        give_back(platform, fee, amount)


def give_back(platform: Account, fee: Record, amount: int, metadata: Json | None = None) -> Record:
    refund = platform.add(
        "fee_refund",
        "fr",
        {
            "amount": amount,
            "balance_transaction": None,
            "currency": fee["currency"],
            "fee": fee.id,
            "metadata": metadata or {},
        },
    )
    ready = platform.get("balance_transaction", fee["balance_transaction"])["available_on"]
    booked = balance.book(platform, "application_fee_refund", refund, -amount, available_on=ready)
    refund["balance_transaction"] = booked.id
    platform.save(refund)
    seat = platform.seat(fee["account"])
    there = balance.at_the_same_distance(platform, seat, ready)
    balance.book(seat, "application_fee_refund", refund, amount, available_on=there)
    fee["amount_refunded"] += amount
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    _show(platform, fee)
    platform.save(fee)
    return refund


def _show(platform: Account, fee: Record) -> None:
    made = platform.select("fee_refund", "json_extract(body, '$.fee') = ?", fee.id)
    fee["refunds"] = cut([each.body for each in made], f"/v1/application_fees/{fee.id}/refunds", {})


# Asked for over the API


def refund(account: Account, id: str, params: Json) -> Record:
    fee = account.get("application_fee", id)
    left = fee["amount"] - fee["amount_refunded"]
    amount = params.get("amount", left)
    if left == 0:
        raise invalid(f"Application fee {id} has already been refunded.", code="application_fee_already_refunded")
    money.check_positive(amount, param="amount")
    if amount > left:
        currency = fee["currency"]
        raise invalid(
            f"Refund amount ({money.spell(amount, currency)}) is greater than unrefunded amount on application fee "
            f"({money.spell(left, currency)})",
            param="amount",
        )
    made = give_back(account, fee, amount, merge_metadata({}, params.get("metadata")))
    account.emit("application_fee.refunded", fee)
    return made


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("application_fee", id)


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "charge")
    if "charge" in params:
        _must_be_there(account, params["charge"])
    return page(account, "application_fee", "/v1/application_fees", params, where, *values)


def _must_be_there(account: Account, charge: str) -> None:
    """The charge of a fee is the seller's: one of this platform's, or its own."""
    found = account.store.find_anywhere(charge)
    owners = {account.id, *(each.id for each in account.select("account", "id = ?", found[0] if found else ""))}
    if found is None or found[1]["object"] != "charge" or found[0] not in owners:
        raise no_such("charge", charge, param="charge")


def _refund(account: Account, fee: str, id: str) -> Record:
    account.get("application_fee", fee)
    found = account.get("fee_refund", id)
    if found["fee"] != fee:
        raise no_such("application fee refund", id)
    return found


def retrieve_refund(account: Account, fee: str, id: str, params: Json) -> Record:
    del params
    return _refund(account, fee, id)


def update_refund(account: Account, fee: str, id: str, params: Json) -> Record:
    found = _refund(account, fee, id)
    account.update(found, "application_fee.refund.updated", metadata=merge_metadata(found["metadata"], params.get("metadata")))
    owner = account.get("application_fee", fee)
    _show(account, owner)
    account.save(owner)
    return found


def list_refunds(account: Account, fee: str, params: Json) -> Json:
    account.get("application_fee", fee)
    url = f"/v1/application_fees/{fee}/refunds"
    return page(account, "fee_refund", url, params, "json_extract(body, '$.fee') = ?", fee)


OPERATIONS = (
    Operation("GET", "/v1/application_fees", "ApplicationFeeListParams", list_),
    Operation("GET", "/v1/application_fees/{id}", "ApplicationFeeRetrieveParams", retrieve),
    Operation("POST", "/v1/application_fees/{id}/refunds", "ApplicationFeeRefundCreateParams", refund),
    Operation("GET", "/v1/application_fees/{id}/refunds", "ApplicationFeeRefundListParams", list_refunds),
    Operation("GET", "/v1/application_fees/{fee}/refunds/{id}", "ApplicationFeeRefundRetrieveParams", retrieve_refund),
    Operation("POST", "/v1/application_fees/{fee}/refunds/{id}", "ApplicationFeeRefundUpdateParams", update_refund),
)
