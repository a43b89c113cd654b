"""The demo shop: what the catalog and the sellers sell, a cart, and the way to the payment page. Not served in production."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import checkout, orders
from farthing.catalog import Catalog, PricedCart, Product
from farthing.checkout import Buyer, Started
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, ProviderError
from farthing.http.callers import EMAIL
from farthing.http.idempotency import Key
from farthing.ids import ListingId
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.web.account import Visitor, visitor_of
from farthing.web.page import redirect, render
from farthing.web.shop import addressing, window
from farthing.web.shop import cart as carts
from farthing.web.shop.cart import Cart
from farthing.web.shop.patience import patiently
from farthing.web.shop.window import Line
from farthing.web.wiring import asked, form_of, reading, world_of

SUCCESS_PATH: Final = "/checkout/success?session_id={CHECKOUT_SESSION_ID}"
CANCEL_PATH: Final = "/checkout/canceled"
EMAIL_MAX: Final = 254
CHANGED: Final = "Something in your cart costs something else than when you looked. Look it over, then pay."
LEFT_OUT: Final = frozenset({"content", "job_posting", "plan"})
"""Kinds that are bought for something of the host's, which this shop knows nothing of; and plans, which no cart holds."""


async def shop(request: Request) -> Response:
    await visitor_of(request)
    world = world_of(request)
    sold, livemode = world.catalog, world.provider.livemode
    products, cursor = _for_sale(sold), asked(request, "cursor")
    async with reading(request) as tx:
        return render(
            request,
            "shop/shop.html",
            shop=sold.shop,
            currency=sold.currency,
            products=() if cursor else products,
            left=await window.left_of(tx, products),
            offered=await window.offers(tx, sold.currency, livemode=livemode, cursor=cursor),
            few=window.FEW,
            cart=carts.read(request, sold),
        )


async def add(request: Request) -> Response:
    """The form of a product: put so many of it into the cart, as far as one order may hold them."""
    sold, form = world_of(request).catalog, await form_of(request)
    kept = carts.read(request, sold)
    if "listing" in form:
        return await _add_listing(request, kept, form)
    try:
        product = _product(sold, form.get("product", ""))
        wanted = kept.items.get(product.key, 0) + _quantity(product, form.get("quantity", "1"))
        said = _said(product, form.get("price", ""), sold.currency)
    except FarthingError as error:
        return redirect(request, "shop", flash=("danger", error.detail))
    response = redirect(request, "cart")
    carts.keep(request, response, kept.with_quantity(product.key, min(wanted, product.max_quantity), said))
    return response


async def _add_listing(request: Request, kept: Cart, form: Mapping[str, str]) -> Response:
    """As far as there are so many, and one order may hold them. What it costs now is remembered, to tell of a change."""
    world = world_of(request)
    try:
        id = ListingId.parse(form["listing"])
        async with reading(request) as tx:
            found = await window.find(tx, [id], world.catalog.currency, livemode=world.provider.livemode)
        if id not in found:
            raise NotFound("This is not sold here, so nothing was added.")
        offer = found[id]
        if offer.stopped:
            raise Conflict(f"{offer.listing.title}: {offer.stopped} Nothing was added.")
        more = _count(offer.listing.title, offer.most, form.get("quantity", "1"))
    except FarthingError as error:
        return redirect(request, "shop", flash=("danger", error.detail))
    response = redirect(request, "cart")
    wanted = min(kept.items.get(str(id), 0) + more, offer.most)
    carts.keep(request, response, kept.with_quantity(str(id), wanted, seen=offer.price))
    return response


async def cart(request: Request) -> Response:
    return await _cart_page(request, {})


async def change(request: Request) -> Response:
    """The form of the cart: other quantities, or a product less."""
    sold, form = world_of(request).catalog, await form_of(request)
    kept = carts.read(request, sold)
    try:
        for line in await _lines(request, kept):
            typed = "0" if form.get("remove") == line.key else form.get(f"quantity:{line.key}", str(line.quantity))
            # What is not touched stays, whatever is wrong with it: the page says what.
            new = line.quantity if typed == str(line.quantity) else 0 if typed == "0" else _count(line.name, line.most, typed)
            kept = kept.with_quantity(line.key, new, seen=line.each if carts.is_listing(line.key) else None)
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
        await _priced(request, kept, await visitor_of(request), typed, form)
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
        if "shown" in form and form["shown"] != str((await _priced(request, kept, visitor, None, form)).total.amount):
            raise Conflict(CHANGED)
        # What the page showed is what is ordered: with the code it showed, or without.
        code = form.get("code", "")[: carts.CODE_MAX] or None
        started = await _start(request, kept, visitor, email, form, code)
    except (Invalid, NotFound, Conflict, ProviderError) as error:
        field = addressing.field_of(error)
        problem, wrong = ("", {field: error.detail}) if field else (error.detail, {})
        return await _cart_page(request, form, wrong=wrong, problem=problem, status=error.status)
    async with reading(request) as tx:
        order = await orders.get(tx, started.order_id)
    response = RedirectResponse(started.url, 303, headers={"Cache-Control": "no-store"})
    link = checkout.recovery_url(world_of(request).settings, order).rpartition("/")[2]
    carts.keep(request, response, kept.sent_as(str(order.id), link))
    return response


async def _cart_page(
    request: Request,
    form: Mapping[str, str],
    *,
    email_error: str = "",
    code_error: str = "",
    wrong: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    """What was typed stays, and so does the attempt: sending the form again goes on with the same order."""
    visitor, sold = await visitor_of(request), world_of(request).catalog
    kept = carts.read(request, sold)
    code = None if code_error else kept.code
    lines = await _lines(request, kept)
    stopped = any(line.problem for line in lines)
    priced: PricedCart | None = None
    if lines and not stopped:
        try:
            priced = await _priced(request, kept, visitor, None, form)
        except FarthingError as error:
            problem = problem or error.detail
    shown = priced.total.amount if priced else None
    if priced and code:
        try:
            priced = await _priced(request, kept, visitor, code, form)
        except FarthingError as error:
            code_error, code = error.detail, None
    return render(
        request,
        "shop/cart.html",
        status=status,
        cart=kept,
        lines=lines,
        stopped=stopped,
        waiting=await _waiting(request, kept),
        priced=priced,
        shown=shown,
        to=addressing.form(sold, priced, form, name=visitor.name if visitor else None),
        wrong=wrong or {},
        visitor=visitor,
        email=form.get("email", ""),
        email_error=email_error,
        code=code,
        code_typed=form.get("code", "") if code_error and "code" in form else kept.code or "",
        code_error=code_error,
        problem=problem,
        attempt=form.get("attempt") or secrets.token_urlsafe(24),
    )


async def _priced(
    request: Request, kept: Cart, visitor: Visitor | None, code: str | None, form: Mapping[str, str]
) -> PricedCart:
    """Raises as an order would, for all but a code that is used up at the last moment."""
    world = world_of(request)
    country, rate = addressing.going(world.catalog, form)
    return await checkout.preview(
        world,
        items=kept.as_items(world.catalog.currency),
        actor=visitor.actor if visitor else "guest",
        promotion_code=code,
        customer=visitor.external_id if visitor else None,
        shipping_country=country,
        shipping_rate=rate,
    )


async def _lines(request: Request, kept: Cart) -> list[Line]:
    world = world_of(request)
    if not kept.items:
        return []
    async with reading(request) as tx:
        return await window.lines(tx, world.catalog, kept, livemode=world.provider.livemode)


async def _waiting(request: Request, kept: Cart) -> Order | None:
    """The order this cart was sent to be paid as, while it can still be paid: what it keeps is not to be had twice."""
    if kept.link is None:
        return None
    try:
        order = await checkout.order_of(world_of(request), kept.link, actor="cart")
    except FarthingError:
        return None
    return order if order.status == OrderStatus.OPEN and order.cancel_requested_at is None else None


async def _start(
    request: Request, kept: Cart, visitor: Visitor | None, email: str, form: Mapping[str, str], code: str | None
) -> Started:
    """The same form sent again with another cart or address is another order, so both are part of the key."""
    world = world_of(request)
    base, attempt = world.settings.base_url, form.get("attempt", "")[:64]
    buyer = Buyer(visitor.external_id, visitor.email, visitor.name) if visitor else Buyer(email=email)
    address, (_, rate) = addressing.typed(form), addressing.going(world.catalog, form)
    said = [dict(kept.items), dict(kept.said), buyer.external_id, buyer.email, code, address, rate]
    digest = hashlib.sha256(orjson.dumps(said)).hexdigest()[:16]
    key = Key.of("shop", f"{attempt or secrets.token_urlsafe(24)}:{digest}", said)
    return await patiently(
        lambda: checkout.start(
            world,
            items=kept.as_items(world.catalog.currency),
            buyer=buyer,
            success_url=base + SUCCESS_PATH,
            cancel_url=base + CANCEL_PATH,
            promotion_code=code,
            shipping_address=address,
            shipping_rate=rate,
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
        and not (product.kind == "goods" and product.options["listed"])
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
    return _count(product.name, product.max_quantity, typed)


def _count(name: str, most: int, typed: str) -> int:
    if not typed.isascii() or not typed.isdigit() or len(typed) > 7 or not 1 <= int(typed) <= most:
        raise Invalid(f"{name}: choose a whole number from 1 to {most}. Nothing was changed.")
    return int(typed)


ROUTES: Final = (
    Route("/", shop, name="shop", methods=["GET"]),
    Route("/cart", cart, name="cart", methods=["GET"]),
    Route("/cart", add, name="cart_add", methods=["POST"]),
    Route("/cart/changes", change, name="cart_change", methods=["POST"]),
    Route("/cart/code", use_code, name="cart_code", methods=["POST"]),
    Route("/cart/checkout", pay, name="cart_pay", methods=["POST"]),
)
