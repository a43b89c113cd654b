"""`[shipping]`: where goods are sent to, and what the buyer pays for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from farthing.catalog.values import PRICE, PRICES_MAX, Key, Line, Table, TaxRate, read_fee
from farthing.errors import Invalid
from farthing.money import Money

RATES_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class ShippingRate:
    """What sending the goods of an order costs, however many they are: one price for each currency."""

    key: str
    name: str
    prices: Mapping[str, Money]
    countries: Sequence[str] = ()
    """All where none is named."""
    free_from: Mapping[str, Money] = field(default_factory=dict)
    """What the goods cost at least where sending them is free."""
    tax_rate: str | None = None
    """In percent: the tax that is in its price. None where nobody says it."""

    def serves(self, country: str, currency: str) -> bool:
        return currency in self.prices and (not self.countries or country in self.countries)

    def price(self, goods: Money) -> Money:
        """For goods that cost so much, less what is taken off. Raises KeyError for a currency that it does not serve."""
        free = self.free_from.get(goods.currency)
        return self.prices[goods.currency] if free is None or goods < free else Money.zero(goods.currency)


@dataclass(frozen=True, slots=True)
class Shipping:
    """Without the table nobody is asked for an address. `countries`: all where none is named. Without `rates` the buyer pays
    nothing for it.
    """

    countries: Sequence[str] = ()
    rates: Sequence[ShippingRate] = ()
    """The first that serves an address is what a buyer pays who named none."""


def _checked_fees(texts: list[str]) -> list[str]:
    try:
        currencies = [read_fee(text).currency for text in texts]
    except Invalid as error:
        raise PydanticCustomError("price", "{said}", {"said": error.detail}) from None
    twice = next((currency for currency in currencies if currencies.count(currency) > 1), None)
    if twice:
        raise PydanticCustomError("price", "names {currency} twice: keep one amount.", {"currency": twice.upper()})
    return texts


Fees = Annotated[
    list[Annotated[str, Field(json_schema_extra={"pattern": PRICE}, examples=["4.90 EUR"])]],
    Field(max_length=PRICES_MAX),
    AfterValidator(_checked_fees),
]
Countries = Annotated[list[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]], Field(max_length=250)]


class ShippingRateTable(Table):
    """One way of sending, and what the buyer pays for it: a line of its own on the order."""

    key: Key = Field(description="By what requests name it, as shipping_rate.")
    name: Line = Field(description="What buyers see on the bill.")
    prices: Annotated[Fees, Field(min_length=1)] = Field(
        description='What it costs for the whole order, one amount for each currency: ["4.90 USD"]; "0.00 USD" is free.'
    )
    countries: Countries = Field(default=[], description="Where to, of the countries of [shipping]; all of those if left out.")
    free_from: Fees = Field(
        default=[],
        description="From what price of the goods on, less what is taken off, it costs nothing: one for each currency.",
    )
    tax_rate: TaxRate | None = Field(
        default=None, description="In percent: the tax that is in its price, where it is not that of [legal]."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "ShippingRateTable":
        sold = [read_fee(text).currency for text in self.prices]
        strange = next((text for text in self.free_from if read_fee(text).currency not in sold), None)
        if strange:
            said = f"is free from {strange} on, and has no price in that currency."
            raise PydanticCustomError("price", "{said}", {"said": said})
        return self


class ShippingTable(Table):
    """Where goods are sent to. With this table, who orders some must say where to."""

    countries: Countries = Field(
        default=[], description='The countries that are served, in two letters: ["DE", "AT"]; all if left out.'
    )
    rates: Annotated[list[ShippingRateTable], Field(max_length=RATES_MAX)] = Field(
        default=[], description="What buyers pay for it; of those that serve an address the first, unless the buyer names one."
    )


def shipping_of(table: ShippingTable | None, tax_rate: str | None) -> Shipping | None:
    """`tax_rate`: that of `[legal]`."""
    if table is None:
        return None
    return Shipping(tuple(table.countries), tuple(_rate(rate, table.countries, tax_rate) for rate in table.rates))


def _rate(table: ShippingRateTable, served: Sequence[str], tax_rate: str | None) -> ShippingRate:
    return ShippingRate(
        key=table.key,
        name=table.name,
        prices=_fees(table.prices),
        countries=tuple(table.countries or served),
        free_from=_fees(table.free_from),
        tax_rate=table.tax_rate or tax_rate,
    )


def _fees(texts: Sequence[str]) -> Mapping[str, Money]:
    return {fee.currency: fee for fee in map(read_fee, texts)}
