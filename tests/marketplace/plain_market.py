"""A quarter of a marketplace and all that a plain model says of it: whole sums by hand, without a database or a provider."""

import random
from dataclasses import dataclass, field
from typing import Literal

from tests.whole import sized

SELLERS = sized(30, 8)
SELLING_DAYS = sized(63, 21)
"""The days after these are for what is still on its way: the whole is a quarter."""

DAYS = sized(92, 46)
HOLDING_DAYS = 7
PLATFORM_PERCENT = 10
STRIPE_PERMILLE, STRIPE_FIXED, DISPUTE_FEE = 29, 30, 1500

Fate = Literal[
    "arrives",
    "is lost",
    "is called off",
    "is called off in part",
    "is sent back",
    "is refunded in part",
    "is refunded late",
    "is disputed and won",
    "is disputed and lost",
    "is lost at the bank after the seller was paid",
]
FATES: dict[Fate, int] = {
    "arrives": 375,
    "is lost": 30,
    "is called off": 30,
    "is called off in part": 20,
    "is sent back": 35,
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

    def plan(self) -> list[tuple[str, int]]:
        """What happens to it, and on which day."""
        sent, arrives, late = self.day + 1, self.day + self.takes, self.released_on + 2
        way = [("send", sent), ("deliver", arrives)]
        plans: dict[Fate, list[tuple[str, int]]] = {
            "arrives": way,
            "is lost": [("send", sent), ("lose", arrives)],
            "is called off": [("call off", sent)],
            "is called off in part": [("call one off", self.day), *way],
            "is sent back": [*way, ("send back", arrives + (2 if self.number % 2 else HOLDING_DAYS + 3))],
            "is refunded in part": [*way, ("give half back", arrives + 2)],
            "is refunded late": [*way, ("give all back", late)],
            "is disputed and won": [*way, ("complain", arrives + 1), ("won", arrives + 5)],
            "is disputed and lost": [*way, ("complain", arrives + 1), ("lost", arrives + 5)],
            "is lost at the bank after the seller was paid": [*way, ("complain", late), ("lost", late + 3)],
        }
        return plans[self.fate]

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


DISPUTED: frozenset[Fate] = frozenset(
    {"is disputed and won", "is disputed and lost", "is lost at the bank after the seller was paid"}
)


FEWER = sized(1, 10)
"""Orders, where the whole is too long to wait for: some of each fate nevertheless."""


def quarter() -> Model:
    chance = random.Random("a quarter")
    fates = [fate for fate, count in FATES.items() for _ in range(max(2, count // FEWER))]
    chance.shuffle(fates)
    days = sorted(chance.randrange(SELLING_DAYS) for _ in fates)
    return Model([_sale(chance, n, day, fate) for n, (day, fate) in enumerate(zip(days, fates, strict=True))])


def _sale(chance: random.Random, number: int, day: int, fate: Fate) -> Sale:
    sellers = chance.sample(range(SELLERS), chance.choice((1, 1, 1, 2, 3)))
    parts = [Part(seller, chance.choice((1, 1, 2)), price(seller)) for seller in sellers]
    if fate == "is called off in part":
        parts[0].quantity = 2
    return Sale(number, day, fate, parts, takes=chance.randrange(2, 6))


def price(seller: int) -> int:
    """In cents: whole even dollars, so that half of it is whole as well."""
    return 1000 + 200 * seller
