"""What is for sale, over HTTP. Everybody may look."""

from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import Field, StringConstraints

from farthing.catalog.localizing import localized
from farthing.catalog.model import PriceRange, Product
from farthing.catalog.plans import Interval, Plan
from farthing.errors import Invalid, Unauthenticated
from farthing.http.bodies import ListShown, MoneyShown, Query, Shown, listed, refuses
from farthing.http.callers import Server
from farthing.http.credentials import Anybody
from farthing.http.state import TheWorld
from farthing.paging import Page

router = APIRouter(prefix="/v1/products", tags=["products"])


class RangeShown(Shown):
    min: MoneyShown
    max: MoneyShown
    suggested: list[MoneyShown]

    @classmethod
    def of(cls, found: PriceRange) -> "RangeShown":
        suggested = [MoneyShown.of(amount) for amount in found.suggested]
        return cls(min=MoneyShown.of(found.min), max=MoneyShown.of(found.max), suggested=suggested)


class VolumePriceShown(Shown):
    quantity: int = Field(description="From so many on, each of all of them costs `unit`.")
    unit: MoneyShown


class DisplayShown(Shown):
    badge: str | None = Field(description="A word or two beside the name.")
    features: list[str] = Field(description="What is in it, for buyers.")
    icon: str | None
    order: int = Field(description="The list is in this order.")
    highlighted: bool


class ProductQuery(Query):
    locale: Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z0-9_-]*$")] | None = Field(
        None, description="The language of names and texts: de-AT falls back to de, and that to the catalog's own."
    )


class PlanPriceShown(Shown):
    id: str = Field(description="Its name in the catalog.", examples=["monthly"])
    interval: Interval
    interval_count: int
    prices: list[MoneyShown] = Field(description="One for each currency.")
    active: bool = Field(description="Whether one can begin with it.")


class PlanShown(Shown):
    group: str = Field(description="A customer has one plan of each group.")
    prices: list[PlanPriceShown]
    seats_min: int
    seats_max: int
    trial_days: int | None
    trial_needs_card: bool
    limits: dict[str, int] = Field(description="Feature: how much of it.")
    credits: int | None = Field(description="How many each paid period brings.")

    @classmethod
    def of(cls, plan: Plan) -> "PlanShown":
        prices = [
            PlanPriceShown(
                id=price.key,
                interval=price.interval,
                interval_count=price.interval_count,
                prices=[MoneyShown.of(money) for money in price.amounts.values()],
                active=price.active,
            )
            for price in plan.prices.values()
        ]
        return cls(
            group=plan.group,
            prices=prices,
            seats_min=plan.seats_min,
            seats_max=plan.seats_max,
            trial_days=plan.trial_days,
            trial_needs_card=plan.trial_needs_card,
            limits=dict(plan.limits),
            credits=plan.credits,
        )


class ProductShown(Shown):
    id: str = Field(description="The product's key in the catalog.", examples=["guide"])
    object: Literal["product"] = "product"
    name: str
    description: str | None
    kind: str
    features: list[str]
    access_days: int | None
    max_quantity: int
    addon_of: list[str] = Field(description="Products that it may only accompany; empty where it is sold by itself.")
    active: bool = Field(description="Whether it is for sale. Only servers see what is not.")
    prices: list[MoneyShown] = Field(description="One for each currency.")
    price_ranges: list[RangeShown] = Field(description="Where the buyer says the price: its bounds, one for each currency.")
    volume_prices: list[VolumePriceShown]
    plan: PlanShown | None = Field(description="Of kind plan: what is paid again and again.")
    display: DisplayShown

    @classmethod
    def of(cls, product: Product) -> "ProductShown":
        return cls(
            id=product.key,
            name=product.name,
            description=product.description,
            kind=product.kind,
            features=list(product.features),
            access_days=product.access_days,
            max_quantity=product.max_quantity,
            addon_of=list(product.addon_of),
            active=product.active,
            prices=[MoneyShown.of(price) for price in product.prices.values()],
            price_ranges=[RangeShown.of(found) for found in product.ranges.values()],
            volume_prices=[
                VolumePriceShown(quantity=tier.quantity, unit=MoneyShown.of(tier.unit))
                for tiers in product.tiers.values()
                for tier in tiers
            ],
            plan=None if product.plan is None else PlanShown.of(product.plan),
            display=DisplayShown(
                badge=product.display.badge,
                features=list(product.display.features),
                icon=product.display.icon,
                order=product.display.order,
                highlighted=product.display.highlighted,
            ),
        )


@router.get("", operation_id="products_list", responses=refuses(Unauthenticated, Invalid))
async def list_products(
    world: TheWorld, caller: Anybody, query: Annotated[ProductQuery, fastapi.Query()]
) -> ListShown[ProductShown]:
    """The catalog, in the order in which pages show it."""
    sees_all = isinstance(caller, Server)
    shown = [product for product in localized(world.catalog, query.locale) if product.active or sees_all]
    return listed(Page(shown, None), ProductShown.of)
