"""A quarter of a marketplace and all that a plain model says of it: whole sums by hand, without a database or a provider."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

SELLERS = 30
SALES = 600
SELLING_DAYS = 77
"""The days after these are for what is still on its way: the whole is a quarter."""

DAYS = 92
HOLDING_DAYS = 7
PLATFORM_PERCENT = 10
STRIPE_PERMILLE, STRIPE_FIXED, DISPUTE_FEE = 29, 30, 1500

Fate = Literal[
    "arrives",
    "is lost",
    "is called off",
    "is refunded in part",
    "is refunded late",
    "is disputed and won",
    "is disputed and lost",
    "is lost at the bank after the seller was paid",
]
FATES: dict[Fate, int] = {
    "arrives": 430,
    "is lost": 30,
    "is called off": 30,
    "is refunded in part": 40,
    "is refunded late": 30,
    "is disputed and won": 15,
    "is disputed and lost": 15,
    "is lost at the bank after the seller was paid": 10,
}


@dataclass
class Part:
    """What one seller sells in an order."""

    seller: int
    quantity: int
    unit: int
    back: int = 0
    """Of what was paid for it, that went back."""

    @property
    def paid(self) -> int:
        return self.quantity * self.unit

    @property
    def share(self) -> int:
        """The seller's, of what is left: prices are whole dollars, so that it is whole cents."""
        return (self.paid - self.back) * (100 - PLATFORM_PERCENT) // 100

    @property
    def fee(self) -> int:
        """The platform's."""
        return (self.paid - self.back) * PLATFORM_PERCENT // 100


@dataclass
class Sale:
    """One order with one payment, and what is to become of it."""

    number: int
    day: int
    fate: Fate
    parts: list[Part]
    takes: int
    """Days until it arrives, or does not."""
    done: set[str] = field(default_factory=set)

    @property
    def paid(self) -> int:
        return sum(part.paid for part in self.parts)

    @property
    def back(self) -> int:
        return sum(part.back for part in self.parts)

    @property
    def released_on(self) -> int:
        return self.day + self.takes + HOLDING_DAYS

    def gives_back(self, parts: list[Part]) -> None:
        for part in parts:
            part.back = part.paid


@dataclass
class Model:
    sales: list[Sale]

    def share(self, seller: int) -> int:
        """All that is a seller's in the end."""
        return sum(part.share for sale in self.sales for part in sale.parts if part.seller == seller)

    @property
    def margin(self) -> int:
        """The platform's, before what the provider keeps."""
        return sum(part.fee for sale in self.sales for part in sale.parts)

    @property
    def kept_by_provider(self) -> int:
        """Nothing of it comes back with a refund, and that of a dispute stays when it is won."""
        disputes = sum(sale.fate in DISPUTED for sale in self.sales)
        return sum((sale.paid * STRIPE_PERMILLE + 500) // 1000 + STRIPE_FIXED for sale in self.sales) + disputes * DISPUTE_FEE

    @property
    def at_the_provider(self) -> int:
        """What the platform's own balance is once all sellers have theirs."""
        kept = sum(sale.paid - sale.back for sale in self.sales)
        return kept - self.kept_by_provider - sum(map(self.share, range(SELLERS)))

    def sold(self) -> Counter[int]:
        """Seller → units that left for good: what came back before it was sent is on the shelf again."""
        return Counter(
            {
                seller: sum(
                    part.quantity
                    for sale in self.sales
                    for part in sale.parts
                    if part.seller == seller and sale.fate != "is called off"
                )
                for seller in range(SELLERS)
            }
        )


DISPUTED: frozenset[Fate] = frozenset(
    {"is disputed and won", "is disputed and lost", "is lost at the bank after the seller was paid"}
)


def quarter() -> Model:
    chance = random.Random("a quarter")
    fates = [fate for fate, count in FATES.items() for _ in range(count)]
    chance.shuffle(fates)
    days = sorted(chance.randrange(SELLING_DAYS) for _ in fates)
    return Model([_sale(chance, n, day, fate) for n, (day, fate) in enumerate(zip(days, fates, strict=True))])


def _sale(chance: random.Random, number: int, day: int, fate: Fate) -> Sale:
    # Nobody sells little enough to owe more in the end than they earn: what is taken back of one sale is kept of another.
    sellers = chance.sample(range(SELLERS), chance.choice((1, 1, 1, 2, 3)))
    parts = [Part(seller, chance.choice((1, 1, 2)), price(seller)) for seller in sellers]
    return Sale(number, day, fate, parts, takes=chance.randrange(2, 6))


def price(seller: int) -> int:
    """In cents: whole even dollars, so that half of it is whole as well."""
    return 1000 + 200 * seller


def stock() -> Iterator[tuple[int, int]]:
    """Seller → how many they have of what they sell."""
    yield from ((seller, 1_000) for seller in range(SELLERS))
