"""Payouts: money on its way to a bank account or a debit card, asked for, canceled and reversed by hand."""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import invalid, not_here_yet
from farthing.sandbox.listing import compared, equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import accounts, balance, external_accounts
from farthing.sandbox.resources.payout_settlement import LIFECYCLE
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

SENT_AFTER_SECONDS = 3_600
ARRIVES_AFTER_SECONDS = 2 * DAY
INSTANT_SECONDS = 30 * 60
NO_FUNDS = (
    "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low. You can use the the "
    "/v1/balance endpoint to view your Stripe balance (for more details, see stripe.com/docs/api#balance)."
)


def create(account: Account, params: Json) -> Record:
    if params.get("source_type", "card") != "card":
        raise not_here_yet("source_type", "balances of other kinds than card")
    if "payout_method" in params:
        raise not_here_yet("payout_method", "payout methods of version 2")
    currency, amount = money.currency(params["currency"]), params["amount"]
    money.check_fractions(amount, currency, param="amount")
    money.check_positive(amount, param="amount")
    if not accounts.retrieve_own(account, {})["payouts_enabled"]:
        raise invalid("Payouts are not enabled for this account.", code="payouts_not_allowed")
    bank, instant = _bank(account, currency, params.get("destination")), params.get("method") == "instant"
    if instant and "instant" not in bank.body.get("available_payout_methods", []):
        raise invalid(
            f"The external account {bank.id} does not support instant payouts.",
            param="method",
            code="instant_payouts_unsupported",
        )
    needs = amount + (balance.instant_fee(amount) if instant else 0)
    if (balance.for_instant if instant else balance.available)(account, currency) < needs:
        raise invalid(NO_FUNDS, param="amount", code="balance_insufficient")
    payout = send_out(account, amount, currency, bank, params, instant=instant)
    account.emit("payout.created", payout)
    return payout


def _bank(account: Account, currency: str, wanted: str | None) -> Record:
    if account.platform() is None and not account.select("bank_account"):
        owner = accounts.retrieve_own(account, {})
        bank_of_platform(account, owner)
    if wanted:
        bank = external_accounts.get(account, wanted, param="destination")
        if bank["currency"] != currency:
            raise invalid(f"The destination {wanted} takes {bank['currency']}, not {currency}.", param="destination")
        if bank.body.get("status") == "errored":
            raise invalid(f"A payout to {wanted} failed before. Give another external account.", param="destination")
        return bank
    found = external_accounts.default_of(account, currency)
    if found is None:
        raise invalid(
            f"Sorry, you don't have any external accounts in that currency ({currency}). If you've recently removed an "
            "account, please add another one.",
            param="currency",
        )
    return found


def bank_of_platform(account: Account, owner: Record) -> None:
    """The platform has a bank account from the start; nobody is told."""
    account.add(
        "bank_account",
        "ba",
        {
            "account": owner.id,
            "bank_name": "FARTHING TEST BANK",
            "country": "US",
            "currency": "usd",
            "default_for_currency": True,
            "last4": external_accounts.GOOD[-4:],
            "metadata": {},
            "routing_number": external_accounts.ROUTING,
            "status": "new",
        },
        fails=None,
    )


def send_out(
    account: Account, amount: int, currency: str, bank: Record, params: Json, *, automatic: bool = False, instant: bool = False
) -> Record:
    """Booked and on its way; the caller tells of it."""
    fields = _fields(account, amount, currency, bank, params, automatic=automatic, instant=instant)
    payout = account.add("payout", "po", fields)
    fee = balance.instant_fee(amount) if instant else 0
    payout["balance_transaction"] = balance.book(account, "payout", payout, -amount, fee=fee).id
    account.save(payout)
    account.later(0 if instant else SENT_AFTER_SECONDS, "payouts.send", payout)
    return payout


def _fields(
    account: Account,
    amount: int,
    currency: str,
    bank: Record,
    params: Json,
    *,
    automatic: bool = False,
    instant: bool = False,
) -> Json:
    return {
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": account.clock.seconds() + (INSTANT_SECONDS if instant else ARRIVES_AFTER_SECONDS),
        "automatic": automatic,
        "balance_transaction": None,
        "currency": currency,
        "description": params.get("description") or ("STRIPE PAYOUT" if automatic else None),
        "destination": bank.id,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "metadata": merge_metadata({}, params.get("metadata")),
        "method": "instant" if instant else "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "pending",
        "trace_id": None,
        "type": bank["object"],
    }


# Asked for over the API


def cancel(account: Account, id: str, params: Json) -> Record:
    del params
    payout = account.get("payout", id)
    if payout["automatic"] or not LIFECYCLE.allows(payout["status"], "cancel"):
        raise invalid(
            f"Payout {id} cannot be canceled: only a payout made by hand can be, while its status is pending (it is "
            f"{payout['status']}).",
            code="payout_not_cancelable",
        )
    back = balance.book(account, "payout_cancel", payout, payout["amount"])
    before = dict(payout.body)
    payout.body |= {"failure_balance_transaction": back.id, "status": LIFECYCLE.move(payout["status"], "cancel")}
    account.save(payout)
    account.emit("payout.canceled", payout, before=before)
    return payout


def reverse(account: Account, id: str, params: Json) -> Record:
    """Brings a paid payout back: a payout of its own, with the amount below zero."""
    original = account.get("payout", id)
    if original["status"] != "paid" or original["reversed_by"] or original["amount"] < 0:
        raise invalid(f"Payout {id} cannot be reversed: only a payout that is paid can be, and once.")
    bank = external_accounts.get(account, original["destination"])
    reversal = account.add("payout", "po", _fields(account, -original["amount"], original["currency"], bank, params))
    reversal["original_payout"] = original.id
    reversal["balance_transaction"] = balance.book(account, "payout", reversal, original["amount"]).id
    account.save(reversal)
    account.emit("payout.created", reversal)
    account.update(original, "payout.updated", reversed_by=reversal.id)
    account.later(SENT_AFTER_SECONDS, "payouts.send", reversal)
    return reversal


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("payout", id)


def update(account: Account, id: str, params: Json) -> Record:
    payout = account.get("payout", id)
    account.update(payout, "payout.updated", metadata=merge_metadata(payout["metadata"], params.get("metadata")))
    return payout


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "destination", "status")
    if "arrival_date" in params:
        clause, moments = compared("$.arrival_date", params["arrival_date"])
        where, values = f"{where} AND {clause}", [*values, *moments]
    return page(account, "payout", "/v1/payouts", params, where, *values)


OPERATIONS = (
    Operation("POST", "/v1/payouts", "PayoutCreateParams", create),
    Operation("GET", "/v1/payouts", "PayoutListParams", list_),
    Operation("GET", "/v1/payouts/{id}", "PayoutRetrieveParams", retrieve),
    Operation("POST", "/v1/payouts/{id}", "PayoutUpdateParams", update),
    Operation("POST", "/v1/payouts/{id}/cancel", "PayoutCancelParams", cancel),
    Operation("POST", "/v1/payouts/{id}/reverse", "PayoutReverseParams", reverse),
)
