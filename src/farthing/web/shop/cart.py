"""The cart of the demo shop: product keys and quantities in a cookie. It holds no price but what the buyer said where they
may, so there is nothing to forge.
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
from farthing.money import Money
from farthing.web.links import cookie_path

COOKIE: Final = "farthing_cart"
PRODUCTS_MAX: Final = 30
DAYS: Final = 30
CODE_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Cart:
    """`order` is the one it was last sent to be paid as: once that is paid, the cart is empty."""

    items: Mapping[str, int] = field(default_factory=dict)
    order: str | None = None
    code: str | None = None
    """A promotion code that took something off when it was typed."""
    said: Mapping[str, int] = field(default_factory=dict)
    """What the buyer wants to pay for each of a product, in minor units of the shop's currency."""

    def with_quantity(self, product: str, quantity: int, said: Money | None = None) -> "Cart":
        """The cart with so many of a product; with none of it at 0."""
        items = {key: count for key, count in {**self.items, product: quantity}.items() if count > 0}
        items = dict(list(items.items())[-PRODUCTS_MAX:])
        prices = {**self.said, **({product: said.amount} if said else {})}
        return Cart(items, code=self.code, said={key: amount for key, amount in prices.items() if key in items})

    def with_code(self, code: str | None) -> "Cart":
        return replace(self, code=code, order=None)

    def sent_as(self, order: str) -> "Cart":
        return replace(self, order=order)

    @property
    def count(self) -> int:
        return sum(self.items.values())

    def as_items(self, currency: str) -> list[CartItem]:
        """`currency` is the shop's own."""
        prices = {product: Money(amount, currency) for product, amount in self.said.items()}
        return [CartItem(product, quantity, price=prices.get(product)) for product, quantity in self.items.items()]


def read(request: Request, catalog: Catalog) -> Cart:
    """What the browser kept, as far as it is still for sale."""
    try:
        kept = json.loads(base64.urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        items, order, code = kept["items"], kept.get("order"), kept.get("code")
        pairs, prices = list(items.items())[:PRODUCTS_MAX], dict(kept.get("said") or {})
    except (ValueError, TypeError, AttributeError, KeyError, binascii.Error, RecursionError):
        return Cart()
    held = {product: quantity for product, quantity in pairs if _is_sold(catalog, product, quantity)}
    said = {key: amount for key, amount in prices.items() if key in held and _is_said(catalog, key, amount)}
    return Cart(held, order if isinstance(order, str) else None, code if _is_code(code) else None, said)


def keep(request: Request, response: Response, cart: Cart) -> None:
    held = {"items": dict(cart.items), "order": cart.order, "code": cart.code, "said": dict(cart.said)}
    value = base64.urlsafe_b64encode(json.dumps(held).encode()).decode()
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


def _is_said(catalog: Catalog, product: str, amount: Any) -> bool:
    bounds = catalog.products[product].ranges.get(catalog.currency)
    return bounds is not None and type(amount) is int and bounds.min.amount <= amount <= bounds.max.amount


def _is_code(code: Any) -> bool:
    return isinstance(code, str) and 0 < len(code) <= CODE_MAX and code.isprintable()
