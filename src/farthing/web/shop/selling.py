"""The demo shop: what the catalog sells, a cart, and the way to the payment page. Not served in production."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import catalog, checkout
from farthing.catalog import Catalog, PricedCart, Product
from farthing.checkout import Buyer, Started
from farthing.errors import Conflict, FarthingError, Invalid, KeyInUse, NotFound, ProviderError
from farthing.http.callers import EMAIL
from farthing.http.idempotency import Key
from farthing.web.account import Visitor, visitor_of
from farthing.web.page import redirect, render
from farthing.web.shop import cart as carts
from farthing.web.shop.cart import Cart
from farthing.web.wiring import form_of, world_of

SUCCESS_PATH: Final = "/checkout/success?session_id={CHECKOUT_SESSION_ID}"
CANCEL_PATH: Final = "/checkout/canceled"
EMAIL_MAX: Final = 254
LOOKS_MAX: Final = 60
LOOK_EVERY: Final = 0.2
"""A second click looks so often, so many seconds apart, for what the first one is doing."""


async def shop(request: Request) -> Response:
    await visitor_of(request)
    sold = world_of(request).catalog
    return render(
        request,
        "shop/shop.html",
        shop=sold.shop,
        currency=sold.currency,
        products=_for_sale(sold),
        cart=carts.read(request, sold),
    )


async def add(request: Request) -> Response:
    """The form of a product: put so many of it into the cart, as far as one order may hold them."""
    sold, form = world_of(request).catalog, await form_of(request)
    kept = carts.read(request, sold)
    try:
        product = _product(sold, form.get("product", ""))
        wanted = kept.items.get(product.key, 0) + _quantity(product, form.get("quantity", "1"))
    except FarthingError as error:
        return redirect(request, "shop", flash=("danger", error.detail))
    response = redirect(request, "cart")
    carts.keep(request, response, kept.with_quantity(product.key, min(wanted, product.max_quantity)))
    return response


async def cart(request: Request) -> Response:
    return await _cart_page(request, {})


async def change(request: Request) -> Response:
    """The form of the cart: other quantities, or a product less."""
    sold, form = world_of(request).catalog, await form_of(request)
    kept = carts.read(request, sold)
    try:
        for key, quantity in list(kept.items.items()):
            typed = "0" if form.get("remove") == key else form.get(f"quantity:{key}", str(quantity))
            kept = kept.with_quantity(key, 0 if typed == "0" else _quantity(sold.products[key], typed))
    except FarthingError as error:
        return redirect(request, "cart", flash=("danger", error.detail))
    response = redirect(request, "cart")
    carts.keep(request, response, kept)
    return response


async def pay(request: Request) -> Response:
    """Place the order and lead to its payment page. Clicking twice places one."""
    form, visitor = await form_of(request), await visitor_of(request)
    kept = carts.read(request, world_of(request).catalog)
    email = form.get("email", "")
    if visitor is None and (len(email) > EMAIL_MAX or not EMAIL.fullmatch(email) or "." not in email.partition("@")[2]):
        return await _cart_page(request, form, email_error="Write an address like ada@example.com.", status=422)
    try:
        started = await _start(request, kept, visitor, email, form.get("attempt", ""))
    except (Invalid, NotFound, Conflict, ProviderError) as error:
        return await _cart_page(request, form, problem=error.detail, status=error.status)
    response = RedirectResponse(started.url, 303, headers={"Cache-Control": "no-store"})
    carts.keep(request, response, kept.sent_as(str(started.order_id)))
    return response


async def _cart_page(
    request: Request, form: Mapping[str, str], *, email_error: str = "", problem: str = "", status: int = 200
) -> Response:
    """What was typed stays, and so does the attempt: sending the form again goes on with the same order."""
    visitor, sold = await visitor_of(request), world_of(request).catalog
    kept = carts.read(request, sold)
    try:
        priced: PricedCart | None = catalog.price(sold, kept.as_items) if kept.items else None
    except FarthingError as error:
        priced, problem = None, problem or error.detail
    return render(
        request,
        "shop/cart.html",
        status=status,
        cart=kept,
        products=sold.products,
        currency=sold.currency,
        priced=priced,
        visitor=visitor,
        email=form.get("email", ""),
        email_error=email_error,
        problem=problem,
        attempt=form.get("attempt") or secrets.token_urlsafe(24),
    )


async def _start(request: Request, kept: Cart, visitor: Visitor | None, email: str, attempt: str) -> Started:
    """The same form sent again with another cart is another order, so the cart is part of the key."""
    world = world_of(request)
    base = world.settings.base_url
    buyer = Buyer(visitor.external_id, visitor.email, visitor.name) if visitor else Buyer(email=email)
    asked = [dict(kept.items), buyer.external_id, buyer.email]
    digest = hashlib.sha256(orjson.dumps(asked)).hexdigest()[:16]
    key = Key.of("shop", f"{attempt[:64] or secrets.token_urlsafe(24)}:{digest}", asked)
    for _ in range(LOOKS_MAX):
        try:
            return await checkout.start(
                world,
                items=kept.as_items,
                buyer=buyer,
                success_url=base + SUCCESS_PATH,
                cancel_url=base + CANCEL_PATH,
                actor=f"customer:{visitor.external_id}" if visitor else "guest",
                key=key,
            )
        except KeyInUse:
            await asyncio.sleep(LOOK_EVERY)
    raise Conflict("Your order is being placed already. Look into your orders before you try again.")


def _for_sale(sold: Catalog) -> Sequence[Product]:
    """What has a price in the shop's own currency."""
    return [
        product
        for product in sold.products.values()
        if product.active and product.kind != "content" and sold.currency in product.prices
    ]


def _product(sold: Catalog, key: str) -> Product:
    found = sold.products.get(key)
    if found is None or not found.active:
        raise NotFound("This product is not for sale at the moment, so nothing was added.")
    return found


def _quantity(product: Product, typed: str) -> int:
    if not typed.isascii() or not typed.isdigit() or len(typed) > 7 or not 1 <= int(typed) <= product.max_quantity:
        raise Invalid(f"{product.name}: choose a whole number from 1 to {product.max_quantity}. Nothing was changed.")
    return int(typed)


ROUTES: Final = (
    Route("/", shop, name="shop", methods=["GET"]),
    Route("/cart", cart, name="cart", methods=["GET"]),
    Route("/cart", add, name="cart_add", methods=["POST"]),
    Route("/cart/changes", change, name="cart_change", methods=["POST"]),
    Route("/cart/checkout", pay, name="cart_pay", methods=["POST"]),
)
