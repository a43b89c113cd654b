"""The cart of the demo shop: keys of products, ids of listings and quantities in a cookie. What is paid comes from none of it
but what the buyer said where they may, so there is nothing to forge.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from farthing.catalog import CartItem, Catalog
from farthing.errors import NotFound
from farthing.ids import ListingId
from farthing.money import Money
from farthing.web.links import cookie_path

COOKIE: Final = "farthing_cart"
PRODUCTS_MAX: Final = 30
OF_A_LISTING_MAX: Final = 1000
DAYS: Final = 30
CODE_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Cart:
    """`order` is the one it was last sent to be paid as: once that is paid, the cart is empty. `link` is where it is paid."""

    items: Mapping[str, int] = field(default_factory=dict)
    """How many, by the product's key or the listing's id."""
    order: str | None = None
    code: str | None = None
    """A promotion code that took something off when it was typed."""
    said: Mapping[str, int] = field(default_factory=dict)
    """What the buyer wants to pay for each of a product, in minor units of the shop's currency."""
    seen: Mapping[str, int] = field(default_factory=dict)
    """What one of a listing cost when it was put in, in the same: a seller may have changed it since."""
    link: str | None = None

    def with_quantity(self, key: str, quantity: int, said: Money | None = None, seen: Money | None = None) -> "Cart":
        """The cart with so many of something; with none of it at 0."""
        items = {each: count for each, count in {**self.items, key: quantity}.items() if count > 0}
        items = dict(list(items.items())[-PRODUCTS_MAX:])
        prices = {**self.said, **({key: said.amount} if said else {})}
        shown = {**self.seen, **({key: seen.amount} if seen else {})}
        return Cart(items, code=self.code, said=_of(items, prices), seen=_of(items, shown))

    def with_code(self, code: str | None) -> "Cart":
        return replace(self, code=code, order=None, link=None)

    def sent_as(self, order: str, link: str) -> "Cart":
        return replace(self, order=order, link=link)

    @property
    def count(self) -> int:
        return sum(self.items.values())

    def as_items(self, currency: str) -> list[CartItem]:
        """`currency` is the shop's own."""
        prices = {product: Money(amount, currency) for product, amount in self.said.items()}
        return [
            CartItem("", quantity, listing=key) if is_listing(key) else CartItem(key, quantity, price=prices.get(key))
            for key, quantity in self.items.items()
        ]


def is_listing(key: str) -> bool:
    try:
        ListingId.parse(key)
    except NotFound:
        return False
    return True


def read(request: Request, catalog: Catalog) -> Cart:
    """What the browser kept, as far as it is still for sale."""
    try:
        kept = json.loads(base64.urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        items, order, code, link = kept["items"], kept.get("order"), kept.get("code"), kept.get("link")
        pairs, prices = list(items.items())[:PRODUCTS_MAX], dict(kept.get("said") or {})
        shown = dict(kept.get("seen") or {})
    except (ValueError, TypeError, AttributeError, KeyError, binascii.Error, RecursionError):
        return Cart()
    held = {product: quantity for product, quantity in pairs if _is_sold(catalog, product, quantity)}
    said = {key: amount for key, amount in prices.items() if key in held and _is_said(catalog, key, amount)}
    seen = {key: amount for key, amount in shown.items() if key in held and type(amount) is int}
    return Cart(
        held,
        order if isinstance(order, str) else None,
        code if _is_code(code) else None,
        said,
        seen,
        link if isinstance(link, str) and link.isascii() else None,
    )


def keep(request: Request, response: Response, cart: Cart) -> None:
    held = {
        "items": dict(cart.items),
        "order": cart.order,
        "code": cart.code,
        "said": dict(cart.said),
        "seen": dict(cart.seen),
        "link": cart.link,
    }
    # Without spaces: thirty listings fit into what browsers keep.
    value = base64.urlsafe_b64encode(json.dumps(held, separators=(",", ":")).encode()).decode()
    response.set_cookie(
        COOKIE,
        value,
        max_age=DAYS * 24 * 3600,
        path=cookie_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def empty(request: Request, response: Response) -> None:
    response.delete_cookie(COOKIE, path=cookie_path(request))


def _is_sold(catalog: Catalog, product: Any, quantity: Any) -> bool:
    found = catalog.products.get(product)
    if found is None:
        return isinstance(product, str) and is_listing(product) and type(quantity) is int and 0 < quantity <= OF_A_LISTING_MAX
    return found.active and type(quantity) is int and 0 < quantity <= found.max_quantity


def _of(items: Mapping[str, int], prices: Mapping[str, int]) -> dict[str, int]:
    return {key: amount for key, amount in prices.items() if key in items}


def _is_said(catalog: Catalog, product: str, amount: Any) -> bool:
    found = catalog.products.get(product)
    bounds = None if found is None else found.ranges.get(catalog.currency)
    return bounds is not None and type(amount) is int and bounds.min.amount <= amount <= bounds.max.amount


def _is_code(code: Any) -> bool:
    return isinstance(code, str) and 0 < len(code) <= CODE_MAX and code.isprintable()
