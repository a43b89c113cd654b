"""External accounts: the bank accounts payouts go to, by Stripe's test numbers. The whole number is never kept."""

from __future__ import annotations

import hashlib
from copy import deepcopy

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, missing_parameter, no_such, not_here_yet
from farthing.sandbox.listing import equals, listed, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import accounts
from farthing.sandbox.store import Json, Record

ACCOUNTS_MAX = 200
ROUTING = "110000000"
GOOD = "000123456789"
# What becomes of a payout to this account number; any other number Stripe lists is paid.
FAILURES = {
    "000111111116": "no_account",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
}
TOKENS = {
    "btok_us_verified": GOOD,
    "btok_us": GOOD,
    "btok_us_verified_noAccount": "000111111116",
    "btok_us_verified_accountClosed": "000111111113",
    "btok_us_verified_insufficientFunds": "000222222227",
    "btok_us_verified_debitNotAuthorized": "000333333335",
    "btok_us_verified_invalidCurrency": "000444444440",
}


def put(seat: Account, owner: Record, given: str | Json, params: Json) -> Record:
    """Add it to the connected account, in whose seat this is; the first of its currency becomes the default."""
    if len(seat.select("bank_account")) >= ACCOUNTS_MAX:
        raise invalid(f"An account can have at most {ACCOUNTS_MAX} external accounts.", param="external_account")
    number, fields = _read(given, owner)
    currency = fields["currency"]
    same = seat.select("bank_account", "json_extract(body, '$.currency') = ?", currency)
    first = params.get("default_for_currency", not same)
    bank = seat.add(
        "bank_account",
        "ba",
        {
            "account": owner.id,
            "account_holder_name": fields.get("account_holder_name"),
            "account_holder_type": fields.get("account_holder_type"),
            "account_type": None,
            "available_payout_methods": ["standard"],
            "bank_name": "FARTHING TEST BANK",
            "country": fields["country"],
            "currency": currency,
            "default_for_currency": first,
            "fingerprint": hashlib.sha256(f"{seat.id}/{number}".encode()).hexdigest()[:16],
            "future_requirements": _nothing_due(),
            "last4": number[-4:],
            "metadata": merge_metadata({}, params.get("metadata")),
            "requirements": _nothing_due(),
            "routing_number": fields.get("routing_number"),
            "status": "new",
        },
        fails=FAILURES.get(number),
    )
    if first:
        _only_default(seat, bank)
    seat.emit("account.external_account.created", bank)
    owner.inner |= {"bank": True, "bank_broken": False}
    show(seat, owner)
    return bank


def _nothing_due() -> Json:
    return {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []}


def _read(given: str | Json, owner: Record) -> tuple[str, Json]:
    usual: Json = {"country": owner["country"], "currency": owner["default_currency"], "routing_number": ROUTING}
    if isinstance(given, str):
        if given not in TOKENS:
            raise no_such("token", given, param="external_account")
        return TOKENS[given], usual
    if given.get("object") != "bank_account":
        raise not_here_yet("external_account", "debit cards as external accounts")
    number = given["account_number"].replace(" ", "")
    if given["country"] == "US" and not given.get("routing_number"):
        raise missing_parameter("external_account[routing_number]")
    if not (number.isascii() and number.isalnum() and 4 <= len(number) <= 34):
        raise invalid("Invalid account number", param="external_account[account_number]", code="account_number_invalid")
    routing = given.get("routing_number")
    if given["country"] == "US" and not (routing and len(routing) == 9 and routing.isascii() and routing.isdigit()):
        raise invalid("Invalid routing number", param="external_account[routing_number]", code="routing_number_invalid")
    return number, usual | given | {
        "currency": money.currency(str(given.get("currency") or usual["currency"]), param="external_account[currency]")
    }


def _only_default(seat: Account, bank: Record) -> None:
    for other in seat.select("bank_account", "json_extract(body, '$.currency') = ?", bank["currency"]):
        if other.id != bank.id and other["default_for_currency"]:
            other["default_for_currency"] = False
            seat.save(other)


def show(seat: Account, owner: Record) -> None:
    """The account's object carries the list of them."""
    owner["external_accounts"] = listed(
        [each.body for each in seat.select("bank_account")], f"/v1/accounts/{owner.id}/external_accounts"
    )


def default_of(seat: Account, currency: str) -> Record | None:
    found = seat.select(
        "bank_account", "json_extract(body, '$.currency') = ? AND json_extract(body, '$.default_for_currency')", currency
    )
    return found[0] if found else None


def fail(platform: Account, owner: Record, bank: Record) -> None:
    """A payout bounced: nothing more goes there until the seller gives another one."""
    seat = platform.seat(owner.id)
    seat.update(bank, "account.external_account.updated", status="errored")
    before = deepcopy(owner.body)
    owner.inner["bank_broken"] = True
    show(seat, owner)
    accounts.tell(platform, owner, before)


# Asked for over the API


def create(account: Account, id: str, params: Json) -> Record:
    owner = accounts.connected(account, id)
    before = deepcopy(owner.body)
    bank = put(account.seat(id), owner, params["external_account"], params)
    accounts.tell(account, owner, before)
    return bank


def retrieve(account: Account, id: str, bank: str, params: Json) -> Record:
    del params
    accounts.connected(account, id)
    return account.seat(id).get("bank_account", bank)


def update(account: Account, id: str, bank: str, params: Json) -> Record:
    owner = accounts.connected(account, id)
    seat = account.seat(id)
    record = seat.get("bank_account", bank)
    changed: Json = {"metadata": merge_metadata(record["metadata"], params.get("metadata"))}
    for name in ("account_holder_name", "account_holder_type", "account_type"):
        if name in params:
            changed[name] = blank_as_none(params[name])
    if params.get("default_for_currency"):
        changed["default_for_currency"] = True
        _only_default(seat, record)
    seat.update(record, "account.external_account.updated", **changed)
    before = deepcopy(owner.body)
    show(seat, owner)
    accounts.tell(account, owner, before)
    return record


def delete(account: Account, id: str, bank: str, params: Json) -> Json:
    del params
    owner = accounts.connected(account, id)
    seat = account.seat(id)
    record = seat.get("bank_account", bank)
    others = [each for each in seat.select("bank_account") if each.id != bank]
    if record["default_for_currency"] and others:
        raise invalid(
            f"You cannot delete the default external account for {record['currency']}. Make another one the default first."
        )
    seat.store.remove(seat.id, bank)
    seat.emit("account.external_account.deleted", record)
    before = deepcopy(owner.body)
    owner.inner["bank"] = bool(others)
    show(seat, owner)
    accounts.tell(account, owner, before)
    return {"id": bank, "object": "bank_account", "deleted": True}


def list_(account: Account, id: str, params: Json) -> Json:
    accounts.connected(account, id)
    if params.get("object") == "card":
        return listed([], f"/v1/accounts/{id}/external_accounts")
    where, values = equals({}, "object")
    return page(account.seat(id), "bank_account", f"/v1/accounts/{id}/external_accounts", params, where, *values)


OPERATIONS = (
    Operation("POST", "/v1/accounts/{id}/external_accounts", "AccountCreateExternalAccountParams", create),
    Operation("GET", "/v1/accounts/{id}/external_accounts", "AccountListExternalAccountsParams", list_),
    Operation("GET", "/v1/accounts/{id}/external_accounts/{bank}", "AccountRetrieveExternalAccountParams", retrieve),
    Operation("POST", "/v1/accounts/{id}/external_accounts/{bank}", "AccountModifyExternalAccountParams", update),
    Operation("DELETE", "/v1/accounts/{id}/external_accounts/{bank}", "AccountDeleteExternalAccountParams", delete),
)
