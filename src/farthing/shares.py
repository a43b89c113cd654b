"""How a price is shared between the platform, an organization and a seller. Whatever is divided is divided without a rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from farthing.money import Money

WHOLE: Final = 10_000
"""Basis points."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The three parts of a price. They are the whole price."""

    platform_fee: Money
    organization_fee: Money
    seller_share: Money

    @property
    def total(self) -> Money:
        return self.platform_fee + self.organization_fee + self.seller_share

    def __add__(self, other: "Shares") -> "Shares":
        return Shares(
            self.platform_fee + other.platform_fee,
            self.organization_fee + other.organization_fee,
            self.seller_share + other.seller_share,
        )

    def __sub__(self, other: "Shares") -> "Shares":
        return Shares(
            self.platform_fee - other.platform_fee,
            self.organization_fee - other.organization_fee,
            self.seller_share - other.seller_share,
        )

    def part(self, money: Money) -> "Shares":
        """What each bears of so much of it, by largest remainder: no part is more than the share it comes from, and all of it
        is exactly all of them. Raises ValueError for more than there is.
        """
        if not (Money.zero(money.currency) <= money <= self.total):
            raise ValueError(f"{money} is not a part of {self.total}")
        if not money:
            return Shares(money, money, money)
        weights = [self.platform_fee.amount, self.organization_fee.amount, self.seller_share.amount]
        return Shares(*money.split(weights))


def share(amount: Money, *, platform: int, organization: int) -> Shares:
    """Share a price by basis points, by largest remainder; the seller gets what the others do not."""
    return Shares(*amount.split([platform, organization, WHOLE - platform - organization]))


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What is kept of a sale, and of which sales. What a rule does not name, it fits.

    Fixed amounts are by currency: in a currency that a rule has none of, nothing fixed is kept.
    """

    platform_points: int = 0
    organization_points: int = 0
    platform_fixed: Sequence[Money] = ()
    organization_fixed: Sequence[Money] = ()
    seller: str | None = None
    category: str | None = None
    from_: Money | None = None
    """The smallest sale it is for, in this currency alone."""

    def fits(self, amount: Money, *, seller: str | None, category: str | None) -> bool:
        if self.from_ is not None and (self.from_.currency != amount.currency or amount < self.from_):
            return False
        return self.seller in (None, seller) and self.category in (None, category)

    @property
    def strictness(self) -> tuple[bool, bool, int]:
        """A rule for one seller comes before one for a category, and that before one for everybody; then the larger `from_`."""
        return self.seller is not None, self.category is not None, -1 if self.from_ is None else self.from_.amount


def split(
    amount: Money,
    rules: Sequence[FeeRule],
    *,
    seller: str | None = None,
    category: str | None = None,
    platform_points: int | None = None,
) -> Shares:
    """Share a sale by the strictest rule that fits it, the first of equals; without one the seller gets all of it.

    `platform_points` is what was agreed with this seller, in the place of the rule's. Percentages are of the whole amount,
    each within one unit of what it is exactly; what is fixed comes out of the seller's share, as far as that goes. The parts
    are never negative and always sum to the amount. Raises ValueError for a negative amount.
    """
    if amount.amount < 0:
        raise ValueError(f"{amount} cannot be shared")
    fitting = [each for each in rules if each.fits(amount, seller=seller, category=category)]
    rule = max(fitting, key=lambda each: each.strictness, default=FeeRule())
    points = rule.platform_points if platform_points is None else platform_points
    shares = share(amount, platform=points, organization=min(rule.organization_points, WHOLE - points))
    platform = _fixed(rule.platform_fixed, shares.seller_share)
    organization = _fixed(rule.organization_fixed, shares.seller_share - platform)
    return Shares(
        shares.platform_fee + platform, shares.organization_fee + organization, shares.seller_share - platform - organization
    )


def _fixed(amounts: Sequence[Money], left: Money) -> Money:
    found = next((each for each in amounts if each.currency == left.currency), Money.zero(left.currency))
    return min(found, left)
