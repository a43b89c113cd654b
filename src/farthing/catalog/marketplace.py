"""`[marketplace]`: what holds for all sellers of a marketplace, and what is kept of what they sell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from farthing.catalog.values import Amount, Key, Line, Table, read_amount
from farthing.shares import WHOLE, FeeRule

FEES_MAX: Final = 1000
HOLDING_DAYS_MAX: Final = 90
ACCOUNT_CHANGE_DAYS_MAX: Final = 90
Payouts = Literal["manual", "daily", "weekly", "monthly"]
Bearer = Literal["platform", "seller"]
Design = Literal["transfer_later", "transfer_early"]
"""What was earned waits with the shop until the holding period is over, or on the seller's account."""


RELEASE_DAY: Final = "^([1-9]|1[0-9]|2[0-8]|monday|tuesday|wednesday|thursday|friday)$"


@dataclass(frozen=True, slots=True)
class Marketplace:
    """`open`: whether somebody else may sell here. `country` is of a seller who named none; `holding_days` is how long what
    they earned is held after its delivery; `release_day`, on which days money goes out after that; `account_change_days`, for
    how long nothing goes out after a seller's bank account changed."""

    open: bool = False
    country: str = "US"
    holding_days: int = 7
    payouts: Payouts = "manual"
    fees: Sequence[FeeRule] = ()
    release_day: str | None = None
    account_change_days: int = 3
    design: Design = "transfer_later"
    dispute_fees: Bearer = "platform"


def _each_currency_once(amounts: list[str]) -> list[str]:
    currencies = [read_amount(text).currency for text in amounts]
    for currency in currencies:
        if currencies.count(currency) > 1:
            raise PydanticCustomError("amounts", "names {currency} twice.", {"currency": currency.upper()})
    return amounts


Amounts = Annotated[list[Amount], Field(max_length=50), AfterValidator(_each_currency_once)]


class FeeTable(Table):
    """What is kept of a sale. Of the rules that fit, one for a seller comes before one for a category, and that before one for
    all; then the one with the larger `from`."""

    seller: Line | None = Field(default=None, description="For this seller alone: your own id of them.")
    category: Key | None = Field(default=None, description="For what is listed in this category alone.")
    from_: Amount | None = Field(
        default=None, alias="from", description='For sales of at least this much, in its currency: "100.00 EUR".'
    )
    platform_basis_points: int = Field(default=0, ge=0, le=WHOLE, description="Your share, in hundredths of a percent.")
    organization_basis_points: int = Field(
        default=0, ge=0, le=WHOLE, description="The share of the organization between you and the seller."
    )
    platform_amounts: Amounts = Field(default=[], description='And so much of each sale, one for each currency: "0.30 EUR".')
    organization_amounts: Amounts = Field(default=[], description="The same for the organization.")

    @model_validator(mode="after")
    def _shares_fit(self) -> "FeeTable":
        if self.platform_basis_points + self.organization_basis_points > WHOLE:
            raise PydanticCustomError("fees", "shares more than there is: the two shares are at most 10000 together.")
        return self


class MarketplaceTable(Table):
    """What holds for all sellers. Left out, nobody else sells here."""

    open: bool = Field(
        default=True, description="Whether whoever is signed in may become a seller; false: only your servers say who is one."
    )
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = Field(
        default="US", description="The country of a seller who named none, in two letters, such as AT."
    )
    holding_days: int = Field(
        default=7, ge=0, le=HOLDING_DAYS_MAX, description="How long what a seller earned is held after its delivery."
    )
    payouts: Payouts = Field(
        default="manual", description='When money goes on from a seller\'s account to their bank: "manual" when you say so.'
    )
    release_day: Annotated[str, Field(pattern=RELEASE_DAY)] | None = Field(
        default=None,
        description='On which days money goes out once it is held long enough: "1" to "28" of a month, or "monday" to '
        '"friday". Left out: at once.',
    )
    account_change_days: int = Field(
        default=3,
        ge=0,
        le=ACCOUNT_CHANGE_DAYS_MAX,
        description="For how long nothing goes out after a seller's bank account changed.",
    )
    design: Design = Field(
        default="transfer_later",
        description='Where money waits: "transfer_later" with you, or "transfer_early" on the seller\'s account, from which it '
        'goes on to their bank after the holding period. The second needs payouts = "manual".',
    )
    dispute_fees: Bearer = Field(
        default="platform",
        description="Who bears what a bank charges for a dispute that is lost; a seller from what they earn next.",
    )
    fees: Annotated[list[FeeTable], Field(max_length=FEES_MAX)] = Field(
        default=[], description="What is kept of a sale: one table for each rule. Without one, the seller gets all of it."
    )

    @model_validator(mode="after")
    def _held_somewhere(self) -> "MarketplaceTable":
        if self.design == "transfer_early" and self.payouts != "manual":
            raise PydanticCustomError("design", 'transfers early needs payouts = "manual": else nothing is held.')
        return self


def marketplace_of(table: MarketplaceTable | None) -> Marketplace:
    """Left out, nobody else sells here."""
    if table is None:
        return Marketplace()
    return Marketplace(
        open=table.open,
        country=table.country,
        holding_days=table.holding_days,
        payouts=table.payouts,
        fees=tuple(map(_rule, table.fees)),
        release_day=table.release_day,
        account_change_days=table.account_change_days,
        design=table.design,
        dispute_fees=table.dispute_fees,
    )


def fees_alike(table: MarketplaceTable | None) -> Iterator[tuple[int, int]]:
    """Rules that are for the same sales, as (the later, the first of them)."""
    seen: dict[tuple[object, ...], int] = {}
    for at, fee in enumerate([] if table is None else table.fees):
        from_ = None if fee.from_ is None else read_amount(fee.from_)
        first = seen.setdefault((fee.seller, fee.category, from_), at)
        if first != at:
            yield at, first


def _rule(table: FeeTable) -> FeeRule:
    return FeeRule(
        platform_points=table.platform_basis_points,
        organization_points=table.organization_basis_points,
        platform_fixed=tuple(map(read_amount, table.platform_amounts)),
        organization_fixed=tuple(map(read_amount, table.organization_amounts)),
        seller=table.seller,
        category=table.category,
        from_=None if table.from_ is None else read_amount(table.from_),
    )
