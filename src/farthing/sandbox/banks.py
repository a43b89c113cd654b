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
LONGER_SECONDS = 3 * 60


@dataclass(frozen=True, slots=True)
class TestBank:
    __test__ = False  # pytest: not a test class

    number: str
    """The IBAN, or the account number at the test bank."""
    type: str
    name: str
    """`pm_usBankAccount_<name>` or `pm_sepaDebit_<name>` as a payment method."""
    failure: Decline | None = None
    disputed: bool = False
    """Its holder wants the money back as soon as it has arrived."""
    waits_longer: bool = False
    stays: bool = False
    """The bank never answers."""

    @property
    def last4(self) -> str:
        return self.number[-4:]


COULD_NOT_PROCESS = Decline("generic_could_not_process", "This transaction could not be processed.")
NO_FUNDS = Decline("insufficient_funds", "The customer's account has insufficient funds to cover this payment.")
SOURCE_LIMIT = Decline(
    "charge_exceeds_source_limit", "This payment's amount makes the account exceed its weekly payment volume limit."
)
WEEKLY_LIMIT = Decline("charge_exceeds_source_limit", "This payment's amount exceeds the account's transaction volume limit.")
ATTEMPT_FAILED = "payment_intent_payment_attempt_failed"
ONLY_ON_CHARGES = frozenset(("generic_could_not_process", "invalid_currency"))
"""Failure codes of a charge that are no error codes: its intent only says that the attempt failed."""


def _sepa(country: str, *numbers: str) -> tuple[TestBank, ...]:
    """One country's test IBANs, in the order of Stripe's table."""
    outcomes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("success", {}),
        ("successDelayed", {"waits_longer": True}),
        ("failed", {"failure": COULD_NOT_PROCESS}),
        ("failedDelayed", {"failure": COULD_NOT_PROCESS, "waits_longer": True}),
        ("disputed", {"disputed": True}),
        ("exceedsWeeklyVolumeLimit", {"failure": SOURCE_LIMIT}),
        ("exceedsWeeklyTransactionLimit", {"failure": WEEKLY_LIMIT}),
        ("insufficientFunds", {"failure": NO_FUNDS}),
    )
    return tuple(
        TestBank(number, SEPA, f"{name}_{country}", **outcome)
        for number, (name, outcome) in zip(numbers, outcomes, strict=True)
    )


BANKS = (
    *_sepa(
        "at", "AT611904300234573201", "AT321904300235473204", "AT861904300235473202", "AT051904300235473205",
        "AT591904300235473203", "AT981904300000343434", "AT601904300000121212", "AT981904300002222227",
    ),
    *_sepa(
        "be", "BE62510007547061", "BE78510007547064", "BE68539007547034", "BE51510007547065",
        "BE08510007547063", "BE90510000343434", "BE52510000121212", "BE90510002222227",
    ),
    *_sepa(
        "de", "DE89370400440532013000", "DE08370400440532013003", "DE62370400440532013001", "DE78370400440532013004",
        "DE35370400440532013002", "DE65370400440000343434", "DE27370400440000121212", "DE65370400440002222227",
    ),
    *_sepa(
        "fr", "FR1420041010050500013M02606", "FR3020041010050500013M02609", "FR8420041010050500013M02607",
        "FR7920041010050500013M02600", "FR5720041010050500013M02608", "FR9720041010050000000343434",
        "FR5920041010050000000121212", "FR9720041010050000002222227",
    ),
    *_sepa(
        "ie", "IE29AIBK93115212345678", "IE24AIBK93115212345671", "IE02AIBK93115212345679", "IE94AIBK93115212345672",
        "IE51AIBK93115212345670", "IE10AIBK93115200343434", "IE69AIBK93115200121212", "IE10AIBK93115202222227",
    ),
    TestBank("IT60X0542811101000000123456", SEPA, "failed_it", COULD_NOT_PROCESS),
    TestBank("000123456789", ACH, "success"),
    TestBank("000111111113", ACH, "accountClosed", Decline("account_closed", "The customer's bank account has been closed.")),
    TestBank("000111111116", ACH, "noAccount", Decline("no_account", "The customer's bank account could not be located.")),
    TestBank("000222222227", ACH, "insufficientFunds", NO_FUNDS),
    TestBank(
        "000333333335",
        ACH,
        "debitNotAuthorized",
        Decline("debit_not_authorized", "The customer has notified their bank that this payment was unauthorized."),
    ),
    TestBank(
        "000444444440",
        ACH,
        "invalidCurrency",
        Decline("invalid_currency", "The bank was unable to process this payment because of its currency."),
    ),
    TestBank("000555555559", ACH, "dispute", disputed=True),
    TestBank("000000000009", ACH, "processing", stays=True),
    TestBank("000777777771", ACH, "weeklyLimitExceeded", WEEKLY_LIMIT),
)  # fmt: skip
BY_NUMBER = {bank.number: bank for bank in BANKS}
BY_NAME = {bank.name: bank for bank in BANKS}
TOKENS = {ACH: "pm_usBankAccount_", SEPA: "pm_sepaDebit_"}


def is_token(id: str) -> bool:
    """Whether this is one of Stripe's names for a bank account, made anew each time it is used."""
    return id.startswith(tuple(TOKENS.values()))


def named(id: str) -> TestBank | None:
    """The account behind `pm_usBankAccount_success` or `pm_sepaDebit_success_de`."""
    kind = next((kind for kind, prefix in TOKENS.items() if id.startswith(prefix)), None)
    bank = BY_NAME.get(id.removeprefix(TOKENS[kind])) if kind else None
    return bank if bank and bank.type == kind else None


def error_code(failure: Decline) -> str:
    """What a payment intent calls the bank's refusal."""
    return ATTEMPT_FAILED if failure.code in ONLY_ON_CHARGES else failure.code


def answers_after(bank: TestBank, seconds: float) -> float:
    return seconds + LONGER_SECONDS if bank.waits_longer else seconds


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
