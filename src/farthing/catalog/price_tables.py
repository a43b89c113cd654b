"""The tables about money: prices that the buyer says, volume prices, coupons, and what is taken off in bulk."""

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from farthing.catalog.values import (
    PRICES_MAX,
    Amount,
    Code,
    Key,
    Line,
    Moment,
    Percent,
    Price,
    ProductKey,
    Table,
    read_price,
)
from farthing.discounts import MONTHS_MAX, Duration

SUGGESTED_MAX = 10
CODES_MAX = 100

ProductKeys = Annotated[list[ProductKey], Field(max_length=1000)]
Amounts = Annotated[list[Amount], Field(min_length=1, max_length=PRICES_MAX)]


class RangeTable(Table):
    """A price that the buyer says, within bounds: a donation, pay what you want."""

    min: Price = Field(description='The least, such as "5.00 EUR".')
    max: Price = Field(description='The most, such as "500.00 EUR".')
    suggested: Annotated[list[Price], Field(max_length=SUGGESTED_MAX)] = Field(
        default=[], description="Amounts that pages offer."
    )

    @model_validator(mode="after")
    def _in_order(self) -> "RangeTable":
        least, most = read_price(self.min), read_price(self.max)
        amounts = [read_price(text) for text in self.suggested]
        if any(amount.currency != least.currency for amount in (most, *amounts)):
            raise PydanticCustomError("product", "mixes currencies: write one range for each of them.")
        if not least < most:
            raise PydanticCustomError("product", "min must be less than max.")
        if any(amount < least or most < amount for amount in amounts):
            raise PydanticCustomError("product", "suggests an amount that is not between min and max.")
        return self


class VolumePriceTable(Table):
    """From so many on, each costs this much."""

    model_config = ConfigDict(populate_by_name=True)

    from_: int = Field(alias="from", ge=2, le=1000, description="From how many on.")
    price: Price = Field(description="What each of all of them costs then.")


class BulkDiscountTable(Table):
    """Whoever buys several pays less, without a code. Of two that apply to a line, the better one does."""

    name: Line = Field(description="What buyers see on the bill.")
    from_: int = Field(alias="from", ge=2, le=50_000, description="From how many units on, counted over the whole cart.")
    percent: Percent = Field(description='How much is taken off these lines, such as 10 or "12.5".')
    products: ProductKeys = Field(default=[], description="Which products count and cost less; left out: see kinds.")
    kinds: Annotated[list[Key], Field(max_length=50)] = Field(
        default=[], description="Which kinds of product count and cost less; with neither, all do."
    )


class CouponTable(Table):
    """What a promotion code takes off an order or a plan."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["percent"]}, {"required": ["amount"]}, {"required": ["amounts"]}]},
    )

    name: Line = Field(description="What buyers see on the bill.")
    percent: Percent | None = Field(default=None, description='How much is taken off, such as 20 or "12.5".')
    amount: Amount | None = Field(default=None, description='How much is taken off, such as "5.00 EUR".')
    amounts: Amounts | None = Field(default=None, description="The same, one for each currency.")
    codes: Annotated[list[Code], Field(max_length=CODES_MAX)] = Field(
        default=[], description="What buyers type, in any case. More of them are made with `farthing coupons codes`."
    )
    products: ProductKeys = Field(default=[], description="To which products it applies; left out: to all.")
    minimum: Amount | None = Field(default=None, description="The least that the cart must cost before it.")
    minimums: Amounts | None = Field(default=None, description="The same, one for each currency.")
    max_redemptions: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description="How many orders and plans may use it."
    )
    once_per_customer: bool = Field(default=False, description="Whether a customer may use it once only.")
    first_purchase: bool = Field(default=False, description="Whether it is for customers who never bought before.")
    duration: Duration = Field(
        default="once", description="Of a plan: its first invoice, those of some months (repeating), or all (forever)."
    )
    duration_months: Annotated[int, Field(ge=1, le=MONTHS_MAX)] | None = Field(
        default=None, description="How many months, where it is repeating."
    )
    valid_from: Moment | None = Field(default=None, description="When it begins: 2026-12-01T00:00:00Z.")
    valid_until: Moment | None = Field(default=None, description="When it ends.")
    active: bool = Field(default=True, description="false: no order may use it any more.")

    @property
    def written_amounts(self) -> list[str]:
        return self.amounts or ([] if self.amount is None else [self.amount])

    @property
    def written_minimums(self) -> list[str]:
        return self.minimums or ([] if self.minimum is None else [self.minimum])

    @model_validator(mode="after")
    def _fits_together(self) -> "CouponTable":
        if said := self._problem():
            raise PydanticCustomError("product", "{said}", {"said": said})
        return self

    def _problem(self) -> str | None:
        if sum(given is not None for given in (self.percent, self.amount, self.amounts)) != 1:
            return 'takes off one thing: write percent = 10, or amount = "5.00 EUR".'
        if self.minimum is not None and self.minimums is not None:
            return "has both minimum and minimums: keep one of them."
        if (self.duration == "repeating") != (self.duration_months is not None):
            return 'says duration_months with duration = "repeating", and only with it.'
        for texts in (self.written_amounts, self.written_minimums):
            currencies = [text[-3:].upper() for text in texts]
            if twice := next((currency for currency in currencies if currencies.count(currency) > 1), None):
                return f"says two amounts in {twice}: keep one for each currency."
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            return "ends before it begins."
        return None


def _form(value: Any) -> str:
    return "[range]" if isinstance(value, (dict, RangeTable)) else "[text]"


AnyPrice = Annotated[
    Annotated[Price, Tag("[text]")] | Annotated[RangeTable, Tag("[range]")],
    Discriminator(_form),
]
"""What one costs, or the bounds of what the buyer may say."""

__all__ = ["AnyPrice", "BulkDiscountTable", "CouponTable", "RangeTable", "VolumePriceTable"]
