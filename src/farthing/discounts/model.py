"""What a coupon takes off an order, and when it may. Whole minor units: what is taken off is spread without a unit lost."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from farthing.errors import Conflict, Invalid, NotFound
from farthing.money import Money, step

WHOLE: Final = 10_000
"""All of it, in basis points: hundredths of a percent."""

CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,39}", re.ASCII)
KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
NAME_MAX: Final = 250
PARAM: Final = "promotion_code"

Duration = Literal["once", "repeating", "forever"]
"""Of a plan: its first invoice, those of some months, or all."""

MONTHS_MAX: Final = 120

Source = Literal["catalog", "staff"]
"""Who says the rule: farthing.toml, or somebody of the staff."""


@dataclass(frozen=True, slots=True)
class Coupon:
    """The rule: how much is taken off, of what, and when. Either `basis_points`, or `amounts` with one for each currency."""

    key: str
    name: str
    basis_points: int | None = None
    amounts: Mapping[str, Money] = field(default_factory=dict)
    products: tuple[str, ...] = ()
    """Keys of the products it applies to; none: all."""
    minimums: Mapping[str, Money] = field(default_factory=dict)
    """The least that the cart must cost before it, by currency."""
    redemptions_max: int | None = None
    once_per_customer: bool = False
    first_purchase: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    active: bool = True
    duration: Duration = "once"
    """Of a plan. An order is paid once, and has it once."""
    duration_months: int | None = None
    """How many, where it is repeating."""
    codes: tuple[str, ...] = ()
    """Those that farthing.toml gives it."""
    source: Source = "catalog"

    def taken_off(self, lines: Sequence[tuple[str, Money]], noun: str = "cart") -> list[Money]:
        """How much each line, a product's key and what it costs, costs less. At least one; all of one currency.

        The percentage is taken of all lines it applies to together and rounded once, half up; it is spread by what they cost,
        largest remainder first. Never more than a line costs. Raises Invalid where it takes nothing off this cart.
        """
        currency = lines[0][1].currency
        self._check_minimum(sum((money for _, money in lines), start=Money.zero(currency)), noun)
        weights = [money if not self.products or product in self.products else Money.zero(currency) for product, money in lines]
        whole = sum(weights, start=Money.zero(currency))
        if not whole:
            raise Invalid(f"{self.name!r} applies to nothing in this {noun}.", param=PARAM)
        off = self._of(whole, noun)
        if not off:
            raise Invalid(f"{self.name!r} takes nothing off this {noun}.", param=PARAM)
        return spread(off, weights)

    def _of(self, whole: Money, noun: str) -> Money:
        if self.basis_points is not None:
            return share(whole, self.basis_points)
        amount = self.amounts.get(whole.currency)
        if amount is None:
            known = ", ".join(sorted(self.amounts))
            raise Invalid(f"{self.name!r} is not for {noun}s in {whole.currency}, but for {known}.", param=PARAM)
        return min(amount, whole)

    def _check_minimum(self, total: Money, noun: str) -> None:
        least = self.minimums.get(total.currency)
        if least is not None and total < least:
            raise Invalid(f"{self.name!r} is for {noun}s of {least} or more; this one costs {total}.", param=PARAM)
        if least is None and self.minimums:
            known = ", ".join(sorted(self.minimums))
            raise Invalid(f"{self.name!r} is not for {noun}s in {total.currency}, but for {known}.", param=PARAM)


@dataclass(frozen=True, slots=True)
class PromotionCode:
    """What is typed. It may have limits of its own, besides those of its coupon."""

    code: str
    coupon: str
    redemptions_max: int | None = None
    valid_until: datetime | None = None
    active: bool = True
    source: Source = "catalog"


@dataclass(frozen=True, slots=True)
class Uses:
    """How often it was used: by orders that wait for their payment, and by orders that were paid."""

    reserved: int = 0
    redeemed: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """A code that was typed, and the rule behind it."""

    coupon: Coupon
    code: PromotionCode

    def check(self, now: datetime, *, has_bought: bool = False) -> None:
        """Raise Conflict where it may not be used now, or not by somebody who bought before."""
        coupon, code = self.coupon, self.code
        if not coupon.active or not code.active:
            raise Conflict(f"The code {code.code} is no longer valid.", param=PARAM)
        if coupon.valid_from is not None and now < coupon.valid_from:
            raise Conflict(f"The code {code.code} is not valid yet.", param=PARAM)
        if any(until is not None and until <= now for until in (coupon.valid_until, code.valid_until)):
            raise Conflict(f"The code {code.code} has expired.", param=PARAM)
        if coupon.first_purchase and has_bought:
            raise Conflict(f"The code {code.code} is for a first purchase only.", param=PARAM)


def checked(coupon: Coupon) -> Coupon:
    """One that somebody made by hand. Raises Invalid with the field that makes no sense."""
    if not KEY.fullmatch(coupon.key):
        raise Invalid("A key is made of a-z, 0-9, - and _, at most 63 of them, such as 'spring-sale'.", param="key")
    if not coupon.name.strip() or len(coupon.name) > NAME_MAX or not coupon.name.isprintable():
        raise Invalid(f"A name is one line of at most {NAME_MAX} characters: buyers see it on the bill.", param="name")
    if coupon.basis_points is not None and not 1 <= coupon.basis_points <= WHOLE:
        raise Invalid("It takes off more than nothing, and at most 100 %.", param="percent")
    if (coupon.duration == "repeating") != (coupon.duration_months is not None) or not 1 <= (
        coupon.duration_months or 1
    ) <= MONTHS_MAX:
        raise Invalid(
            f"A repeating coupon lasts from 1 to {MONTHS_MAX} months; no other one says months.", param="duration_months"
        )
    for currency, money in coupon.amounts.items():
        if money.amount <= 0 or money.amount % step(currency):
            raise Invalid(f"An amount in {currency} is more than nothing, in steps that a card can be charged.", param="amount")
    return coupon


def normalized(typed: str) -> str:
    """The code as it is stored: case and outer blanks do not count. Raises NotFound for what can be none."""
    code = typed.strip().upper()
    if not CODE.fullmatch(code):
        raise NotFound("There is no such promotion code.", param=PARAM)
    return code


def in_catalog(coupons: Mapping[str, Coupon], code: str) -> Offer | None:
    """The offer that farthing.toml makes for a normalized code."""
    found = next((coupon for coupon in coupons.values() if code in coupon.codes), None)
    return None if found is None else Offer(found, PromotionCode(code, found.key))


def share(whole: Money, basis_points: int) -> Money:
    """So much of it, rounded half up to what can be charged."""
    unit = step(whole.currency)
    part, _ = Money(whole.amount // unit, whole.currency).split([basis_points, WHOLE - basis_points])
    return part * unit


def spread(off: Money, weights: Sequence[Money]) -> list[Money]:
    """Divide what is taken off over lines by what they cost: the parts sum to it, and none is more than its line."""
    unit = step(off.currency)
    parts = Money(off.amount // unit, off.currency).split([weight.amount // unit for weight in weights])
    return [part * unit for part in parts]
