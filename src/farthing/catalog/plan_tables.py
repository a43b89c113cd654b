"""`[products.x.plan]`: groups, recurring prices, seats and trials, as they must be written."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from farthing.catalog.options import Options
from farthing.catalog.plans import MAIN, Interval, Plan, PlanPrice, TrialMark
from farthing.catalog.values import PRICES_MAX, Key, Price, Table, read_price

PLAN_PRICES_MAX = 50
YEARS_MAX = {"day": 1095, "week": 156, "month": 36, "year": 3}
"""The longest that Stripe renews after: https://docs.stripe.com/api/prices/create."""


class PlanPriceTable(Table):
    """One price of a plan, paid again after each interval."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["price"]}, {"required": ["prices"]}]})

    price: Price | None = Field(default=None, description='What one seat costs, such as "20.00 EUR".')
    prices: Annotated[list[Price], Field(min_length=1, max_length=PRICES_MAX)] | None = Field(
        default=None, description="The same, one for each currency."
    )
    interval: Interval = Field(description="After what it is paid again.")
    interval_count: int = Field(default=1, ge=1, le=1095, description="After how many of them: 3 months are a quarter.")
    active: bool = Field(default=True, description="false: nobody can begin with it; who has it keeps it.")

    @property
    def written(self) -> list[str]:
        return self.prices or ([] if self.price is None else [self.price])

    @model_validator(mode="after")
    def _fits_together(self) -> "PlanPriceTable":
        if (self.price is None) == (self.prices is None):
            raise PydanticCustomError("plan", 'has one amount or several: write price = "20.00 EUR", or prices = [ … ].')
        currencies = [text[-3:].upper() for text in self.written]
        if twice := next((currency for currency in currencies if currencies.count(currency) > 1), None):
            raise PydanticCustomError("plan", "{said}", {"said": f"has two amounts in {twice}: keep one for each currency."})
        if self.interval_count > YEARS_MAX[self.interval]:
            raise PydanticCustomError("plan", "renews after more than three years: the provider takes no such price.")
        return self


class PlanOptions(Options):
    """Of kind "plan": what is paid again and again."""

    group: Key = Field(default=MAIN, description="A customer has one plan of each group.")
    prices: Annotated[dict[Key, PlanPriceTable], Field(min_length=1, max_length=PLAN_PRICES_MAX)] = Field(
        description='Its prices, by a name of yours: "monthly", "yearly".'
    )
    seats_min: int = Field(default=1, ge=1, le=100_000, description="The least quantity.")
    seats_max: int | None = Field(default=None, ge=1, le=100_000, description="The most; left out, it is the least.")
    trial_days: int | None = Field(default=None, ge=1, le=730, description="For how long it can be tried; left out: not.")
    trial_needs_card: bool = Field(
        default=True, description="false: a trial begins without a card, and ends where none is left."
    )
    limits: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default={}, description="How much of a feature of this plan may be used, such as { api = 10000 }."
    )
    credits: int | None = Field(default=None, ge=1, le=1_000_000_000, description="How many credits each paid period brings.")

    credits_days: int | None = Field(
        default=None, ge=1, le=3660, description="For how many days they can be spent; left out: while the period may be used."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "PlanOptions":
        if self.seats_max is not None and self.seats_max < self.seats_min:
            raise PydanticCustomError("plan", "has fewer seats at most than at least: seats_max is less than seats_min.")
        if self.trial_days is None and not self.trial_needs_card:
            raise PydanticCustomError("plan", "has a trial without a card and no trial: add trial_days.")
        return self


class SubscriptionsTable(Table):
    """What holds for all subscriptions."""

    grace_days: int = Field(
        default=7, ge=0, le=90, description="How long a plan may be used after its paid time while its payment fails."
    )
    trial_reminder_days: int = Field(default=3, ge=1, le=30, description="How long before the end of a trial it is told.")
    trial_marks: frozenset[TrialMark] = Field(
        default=frozenset({"customer", "email"}),
        description="By what somebody is known who tried a plan of the group before: the customer, the email address by "
        "whatever alias, the card. Such a one gets no second trial.",
    )
    second_trial: Literal["without", "refused"] = Field(
        default="without", description="What whoever tried before gets: the plan without a trial, or 409."
    )
    card_reminder_days: int = Field(
        default=14, ge=1, le=60, description="How long before a charge it is told that the card will have expired by then."
    )
    paused_access: Literal["paid", "all"] = Field(
        default="paid", description="A paused plan can be used until what is paid is over (paid), or all the time (all)."
    )


def problem_of(options: PlanOptions | None, features: list[str]) -> str | None:
    """What is wrong between a plan's table and its product."""
    if options is None:
        return 'is of kind "plan" and says not what it costs: add a table [products.<key>.plan.prices.monthly].'
    strange = next((name for name in options.limits if name not in features), None)
    return None if strange is None else f"limits {strange!r}, which is none of its features."


def plan_of(options: PlanOptions) -> Plan:
    return Plan(
        group=options.group,
        prices={key: _price(key, table) for key, table in options.prices.items()},
        seats_min=options.seats_min,
        seats_max=options.seats_max or options.seats_min,
        trial_days=options.trial_days,
        trial_needs_card=options.trial_needs_card,
        limits=options.limits,
        credits=options.credits,
        credits_days=options.credits_days,
    )


def _price(key: str, table: PlanPriceTable) -> PlanPrice:
    amounts = {money.currency: money for money in map(read_price, table.written)}
    return PlanPrice(key, table.interval, table.interval_count, amounts, table.active)
