"""Amounts in whole minor units: what Stripe accepts for each currency, how it spells them, rounds them and parts them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from farthing.sandbox.errors import Refusal, invalid, malformed

AMOUNT_MAX = 99_999_999
MINIMUM_DEFAULT = 50
MINIMUMS = {
    "gbp": 30, "jpy": 50, "mxn": 1000, "hkd": 400, "sek": 300, "nok": 300, "dkk": 250, "pln": 200, "ron": 200,
    "aed": 200, "myr": 200, "czk": 1500, "huf": 17500, "thb": 1000,
}  # fmt: skip
NO_DECIMALS = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMALS = frozenset("bhd jod kwd omr tnd".split())
# No fractions, yet their API amounts are multiplied by 100.
WHOLE_HUNDREDS = frozenset(("ugx", "isk"))
OTHERS = frozenset(
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve "
    "czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd kes kgs khr kyd kzt lak "
    "lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar "
    "ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd xcg yer "
    "zar zmw".split()
)
CURRENCIES = NO_DECIMALS | THREE_DECIMALS | WHOLE_HUNDREDS | OTHERS
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹", "cad": "CA$", "aud": "A$", "brl": "R$"}


def currency(code: str, *, param: str = "currency") -> str:
    lower = code.lower()
    if lower not in CURRENCIES:
        raise malformed(
            f"Invalid currency: {code}. Stripe currently supports these currencies: {', '.join(sorted(CURRENCIES))}",
            param=param,
        )
    return lower


def decimals(code: str) -> int:
    return 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2


def minimum(code: str) -> int:
    return MINIMUMS.get(code, MINIMUM_DEFAULT)


def spell(amount: int, code: str) -> str:
    """`$12.50`, `¥500`, `12.500 kwd`: for messages and pages, never for arithmetic."""
    places = decimals(code)
    sign, digits = "-" if amount < 0 else "", f"{abs(amount):0{places + 1}d}"
    whole = f"{int(digits[: len(digits) - places]):,}"
    number = f"{whole}.{digits[len(digits) - places :]}" if places else whole
    return f"{sign}{SYMBOLS[code]}{number}" if code in SYMBOLS else f"{sign}{number} {code.upper()}"


def check_charge(amount: int, code: str, *, param: str = "amount") -> None:
    """An amount Stripe would charge: neither too small nor too large, and without fractions the currency has not."""
    check_fractions(amount, code, param=param)
    check_positive(amount, param=param)
    if amount < minimum(code):
        raise too_small(f"Amount must be at least {spell(minimum(code), code)} {code}", param)
    if amount > AMOUNT_MAX:
        raise invalid(f"Amount must be no more than {spell(AMOUNT_MAX, code)} {code}", param=param, code="amount_too_large")


def check_positive(amount: int, *, param: str) -> None:
    if amount < 1:
        raise malformed("This value must be greater than or equal to 1.", param=param, code="parameter_invalid_integer")


def too_small(message: str, param: str) -> Refusal:
    return invalid(message, param=param, code="amount_too_small")


def check_fractions(amount: int, code: str, *, param: str) -> None:
    step = 100 if code in WHOLE_HUNDREDS else 10 if code in THREE_DECIMALS else 1
    if amount % step:
        raise invalid(
            f"Invalid amount: {amount} {code} must be divisible by {step}.", param=param, code="parameter_invalid_integer"
        )


# Rounding, in one way for all


def round_half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def share(amount: int, part: int, whole: int) -> int:
    """As much of the amount as `part` is of `whole`."""
    return round_half_up(Decimal(amount) * part / whole) if whole else 0


def percent_of(amount: int, percent: float | str) -> int:
    return round_half_up(Decimal(amount) * Decimal(str(percent)).scaleb(-2))


def split(amount: int, weights: list[int]) -> list[int]:
    """Whole parts in proportion; what rounding leaves goes to the first ones."""
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    rest = amount - sum(parts)
    for place, weight in enumerate(weights):
        if rest and weight:
            parts[place] += 1
            rest -= 1
    return parts
