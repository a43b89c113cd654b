"""The test bank accounts of docs.stripe.com/testing: debits that arrive days later, or bounce. Two kinds, one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from farthing.sandbox.cards import Decline
from farthing.sandbox.errors import invalid

SEPA, ACH = "sepa_debit", "us_bank_account"
CURRENCIES = {SEPA: "eur", ACH: "usd"}
ROUTING_NUMBER = "110000000"
FEE_MAX = 500


@dataclass(frozen=True, slots=True)
class TestBank:
    __test__ = False  # pytest: not a test class

    number: str
    """The IBAN, or the account number at the test bank."""
    type: str
    name: str
    """`pm_usBankAccount_<name>` as a payment method."""
    failure: Decline | None = None

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _fails(code: str, message: str) -> Decline:
    return Decline(code, message)


COULD_NOT_PROCESS = _fails("generic_could_not_process", "This transaction could not be processed.")
BANKS = (
    TestBank("AT321904300235473204", SEPA, "at"),
    TestBank("AT591904300235473203", SEPA, "at_slow"),
    TestBank("AT611904300234573201", SEPA, "at_other"),
    TestBank("DE89370400440532013000", SEPA, "de"),
    TestBank("FR1420041010050500013M02606", SEPA, "fr"),
    TestBank("AT861904300235473202", SEPA, "at_fails", COULD_NOT_PROCESS),
    TestBank("AT051904300235473205", SEPA, "at_fails_slow", COULD_NOT_PROCESS),
    TestBank("IT60X0542811101000000123456", SEPA, "it_fails", COULD_NOT_PROCESS),
    TestBank("000123456789", ACH, "success"),
    TestBank("000111111113", ACH, "accountClosed", _fails("account_closed", "The customer's bank account has been closed.")),
    TestBank("000111111116", ACH, "noAccount", _fails("no_account", "The customer's bank account could not be located.")),
    TestBank(
        "000222222227",
        ACH,
        "insufficientFunds",
        _fails("insufficient_funds", "The customer's account has insufficient funds to cover this payment."),
    ),
    TestBank(
        "000333333335",
        ACH,
        "debitNotAuthorized",
        _fails("debit_not_authorized", "The customer has notified their bank that this payment was unauthorized."),
    ),
    TestBank(
        "000444444440",
        ACH,
        "invalidCurrency",
        _fails("invalid_currency", "The bank was unable to process this payment because of its currency."),
    ),
)
BY_NUMBER = {bank.number: bank for bank in BANKS}
BY_NAME = {bank.name: bank for bank in BANKS}
TOKEN = "pm_usBankAccount_"  # noqa: S105 - a prefix of public test ids


def named(id: str) -> TestBank | None:
    """The account behind `pm_usBankAccount_success`."""
    bank = BY_NAME.get(id.removeprefix(TOKEN)) if id.startswith(TOKEN) else None
    return bank if bank and bank.type == ACH else None


def with_iban(iban: str) -> TestBank:
    bank = BY_NUMBER.get(iban.replace(" ", "").upper())
    if bank is None or bank.type != SEPA:
        raise invalid(
            "The IBAN you provided is invalid: only the test IBANs are taken here.",
            param="sepa_debit[iban]",
            code="invalid_bank_account_iban",
        )
    return bank


def with_account(account_number: str, routing_number: str) -> TestBank:
    if routing_number != ROUTING_NUMBER:
        raise invalid(
            f"Invalid routing number: the test bank has {ROUTING_NUMBER}.",
            param="us_bank_account[routing_number]",
            code="routing_number_invalid",
        )
    bank = BY_NUMBER.get(account_number)
    if bank is None or bank.type != ACH:
        raise invalid(
            "You must use a test bank account number in test mode.",
            param="us_bank_account[account_number]",
            code="account_number_invalid",
        )
    return bank


def method_types(currency: str | None, allowed: list[str] | None, excluded: list[str] | None) -> list[str]:
    """What a payment in this currency may be paid with."""
    if allowed:
        return list(allowed)
    dynamic = ["card", *(type for type, its in CURRENCIES.items() if its == currency)]
    return [each for each in dynamic if each not in (excluded or [])]


def shown(bank: TestBank, fingerprint: str, given: dict[str, Any]) -> dict[str, Any]:
    """The account as a payment method shows it: never its number."""
    if bank.type == SEPA:
        return {
            "bank_code": bank.number[4:9],
            "branch_code": "",
            "country": bank.number[:2],
            "fingerprint": fingerprint,
            "generated_from": {"charge": None, "setup_attempt": None},
            "last4": bank.last4,
        }
    return {
        "account_holder_type": given.get("account_holder_type", "individual"),
        "account_type": given.get("account_type", "checking"),
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": fingerprint,
        "last4": bank.last4,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": ROUTING_NUMBER,
        "status_details": {},
    }


def charged(type: str, method: dict[str, Any]) -> dict[str, Any]:
    """The account as a charge shows it."""
    names = {
        SEPA: ("bank_code", "branch_code", "country", "fingerprint", "last4"),
        ACH: ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number"),
    }[type]
    return {name: method[name] for name in names} | {"expected_debit_date": None, "mandate": None}


def fee(amount: int) -> int:
    """0.8 % rounded half up, at most 5.00."""
    return min((amount * 8 + 500) // 1000, FEE_MAX)
