"""The test cards of docs.stripe.com/testing as one table, and what each of them does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from farthing.sandbox.errors import Refusal


@dataclass(frozen=True, slots=True)
class Decline:
    code: str
    message: str
    decline_code: str | None = None
    param: str | None = None
    """The field of the card form this is about."""
    advice: str | None = None


class Asks(StrEnum):
    """When the card's bank wants to see the buyer (3D Secure)."""

    NEVER = "never"
    ALWAYS = "always"
    UNLESS_SET_UP = "unless_set_up"
    ON_SESSION = "on_session"
    ON_REQUEST = "on_request"


class Refunds(StrEnum):
    SUCCEED = "succeed"
    ARE_PENDING = "are_pending"
    FAIL = "fail"


class Risk(StrEnum):
    NORMAL = "normal"
    ELEVATED = "elevated"
    HIGHEST = "highest"
    BLOCKED = "blocked"


class Disputes(StrEnum):
    """What its holder does after a payment that succeeded."""

    NONE = "none"
    FRAUDULENT = "fraudulent"
    NOT_RECEIVED = "product_not_received"
    INQUIRY = "inquiry"
    SEVERAL = "several"
    WARNING = "early_fraud_warning"
    DEBIT = "debit_not_authorized"
    """Of a bank account: the bank gives the money back without asking anybody, and that is that."""


@dataclass(frozen=True, slots=True)
class TestCard:
    __test__ = False  # pytest: not a test class

    number: str
    name: str
    """`pm_card_<name>` as a payment method, `tok_<name>` as a token."""
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    attaches: bool = True
    """Whether it can be saved to a customer although its charges are declined."""
    asks: Asks = Asks.NEVER
    after_asking: Decline | None = None
    refunds: Refunds = Refunds.SUCCEED
    disputes: Disputes = Disputes.NONE
    available_at_once: bool = False
    risk: Risk = Risk.NORMAL
    triggers: str = ""
    """What happens to the seller it is charged for: `requirements`, or a stop of `charges` or `payouts`."""
    payouts_fail: bool = False
    """As a seller's card: whether payouts to it come back."""
    cvc_check: str = "pass"
    zip_check: str = "pass"
    line1_check: str = "pass"

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _declined(decline_code: str, message: str = "Your card was declined.", advice: str | None = None) -> Decline:
    return Decline("card_declined", message, decline_code, advice=advice)


GENERIC = _declined("generic_decline", advice="try_again_later")
INSUFFICIENT_FUNDS = _declined("insufficient_funds", "Your card has insufficient funds.", "try_again_later")
LOST = _declined("lost_card", advice="do_not_try_again")
STOLEN = _declined("stolen_card", advice="do_not_try_again")
VELOCITY = _declined("card_velocity_exceeded", "Your card was declined for making repeated attempts too frequently.")
FRAUDULENT = _declined("fraudulent", advice="do_not_try_again")
EXPIRED = Decline("expired_card", "Your card has expired.", "expired_card", "exp_month", "do_not_try_again")
INCORRECT_CVC = Decline("incorrect_cvc", "Your card's security code is incorrect.", "incorrect_cvc", "cvc")
INCORRECT_ZIP = Decline("incorrect_zip", "The zip code you supplied failed validation.", "incorrect_zip", "address_zip")
PROCESSING = Decline(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    "processing_error",
    advice="try_again_later",
)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)
INCORRECT_NUMBER = Decline("incorrect_number", "Your card number is incorrect.", param="number")
NOT_A_TEST_CARD = _declined(
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. "
    "For a list of valid test cards, visit: https://stripe.com/docs/testing.",
)

_VISA = TestCard("4242424242424242", "visa")
CARDS: tuple[TestCard, ...] = (
    _VISA,
    TestCard("4000056655665556", "visa_debit", funding="debit"),
    TestCard("4000056655665572", "visa_debit_us_transferFail", funding="debit", payouts_fail=True),
    TestCard("5555555555554444", "mastercard", "mastercard"),
    TestCard("2223003122003222", "mastercard_2series", "mastercard"),
    TestCard("5200828282828210", "mastercard_debit", "mastercard", "debit"),
    TestCard("5105105105105100", "mastercard_prepaid", "mastercard", "prepaid"),
    TestCard("378282246310005", "amex", "amex"),
    TestCard("371449635398431", "amex_two", "amex"),
    TestCard("6011111111111117", "discover", "discover"),
    TestCard("3056930009020004", "diners", "diners"),
    TestCard("36227206271667", "diners_14digits", "diners"),
    TestCard("3566002020360505", "jcb", "jcb", country="JP"),
    TestCard("6200000000000005", "unionpay", "unionpay", country="CN"),
    TestCard("4000000760000002", "br", country="BR"),
    TestCard("4000001240000000", "ca", country="CA"),
    TestCard("4000002760000016", "de", country="DE"),
    TestCard("4000002500000003", "fr", country="FR"),
    TestCard("4000008260000000", "gb", country="GB"),
    TestCard("4000003560000008", "in", country="IN"),
    *(
        TestCard(number, country.lower(), country=country)
        for country, number in (
            ("AT", "4000000400000008"), ("AU", "4000000360000006"), ("BE", "4000000560000004"), ("CH", "4000007560000009"),
            ("DK", "4000002080000001"), ("ES", "4000007240000007"), ("FI", "4000002460000001"), ("HK", "4000003440000004"),
            ("IE", "4000003720000005"), ("IT", "4000003800000008"), ("JP", "4000003920000003"), ("MX", "4000004840008001"),
            ("NL", "4000005280000002"), ("NO", "4000005780000007"), ("NZ", "4000005540000008"), ("PL", "4000006160000005"),
            ("PT", "4000006200000007"), ("SE", "4000007520000008"), ("SG", "4000007020000003"),
        )
    ),
    TestCard("4000000000000077", "bypassPending", available_at_once=True),
    TestCard("4000000000000002", "visa_chargeDeclined", decline=GENERIC, attaches=False),
    TestCard("4000000000009995", "visa_chargeDeclinedInsufficientFunds", decline=INSUFFICIENT_FUNDS, attaches=False),
    TestCard("4000000000009987", "visa_chargeDeclinedLostCard", decline=LOST, attaches=False),
    TestCard("4000000000009979", "visa_chargeDeclinedStolenCard", decline=STOLEN, attaches=False),
    TestCard("4000000000000069", "chargeDeclinedExpiredCard", decline=EXPIRED, attaches=False),
    TestCard("4000000000000127", "chargeDeclinedIncorrectCvc", decline=INCORRECT_CVC, attaches=False, cvc_check="fail"),
    TestCard("4000000000000119", "chargeDeclinedProcessingError", decline=PROCESSING, attaches=False),
    TestCard("4000000000006975", "visa_chargeDeclinedVelocityLimitExceeded", decline=VELOCITY, attaches=False),
    TestCard("4100000000000019", "radarBlock", decline=FRAUDULENT, attaches=False, risk=Risk.BLOCKED),
    TestCard("4000000000004954", "riskLevelHighest", risk=Risk.HIGHEST),
    TestCard("4000000000009235", "riskLevelElevated", risk=Risk.ELEVATED),
    TestCard("4000000000004202", "visa_triggerNextRequirements", triggers="requirements"),
    TestCard("4000000000004210", "visa_triggerChargeBlock", triggers="charges"),
    TestCard("4000000000004236", "visa_triggerPayoutBlock", triggers="payouts"),
    TestCard("4000000000000341", "chargeCustomerFail", decline=GENERIC),
    TestCard("4000000000000101", "cvcCheckFail", cvc_check="fail"),
    TestCard("4000000000000036", "avsZipFail", zip_check="fail"),
    TestCard("4000000000000028", "avsLine1Fail", line1_check="fail"),
    TestCard("4000000000000010", "avsFail", line1_check="fail", zip_check="fail"),
    TestCard("4000000000000044", "avsUnchecked", line1_check="unavailable", zip_check="unavailable"),
    TestCard("4000002500003155", "authenticationRequiredOnSetup", country="FR", asks=Asks.UNLESS_SET_UP),
    TestCard("4000002760003184", "authenticationRequired", country="DE", asks=Asks.ALWAYS),
    TestCard("4000003800000446", "authenticationRequiredSetupForOffSession", country="IT", asks=Asks.ON_SESSION),
    TestCard(
        "4000008260003178",
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        country="GB",
        asks=Asks.ALWAYS,
        after_asking=INSUFFICIENT_FUNDS,
    ),
    TestCard("4000000000003220", "threeDSecure2Required", asks=Asks.ALWAYS),
    TestCard("4000008400001629", "threeDSecureRequiredChargeDeclined", asks=Asks.ALWAYS, after_asking=GENERIC),
    TestCard("4000008400001280", "threeDSecureRequiredProcessingError", asks=Asks.ALWAYS, after_asking=PROCESSING),
    TestCard("4000000000003055", "threeDSecureOptional", asks=Asks.ON_REQUEST),
    TestCard("4000000000007726", "pendingRefund", refunds=Refunds.ARE_PENDING),
    TestCard("4000000000005126", "refundFail", refunds=Refunds.FAIL),
    TestCard("4000000000000259", "createDispute", disputes=Disputes.FRAUDULENT),
    TestCard("4000000000002685", "createDisputeProductNotReceived", disputes=Disputes.NOT_RECEIVED),
    TestCard("4000000000001976", "createDisputeInquiry", disputes=Disputes.INQUIRY),
    TestCard("4000004040000079", "createMultipleDisputes", disputes=Disputes.SEVERAL),
    TestCard("4000000000005423", "createIssuerFraudRecord", disputes=Disputes.WARNING),
)  # fmt: skip
BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {card.name: card for card in CARDS} | {
    # The spellings Stripe has for the same card.
    "chargeDeclined": BY_NUMBER["4000000000000002"],
    "chargeDeclinedInsufficientFunds": BY_NUMBER["4000000000009995"],
    "visa_chargeDeclinedExpiredCard": BY_NUMBER["4000000000000069"],
    "visa_chargeDeclinedIncorrectCvc": BY_NUMBER["4000000000000127"],
    "visa_chargeDeclinedProcessingError": BY_NUMBER["4000000000000119"],
    "chargeDeclinedLostCard": BY_NUMBER["4000000000009987"],
    "chargeDeclinedStolenCard": BY_NUMBER["4000000000009979"],
    "chargeDeclinedFraudulent": BY_NUMBER["4100000000000019"],
    "us": _VISA,
    "visa_debit_us_transferSuccess": BY_NUMBER["4000056655665556"],
}


def named(id: str) -> TestCard | None:
    """The card behind `pm_card_visa` or `tok_visa`."""
    for prefix in ("pm_card_", "tok_"):
        if id.startswith(prefix):
            return BY_NAME.get(id.removeprefix(prefix))
    return None


def numbered(number: str) -> TestCard:
    """The card with this number, as typed. Only test cards may enter: a real number is refused and never kept."""
    digits = number.replace(" ", "").replace("-", "")
    if digits in BY_NUMBER:
        return BY_NUMBER[digits]
    right = digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19 and luhn(digits)
    raise card_error(NOT_A_TEST_CARD if right else INCORRECT_NUMBER)


def luhn(digits: str) -> bool:
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0


def check_expiry(month: int, year: int, *, today: tuple[int, int]) -> None:
    """`today` is (year, month)."""
    full_year = year + 2000 if year < 100 else year
    if not 1 <= month <= 12:
        raise card_error(Decline("invalid_expiry_month", "Your card's expiration month is invalid.", param="exp_month"))
    if full_year < today[0] or full_year > today[0] + 50:
        raise card_error(Decline("invalid_expiry_year", "Your card's expiration year is invalid.", param="exp_year"))
    if (full_year, month) < today:
        raise card_error(Decline("invalid_expiry_month", "Your card's expiration month is invalid.", param="exp_month"))


def check_cvc(cvc: str, card: TestCard) -> None:
    if not (cvc.isascii() and cvc.isdigit() and len(cvc) in ((3, 4) if card.brand == "amex" else (3,))):
        raise card_error(Decline("invalid_cvc", "Your card's security code is invalid.", param="cvc"))


def card_error(decline: Decline, *, keeps: bool = False, **more: Any) -> Refusal:
    return Refusal(
        402,
        decline.message,
        type="card_error",
        code=decline.code,
        param=decline.param,
        decline_code=decline.decline_code,
        advice_code=decline.advice,
        keeps=keeps,
        **more,
    )
