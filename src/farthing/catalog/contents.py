"""What the host sells of its own content: it is not in farthing.toml, so the host is asked what it is and what it costs."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from farthing.catalog.cart import CartItem
from farthing.catalog.model import Catalog, Product, Shop
from farthing.catalog.pricing import LINES_MAX, is_storable
from farthing.errors import ContentNotFound, ContentNotPriced, ContentUnavailable, Invalid
from farthing.money import Money

REFERENCE_MAX: Final = 255
TITLE_MAX: Final = 250
DESCRIPTION_MAX: Final = 1000
ANSWER_WITHIN: Final = 5
"""Seconds the host's resolver has for all items of a cart."""


@dataclass(frozen=True, slots=True)
class Content:
    """What the host says of one of its contents at this moment.

    `price` is what one costs, several where it is sold in several currencies, None where the product in farthing.toml says
    it. `seller` and `organization` are the host's own ids of those who share the price.
    """

    title: str
    price: Money | Sequence[Money] | None = None
    description: str | None = None
    published: bool = True
    seller: str | None = None
    organization: str | None = None
    slug: str | None = None
    """Its name in the host's addresses, for lists of what was bought."""


Resolver = Callable[[str], Content | Awaitable[Content | None] | None]
"""Reference → what it is; None for what does not exist or is deleted. A plain function runs in a thread."""

Offers = Mapping[tuple[str, str], Product]
"""Product's key and reference → the product as this content is sold."""


async def offers(catalog: Catalog, items: Sequence[CartItem], resolver: Resolver | None) -> Offers:
    """What each content in the cart is and costs. Raises ContentNotFound, ContentNotPriced, Invalid, ContentUnavailable.

    Without a resolver every reference is sold at the product's own price: the caller answers for what it names.
    """
    found: dict[tuple[str, str], Product] = {}
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            for at, item in enumerate(items[:LINES_MAX]):
                product = catalog.products.get(str(item.product))
                if product is not None and product.kind == "content" and item.content is not None:
                    reference = checked_reference(item.content, f"items[{at}].content")
                    found[product.key, reference] = await _offer(
                        catalog.shop, product, reference, resolver, f"items[{at}].content"
                    )
    except TimeoutError:
        raise ContentUnavailable("What the content costs could not be found out in time. Try again.") from None
    return found


def checked_reference(reference: object, where: str = "content") -> str:
    """The host's name of a content: any printable text. Raises Invalid."""
    if not isinstance(reference, str) or not 1 <= len(reference) <= REFERENCE_MAX or not reference.isprintable():
        raise Invalid(f"A content is named by a printable text of 1 to {REFERENCE_MAX} characters.", param=where)
    if not is_storable(reference):
        raise Invalid("The reference holds a character that cannot be stored.", param=where)
    return reference


async def _offer(shop: Shop, product: Product, reference: str, resolver: Resolver | None, where: str) -> Product:
    if resolver is None:
        return _as_sold(shop, product, reference, Content(product.name, description=product.description), where)
    content = await _ask(resolver, reference)
    if content is None or not content.published:
        raise ContentNotFound(f"There is no content {reference[:64]!r} for sale.", param=where)
    return _as_sold(shop, product, reference, content, where)


async def _ask(resolver: Resolver, reference: str) -> Content | None:
    if inspect.iscoroutinefunction(resolver):
        answer = await resolver(reference)
    else:
        answer = await asyncio.to_thread(resolver, reference)
        if inspect.isawaitable(answer):
            answer = await answer
    if answer is not None and not isinstance(answer, Content):
        raise TypeError(f"a content resolver answers with a Content or None, not with {type(answer).__name__}")
    return answer


def _as_sold(shop: Shop, product: Product, reference: str, content: Content, where: str) -> Product:
    platform = _or(product.options.get("platform_fee_basis_points"), shop.platform_fee_basis_points)
    organization = _or(product.options.get("organization_fee_basis_points"), shop.organization_fee_basis_points)
    sold_by = None if content.seller is None else checked_reference(content.seller, "seller")
    middle = None if content.organization is None else checked_reference(content.organization, "organization")
    if content.price is not None:
        # The host's price alone, without the steps and bounds of the product's own.
        product = replace(product, ranges={}, tiers={})
    return replace(
        product,
        name=(" ".join(content.title.split()) or product.name)[:TITLE_MAX],
        description=(content.description or "").strip()[:DESCRIPTION_MAX] or None,
        max_quantity=1,
        prices=_prices(product, reference, content, where),
        options={
            "reference": reference,
            "seller": sold_by,
            "organization": middle,
            **({} if content.slug is None else {"slug": checked_reference(content.slug, "slug")}),
            # Nobody shares what the shop sells itself, and nobody stands between where there is no organization.
            "platform_fee_basis_points": platform if sold_by is not None else 0,
            "organization_fee_basis_points": organization if sold_by is not None and middle is not None else 0,
        },
    )


def _prices(product: Product, reference: str, content: Content, where: str) -> Mapping[str, Money]:
    if content.price is None:
        prices = list(product.prices.values())
        if not prices and product.ranges:
            return {}  # what the buyer says
    else:
        prices = [content.price] if isinstance(content.price, Money) else list(content.price)
    if not prices or any(price.amount <= 0 for price in prices):
        raise ContentNotPriced(f"The content {reference[:64]!r} has no price, so it cannot be bought.", param=where)
    return {price.currency: price for price in prices}


def _or(own: object, default: int) -> int:
    return own if isinstance(own, int) else default
