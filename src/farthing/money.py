"""Money: whole minor units and a currency, together, everywhere. Nothing here can lose a unit.

The number of decimals comes from one table, and the table is Stripe's (https://docs.stripe.com/currencies), because the
amounts on the wire are Stripe's: CLDR and ISO 4217 disagree with it in places (ISK, UGX, MGA).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from farthing.errors import Invalid

WRITTEN: Final = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,15})(\.(?P<part>[0-9]{1,15}))?")
"""An amount as people write it. Decimal itself reads more than that, and rounds what is longer than its precision."""

AMOUNT_MAX: Final = 99_999_999
"""The largest charge: Stripe takes eight digits, https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts."""

TOTAL_MAX: Final = 10**12
"""The largest sum that is held in one `Money`: far below bigint and below 2**53, so that JSON readers agree with us."""

ZERO_DECIMAL: Final = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL: Final = frozenset("bhd jod kwd omr tnd".split())
TWO_DECIMAL: Final = frozenset(
    """aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc
    cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd kes kgs khr kyd kzt
    lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln
    qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd yer
    zar zmw""".split()
)
REFUSED: Final = frozenset({"isk", "ugx"})
"""Whole units only, yet written with two decimals on the wire: refused rather than guessed."""

MINIMUM_CHARGE: Final = {
    **dict.fromkeys(("usd", "eur", "cad", "aud", "nzd", "sgd", "chf", "brl", "inr"), 50),
    **dict.fromkeys(("sek", "nok"), 300),
    **dict.fromkeys(("pln", "ron", "aed", "myr"), 200),
    "gbp": 30,
    "jpy": 50,
    "mxn": 1000,
    "hkd": 400,
    "dkk": 250,
    "czk": 1500,
    "huf": 17500,
    "thb": 1000,
}
"""The smallest charge in each currency that has one, in minor units."""


def exponent(currency: str) -> int:
    """How many decimals the currency has. Raises Invalid for one that Farthing does not take."""
    if currency in TWO_DECIMAL:
        return 2
    if currency in ZERO_DECIMAL:
        return 0
    if currency in THREE_DECIMAL:
        return 3
    if currency in REFUSED:
        raise Invalid(f"The currency {currency!r} is not supported: its smallest unit is ambiguous at Stripe.")
    raise Invalid(f"{currency[:12]!r} is not a currency: use a lower-case ISO 4217 code such as 'eur'.")


def step(currency: str) -> int:
    """The smallest difference between two charges: card networks settle currencies of three decimals in tens.

    https://docs.stripe.com/currencies#three-decimal
    """
    return 10 if exponent(currency) == 3 else 1


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents, yen, fils) of one lower-case ISO 4217 currency. May be negative.

    Raises TypeError for an amount that is not an int (a bool is not), Invalid for an unknown currency or a sum that is
    over `TOTAL_MAX`.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"an amount of money is a whole number of minor units, not {type(self.amount).__name__}")
        exponent(self.currency)
        if abs(self.amount) > TOTAL_MAX:
            raise Invalid(f"The amount is too large: at most {TOTAL_MAX} minor units.")

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read "12.50" as people write it; more decimals than the currency has are refused, not rounded."""
        decimals = exponent(currency)
        written = WRITTEN.fullmatch(text.strip())
        if written is None:
            raise Invalid(f"{text[:20]!r} is not an amount: write it like 12.50.", param="amount")
        sign, whole, part = written["sign"], written["whole"], (written["part"] or "").rstrip("0")
        if len(part) > decimals:
            raise Invalid(f"{text[:20]!r} has more decimals than {currency} has.", param="amount")
        return cls(int(sign + whole + part.ljust(decimals, "0")), currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, times: int) -> "Money":
        if type(times) is not int:
            raise TypeError("money is multiplied by whole numbers only; use split for shares")
        return Money(self.amount * times, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        """For logs, commands and messages: "12.50 EUR". Pages format by locale instead."""
        return f"{self.decimal} {self.currency.upper()}"

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Divide by weights, losing nothing: the parts always sum to the whole (largest remainder, first come on a tie)."""
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights are not negative and not all zero")
        sign, whole = (-1 if self.amount < 0 else 1), abs(self.amount)
        shares = [divmod(whole * weight, total) for weight in weights]
        missing = whole - sum(share for share, _ in shares)
        ranked = sorted(range(len(weights)), key=lambda i: (-shares[i][1], i))
        extra = set(ranked[:missing])
        return [Money(sign * (share + (i in extra)), self.currency) for i, (share, _) in enumerate(shares)]

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.amount


def apportion(amount: int, totals: Sequence[int], taken: Sequence[int]) -> list[int]:
    """Share an amount among parts of which some was taken before; the parts follow the running total.

    No share is negative, none exceeds what is left of its part, and together they are the amount: so whatever the sequence,
    it ends at exactly the totals. `amount` must not be more than what is left.
    """
    left = [total - before for total, before in zip(totals, taken, strict=True)]
    if min(left) < 0 or not 0 <= amount <= sum(left):
        raise ValueError(f"{amount} cannot be shared among {left}")
    whole, after = sum(totals), sum(taken) + amount
    if not amount:
        return [0] * len(totals)
    # What each part should have by now, less what it has, in whole-ths of a unit.
    due = [after * total - before * whole for total, before in zip(totals, taken, strict=True)]
    shares = [min(max(part // whole, 0), room) for part, room in zip(due, left, strict=True)]
    while missing := amount - sum(shares):
        step = 1 if missing > 0 else -1
        room = [limit - share if step > 0 else share for limit, share in zip(left, shares, strict=True)]
        ranked = (i for i in range(len(shares)) if room[i])
        best = max(ranked, key=lambda i: (step * (due[i] - shares[i] * whole), -i))
        # Far off is only what was refunded by line in between: then not unit by unit.
        shares[best] += step * min(room[best], max(1, abs(missing) // (2 * len(shares))))
    return shares


def check_chargeable(money: Money) -> None:
    """Raise Invalid unless a card could be charged this amount in this currency."""
    least = MINIMUM_CHARGE.get(money.currency, 1)
    if money.amount < least:
        raise Invalid(f"The total of {money} is below the smallest charge of {Money(least, money.currency)}.")
    if money.amount > AMOUNT_MAX:
        raise Invalid(f"The total of {money} is above the largest charge of {Money(AMOUNT_MAX, money.currency)}.")
    if money.amount % step(money.currency):
        raise Invalid(f"The total of {money} must end in 0: card networks settle {money.currency} in ten-unit steps.")
