"""External accounts: the bank accounts and debit cards payouts go to, by test numbers that are never kept whole."""

from __future__ import annotations

import hashlib
import time
from copy import deepcopy

from farthing.sandbox import cards, money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, missing_parameter, no_such
from farthing.sandbox.listing import cut, listed
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import accounts
from farthing.sandbox.store import Json, Record

ACCOUNTS_MAX = 200
ROUTING = "110000000"
GOOD = "000123456789"
CARD_WORDS = ("exp_month", "exp_year", "name")
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
    if len(all_of(seat)) >= ACCOUNTS_MAX:
        raise invalid(f"An account can have at most {ACCOUNTS_MAX} external accounts.", param="external_account")
    card = _card(given)
    bank = _add_card(seat, owner, card, given) if card else _add_bank(seat, owner, given)
    same = [each for each in all_of(seat) if each.id != bank.id and each["currency"] == bank["currency"]]
    first = bool(params.get("default_for_currency", not same))
    bank.body |= {"default_for_currency": first, "metadata": merge_metadata({}, params.get("metadata"))}
    seat.save(bank)
    if first:
        _only_default(seat, bank)
    seat.emit("account.external_account.created", bank)
    show(seat, owner)
    return bank


def replace(seat: Account, owner: Record, given: str | Json) -> None:
    """Given with the account itself, it takes the place of the default of its currency."""
    there = {each.id: each for each in all_of(seat) if each["default_for_currency"]}
    new = put(seat, owner, given, {"default_for_currency": True})
    for old in there.values():
        if old["currency"] == new["currency"]:
            seat.store.remove(seat.id, old.id)
            seat.emit("account.external_account.deleted", old)
    show(seat, owner)


def _card(given: str | Json) -> cards.TestCard | None:
    """The debit card behind a token or a number; None when it is a bank account."""
    if isinstance(given, str):
        token, card = given, cards.named(given) if given.startswith("tok_") else None
    elif given.get("object") != "card":
        return None
    else:
        token = given.get("token", "")
        card = cards.named(token) if token else cards.numbered(given["number"])
    if card is None:
        if token.startswith("btok_"):
            return None
        raise no_such("token", token, param="external_account")
    if card.funding != "debit":
        raise invalid("This card doesn't appear to be a debit card.", param="external_account", code="invalid_card_type")
    return card


def _add_card(seat: Account, owner: Record, card: cards.TestCard, given: str | Json) -> Record:
    typed: Json = given if isinstance(given, dict) else {}
    year = typed.get("exp_year", time.gmtime(seat.clock.now()).tm_year + 1)
    return seat.add(
        "card",
        "card",
        {
            "account": owner.id,
            "available_payout_methods": ["standard", "instant"],
            "brand": card.brand.title(),
            "country": card.country,
            "currency": money.currency(str(typed.get("currency") or owner["default_currency"])),
            "cvc_check": "pass" if "cvc" in typed else None,
            "exp_month": typed.get("exp_month", 12),
            "exp_year": year,
            "fingerprint": hashlib.sha256(f"{seat.id}/{card.number}".encode()).hexdigest()[:16],
            "funding": card.funding,
            "last4": card.last4,
            "name": typed.get("name"),
            "status": "new",
            "tokenization_method": None,
        },
        fails="could_not_process" if card.payouts_fail else None,
    )


def all_of(seat: Account) -> list[Record]:
    """Newest first."""
    return seat.select("bank_account") + seat.select("card")


def get(seat: Account, id: str, *, param: str | None = None) -> Record:
    return seat.find("card", id) or seat.get("bank_account", id, param=param)


def find(seat: Account, id: str) -> Record | None:
    return seat.find("card", id) or seat.find("bank_account", id)


def _add_bank(seat: Account, owner: Record, given: str | Json) -> Record:
    number, fields = _read(given, owner)
    return seat.add(
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
            "currency": fields["currency"],
            "default_for_currency": False,
            "fingerprint": hashlib.sha256(f"{seat.id}/{number}".encode()).hexdigest()[:16],
            "future_requirements": _nothing_due(),
            "last4": number[-4:],
            "metadata": {},
            "requirements": _nothing_due(),
            "routing_number": fields.get("routing_number"),
            "status": "new",
        },
        fails=FAILURES.get(number),
    )


def _nothing_due() -> Json:
    return {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []}


def _read(given: str | Json, owner: Record) -> tuple[str, Json]:
    usual: Json = {"country": owner["country"], "currency": owner["default_currency"], "routing_number": ROUTING}
    if isinstance(given, str):
        if given not in TOKENS:
            raise no_such("token", given, param="external_account")
        return TOKENS[given], usual
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
    for other in all_of(seat):
        if other.id != bank.id and other["currency"] == bank["currency"] and other["default_for_currency"]:
            other["default_for_currency"] = False
            seat.save(other)


def show(seat: Account, owner: Record) -> None:
    """The account's object carries the list of them, and its requirements ask whether one can be paid to."""
    there = all_of(seat)
    owner.inner |= {"bank": bool(there), "bank_broken": all(each.body.get("status") == "errored" for each in there)}
    owner["external_accounts"] = listed([each.body for each in all_of(seat)], f"/v1/accounts/{owner.id}/external_accounts")


def default_of(seat: Account, currency: str) -> Record | None:
    """None as well when a payout to it came back."""
    usable = (each for each in all_of(seat) if each["default_for_currency"] and each.body.get("status") != "errored")
    return next((each for each in usable if each["currency"] == currency), None)


def fail(platform: Account, owner: Record, bank: Record) -> None:
    """A payout bounced: nothing more goes there until the seller gives another one."""
    seat = platform.seat(owner.id)
    seat.update(bank, "account.external_account.updated", status="errored")
    before = deepcopy(owner.body)
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
    return get(account.seat(id), bank)


def update(account: Account, id: str, bank: str, params: Json) -> Record:
    owner = accounts.connected(account, id)
    seat = account.seat(id)
    record = get(seat, bank)
    changed: Json = {"metadata": merge_metadata(record["metadata"], params.get("metadata"))}
    words = ("account_holder_name", "account_holder_type", "account_type") if record["object"] == "bank_account" else CARD_WORDS
    for name in words:
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
    record = get(seat, bank)
    others = [each for each in all_of(seat) if each.id != bank]
    if record["default_for_currency"] and others:
        raise invalid(
            f"You cannot delete the default external account for {record['currency']}. Make another one the default first."
        )
    seat.store.remove(seat.id, bank)
    seat.emit("account.external_account.deleted", record)
    before = deepcopy(owner.body)
    show(seat, owner)
    accounts.tell(account, owner, before)
    return {"id": bank, "object": record["object"], "deleted": True}


def list_(account: Account, id: str, params: Json) -> Json:
    accounts.connected(account, id)
    found = all_of(account.seat(id))
    wanted = [each.body for each in found if params.get("object") in (None, each["object"])]
    return cut(wanted, f"/v1/accounts/{id}/external_accounts", params)


OPERATIONS = (
    Operation("POST", "/v1/accounts/{id}/external_accounts", "AccountCreateExternalAccountParams", create),
    Operation("GET", "/v1/accounts/{id}/external_accounts", "AccountListExternalAccountsParams", list_),
    Operation("GET", "/v1/accounts/{id}/external_accounts/{bank}", "AccountRetrieveExternalAccountParams", retrieve),
    Operation("POST", "/v1/accounts/{id}/external_accounts/{bank}", "AccountModifyExternalAccountParams", update),
    Operation("DELETE", "/v1/accounts/{id}/external_accounts/{bank}", "AccountDeleteExternalAccountParams", delete),
)
