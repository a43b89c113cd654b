"""Document 001: a signed-in user of a SaaS buys a product by its id, a plan or something sold once, and pays on a page."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response

from farthing import checkout, subscriptions
from farthing.catalog import CartItem, Product
from farthing.checkout import Buyer
from farthing.documents.content_routes import SignedIn
from farthing.errors import Conflict, Invalid, NotFound
from farthing.http.bodies import Body, Line, Shown
from farthing.http.callers import CustomerCaller
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.idempotency import Key
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.subscriptions import Begun, Wanted
from farthing.world import World

SUCCESS_PATH = "/payment/success?session_id={CHECKOUT_SESSION_ID}"
CANCEL_PATH = "/payment/cancel"
PRICE = ":"
"""Between a plan and its price, where it has several: pro:yearly."""

router = APIRouter(prefix="/api/payments", tags=["document 001"])


class NewCheckout(Body):
    product_id: Line


class CheckoutShown(Shown):
    checkout_url: str
    session_id: str
    expires_at: datetime


class ProductShown(Shown):
    """Something to buy. A plan has an entry for each of its prices."""

    id: str
    name: str
    type: Literal["subscription", "one_time"]
    amount: int
    currency: str
    interval: str | None = None
    interval_count: int | None = None
    trial_days: int | None = None
    features: list[str]


class ProductsShown(Shown):
    products: list[ProductShown]


@router.get("/products")
async def list_products(world: TheWorld) -> ProductsShown:
    """What is for sale, in the currency of the catalog. `amount` is in minor units, of a plan for each interval."""
    return ProductsShown(products=[each for product in world.catalog.products.values() for each in _shown(world, product)])


@router.post("/checkout", dependencies=[LIMITED])
async def start_checkout(
    world: TheWorld, caller: SignedIn, wanted: NewCheckout, response: Response, header: IdempotencyKey = None
) -> CheckoutShown:
    """Open a payment page for one of a product: of a plan, where a subscription begins, or of something sold once."""
    key = key_of(header, caller, "product checkout", wanted.model_dump())
    name, _, price = wanted.product_id.partition(PRICE)
    product = world.catalog.products.get(name)
    if product is None:
        raise NotFound(f"There is no product {wanted.product_id[:63]!r}.", param="product_id")
    if product.plan is None:
        return await _buy(world, caller, product, wanted.product_id, key, response)
    begun = await subscriptions.start(world, _wish(world, caller, product, price or None), actor=caller.actor, key=key)
    if begun.replayed:
        mark_replayed(response)
    return await _page(world, begun)


async def _buy(
    world: World, caller: CustomerCaller, product: Product, named: str, key: Key | None, response: Response
) -> CheckoutShown:
    if product.key != named:
        raise Invalid(f"{product.key!r} is no plan, and has one price: leave out what follows it.", param="product_id")
    identity, base = caller.identity, world.settings.base_url
    started = await checkout.start(
        world,
        items=[CartItem(product.key)],
        buyer=Buyer(identity.external_id, identity.email, identity.name),
        success_url=base + SUCCESS_PATH,
        cancel_url=base + CANCEL_PATH,
        actor=caller.actor,
        metadata=_metadata(caller, product),
        key=key,
    )
    if started.replayed:
        mark_replayed(response)
    async with world.db.transaction(caller.actor) as tx:
        page = await checkout.get(tx, started.id)
    assert page.provider_checkout_id is not None, "it has a url"
    return CheckoutShown(checkout_url=started.url, session_id=page.provider_checkout_id, expires_at=page.expires_at)


def _wish(world: World, caller: CustomerCaller, product: Product, price: str | None) -> Wanted:
    identity, base = caller.identity, world.settings.base_url
    return Wanted(
        plan=product.key,
        external_id=identity.external_id,
        price=price,
        email=identity.email,
        name=identity.name,
        success_url=base + SUCCESS_PATH,
        cancel_url=base + CANCEL_PATH,
        metadata=_metadata(caller, product),
    )


async def _page(world: World, begun: Begun) -> CheckoutShown:
    async with world.db.transaction("checkout") as tx:
        start = await subscriptions.get_start(tx, begun.start_id)
    if begun.url is None or start.provider_checkout_id is None:
        raise Conflict("You have this plan already.", param="product_id")
    return CheckoutShown(checkout_url=begun.url, session_id=start.provider_checkout_id, expires_at=start.expires_at)


def _metadata(caller: CustomerCaller, product: Product) -> dict[str, str]:
    """As the document's session carries them."""
    return {"user_id": caller.identity.external_id, "product_id": product.key}


def _shown(world: World, product: Product) -> list[ProductShown]:
    currency = world.catalog.currency
    if not product.active:
        return []
    if product.plan is None:
        money = product.prices.get(currency)
        if money is None:
            return []
        return [
            ProductShown(
                id=product.key,
                name=product.name,
                type="one_time",
                amount=money.amount,
                currency=money.currency,
                features=list(product.features),
            )
        ]
    prices = [price for price in product.plan.prices.values() if price.active and currency in price.amounts]
    return [
        ProductShown(
            id=product.key if len(prices) == 1 else f"{product.key}{PRICE}{price.key}",
            name=product.name,
            type="subscription",
            amount=price.amounts[currency].amount,
            currency=currency,
            interval=price.interval,
            interval_count=price.interval_count,
            trial_days=product.plan.trial_days,
            features=list(product.features),
        )
        for price in prices
    ]
