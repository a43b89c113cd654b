"""The demo shop: what the catalog sells, a cart, and the way to the payment page. Not served in production."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import checkout
from farthing.catalog import Catalog, PricedCart, Product
from farthing.checkout import Buyer, Started
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, ProviderError
from farthing.http.callers import EMAIL
from farthing.http.idempotency import Key
from farthing.money import Money
from farthing.web.account import Visitor, visitor_of
from farthing.web.page import redirect, render
from farthing.web.shop import cart as carts
from farthing.web.shop.cart import Cart
from farthing.web.shop.patience import patiently
from farthing.web.wiring import form_of, world_of

SUCCESS_PATH: Final = "/checkout/success?session_id={CHECKOUT_SESSION_ID}"
CANCEL_PATH: Final = "/checkout/canceled"
EMAIL_MAX: Final = 254
LEFT_OUT: Final = frozenset({"content", "job_posting", "plan"})
"""Kinds that are bought for something of the host's, which this shop knows nothing of; and plans, which no cart holds."""


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
        said = _said(product, form.get("price", ""), sold.currency)
    except FarthingError as error:
        return redirect(request, "shop", flash=("danger", error.detail))
    response = redirect(request, "cart")
    carts.keep(request, response, kept.with_quantity(product.key, min(wanted, product.max_quantity), said))
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


async def use_code(request: Request) -> Response:
    """The form of the code: kept with the cart where it takes something off, refused beside the field where not."""
    form = await form_of(request)
    kept, typed = carts.read(request, world_of(request).catalog), form.get("code", "")[: carts.CODE_MAX]
    if not typed or "remove" in form:
        response = redirect(request, "cart")
        carts.keep(request, response, kept.with_code(None))
        return response
    try:
        await _priced(request, kept, await visitor_of(request), typed)
    except FarthingError as error:
        return await _cart_page(request, {**form, "code": typed}, code_error=error.detail, status=error.status)
    response = redirect(request, "cart")
    carts.keep(request, response, kept.with_code(typed))
    return response


async def pay(request: Request) -> Response:
    """Place the order and lead to its payment page. Clicking twice places one."""
    form, visitor = await form_of(request), await visitor_of(request)
    kept = carts.read(request, world_of(request).catalog)
    email = form.get("email", "")
    if visitor is None and (len(email) > EMAIL_MAX or not EMAIL.fullmatch(email) or "." not in email.partition("@")[2]):
        return await _cart_page(request, form, email_error="Write an address like ada@example.com.", status=422)
    try:
        # What the page showed is what is ordered: with the code it showed, or without.
        code = form.get("code", "")[: carts.CODE_MAX] or None
        started = await _start(request, kept, visitor, email, form.get("attempt", ""), code)
    except (Invalid, NotFound, Conflict, ProviderError) as error:
        return await _cart_page(request, form, problem=error.detail, status=error.status)
    response = RedirectResponse(started.url, 303, headers={"Cache-Control": "no-store"})
    carts.keep(request, response, kept.sent_as(str(started.order_id)))
    return response


async def _cart_page(
    request: Request,
    form: Mapping[str, str],
    *,
    email_error: str = "",
    code_error: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    """What was typed stays, and so does the attempt: sending the form again goes on with the same order."""
    visitor, sold = await visitor_of(request), world_of(request).catalog
    kept = carts.read(request, sold)
    code = None if code_error else kept.code
    priced: PricedCart | None = None
    if kept.items:
        try:
            priced = await _priced(request, kept, visitor, None)
        except FarthingError as error:
            problem = problem or error.detail
    if priced and code:
        try:
            priced = await _priced(request, kept, visitor, code)
        except FarthingError as error:
            code_error, code = error.detail, None
    return render(
        request,
        "shop/cart.html",
        status=status,
        cart=kept,
        said={item.product: item.price for item in kept.as_items(sold.currency)},
        products=sold.products,
        currency=sold.currency,
        priced=priced,
        visitor=visitor,
        email=form.get("email", ""),
        email_error=email_error,
        code=code,
        code_typed=form.get("code", "") if code_error and "code" in form else kept.code or "",
        code_error=code_error,
        problem=problem,
        attempt=form.get("attempt") or secrets.token_urlsafe(24),
    )


async def _priced(request: Request, kept: Cart, visitor: Visitor | None, code: str | None) -> PricedCart:
    """Raises as an order would, for all but a code that is used up at the last moment."""
    world = world_of(request)
    return await checkout.preview(
        world,
        items=kept.as_items(world.catalog.currency),
        actor=visitor.actor if visitor else "guest",
        promotion_code=code,
        customer=visitor.external_id if visitor else None,
    )


async def _start(request: Request, kept: Cart, visitor: Visitor | None, email: str, attempt: str, code: str | None) -> Started:
    """The same form sent again with another cart is another order, so the cart is part of the key."""
    world = world_of(request)
    base = world.settings.base_url
    buyer = Buyer(visitor.external_id, visitor.email, visitor.name) if visitor else Buyer(email=email)
    asked = [dict(kept.items), dict(kept.said), buyer.external_id, buyer.email, code]
    digest = hashlib.sha256(orjson.dumps(asked)).hexdigest()[:16]
    key = Key.of("shop", f"{attempt[:64] or secrets.token_urlsafe(24)}:{digest}", asked)
    return await patiently(
        lambda: checkout.start(
            world,
            items=kept.as_items(world.catalog.currency),
            buyer=buyer,
            success_url=base + SUCCESS_PATH,
            cancel_url=base + CANCEL_PATH,
            promotion_code=code,
            actor=visitor.actor if visitor else "guest",
            key=key,
        )
    )


def _for_sale(sold: Catalog) -> Sequence[Product]:
    """What has a price in the shop's own currency."""
    return [
        product
        for product in sold.products.values()
        if product.active
        and product.kind not in LEFT_OUT
        and not product.addon_of
        and (sold.currency in product.prices or sold.currency in product.ranges)
    ]


def _product(sold: Catalog, key: str) -> Product:
    found = sold.products.get(key)
    if found is None or not found.active:
        raise NotFound("This product is not for sale at the moment, so nothing was added.")
    return found


def _said(product: Product, typed: str, currency: str) -> Money | None:
    """What the buyer wants to pay for each, where the product lets them."""
    bounds = product.ranges.get(currency)
    if bounds is None:
        return None
    money = Money.parse(typed.replace(",", ".") or "0", currency)
    if not bounds.min <= money <= bounds.max:
        raise Invalid(f"{product.name}: say a price from {bounds.min} to {bounds.max}. Nothing was changed.")
    return money


def _quantity(product: Product, typed: str) -> int:
    if not typed.isascii() or not typed.isdigit() or len(typed) > 7 or not 1 <= int(typed) <= product.max_quantity:
        raise Invalid(f"{product.name}: choose a whole number from 1 to {product.max_quantity}. Nothing was changed.")
    return int(typed)


ROUTES: Final = (
    Route("/", shop, name="shop", methods=["GET"]),
    Route("/cart", cart, name="cart", methods=["GET"]),
    Route("/cart", add, name="cart_add", methods=["POST"]),
    Route("/cart/changes", change, name="cart_change", methods=["POST"]),
    Route("/cart/code", use_code, name="cart_code", methods=["POST"]),
    Route("/cart/checkout", pay, name="cart_pay", methods=["POST"]),
)
