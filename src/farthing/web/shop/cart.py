"""The cart of the demo shop: product keys and quantities in a cookie. It holds no price, so there is nothing to forge."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from farthing.catalog import CartItem, Catalog
from farthing.web.links import cookie_path

COOKIE: Final = "farthing_cart"
PRODUCTS_MAX: Final = 30
DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Cart:
    """`order` is the one it was last sent to be paid as: once that is paid, the cart is empty."""

    items: Mapping[str, int] = field(default_factory=dict)
    order: str | None = None

    def with_quantity(self, product: str, quantity: int) -> "Cart":
        """The cart with so many of a product; with none of it at 0."""
        items = {key: count for key, count in {**self.items, product: quantity}.items() if count > 0}
        return Cart(dict(list(items.items())[-PRODUCTS_MAX:]))

    def sent_as(self, order: str) -> "Cart":
        return replace(self, order=order)

    @property
    def count(self) -> int:
        return sum(self.items.values())

    @property
    def as_items(self) -> list[CartItem]:
        return [CartItem(product, quantity) for product, quantity in self.items.items()]


def read(request: Request, catalog: Catalog) -> Cart:
    """What the browser kept, as far as it is still for sale."""
    try:
        kept = json.loads(base64.urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        items, order = kept["items"], kept.get("order")
        pairs = list(items.items())[:PRODUCTS_MAX]
    except (ValueError, TypeError, AttributeError, KeyError, binascii.Error, RecursionError):
        return Cart()
    held = {product: quantity for product, quantity in pairs if _is_sold(catalog, product, quantity)}
    return Cart(held, order if isinstance(order, str) else None)


def keep(request: Request, response: Response, cart: Cart) -> None:
    value = base64.urlsafe_b64encode(json.dumps({"items": dict(cart.items), "order": cart.order}).encode()).decode()
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


def _is_sold(catalog: Catalog, product: str, quantity: Any) -> bool:
    found = catalog.products.get(product)
    return found is not None and found.active and type(quantity) is int and 0 < quantity <= found.max_quantity
