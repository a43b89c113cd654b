"""What the shop has of sellers, as buyers see it: whose it is, what it costs and how many are left; and the lines of a cart."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from farthing import inventory, listings, sellers
from farthing.catalog import Catalog, Product
from farthing.db import Transaction
from farthing.ids import ListingId
from farthing.listings import Listing
from farthing.money import Money
from farthing.paging import Page
from farthing.sellers import Seller
from farthing.web.shop.cart import Cart, is_listing

SHOWN: Final = 24
FEW: Final = 5
"""So many or fewer, and the buyer is told how many are left."""

SOMEBODY: Final = "One of our sellers"
"""Who did not tell their name."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A listing with what only the moment tells. `left` is None for any number; `price` is in the shop's currency."""

    listing: Listing
    seller: Seller
    price: Money | None
    left: int | None

    @property
    def name(self) -> str:
        """The seller's, as they told us; their address is nobody's business."""
        return self.seller.name or SOMEBODY

    @property
    def most(self) -> int:
        return self.listing.max_quantity if self.left is None else min(self.listing.max_quantity, self.left)

    @property
    def stopped(self) -> str | None:
        """Why it cannot be bought at all, in plain words."""
        if self.listing.status != "active":
            return "This is not for sale any more."
        if not self.seller.may_sell:
            return "Its seller cannot sell at the moment."
        if self.price is None:
            return "This has no price in the currency of this shop."
        return "This is sold out." if self.left == 0 else None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cart, as it stands now. `problem` keeps the cart from being paid."""

    key: str
    name: str
    seller: str | None
    each: Money | None
    quantity: int
    most: int
    kind: str
    access_days: int | None = None
    problem: str | None = None
    was: Money | None = None
    """What one cost when it was put in, where that has changed."""


async def offers(tx: Transaction, currency: str, *, livemode: bool, cursor: str | None) -> Page[Offer]:
    """What is for sale, newest first."""
    after = ListingId.parse(cursor) if cursor else None
    page = await listings.list_page(tx, livemode=livemode, limit=SHOWN, cursor=after, for_sale=True)
    known = await _offers(tx, page.items, currency)
    return Page([known[listing.id] for listing in page.items], page.next_cursor)


async def find(tx: Transaction, ids: Collection[ListingId], currency: str, *, livemode: bool) -> dict[ListingId, Offer]:
    """Those that there are, for sale or not."""
    found = await listings.find_all(tx, ids, livemode=livemode)
    return await _offers(tx, list(found.values()), currency)


async def left_of(tx: Transaction, products: Sequence[Product]) -> dict[str, int | None]:
    """How many there are of what the shop itself sells and counts, by the product's key; None: any number."""
    skus = {
        product.key: product.options["sku"] or product.key
        for product in products
        if product.kind == "goods" and product.options["counted"]
    }
    items = await inventory.items(tx, set(skus.values()))
    return {key: items[sku].sellable for key, sku in skus.items() if sku in items}


async def lines(tx: Transaction, sold: Catalog, kept: Cart, *, livemode: bool) -> list[Line]:
    """The cart line by line, with what has changed since it was filled."""
    ids = {ListingId.parse(key) for key in kept.items if key not in sold.products and is_listing(key)}
    known = await find(tx, ids, sold.currency, livemode=livemode) if ids else {}
    left = await left_of(tx, [sold.products[key] for key in kept.items if key in sold.products])
    return [
        _of_product(sold.products[key], kept, sold.currency, left)
        if key in sold.products
        else _of_listing(key, known.get(ListingId.parse(key)), kept)
        for key in kept.items
    ]


async def _offers(tx: Transaction, found: Sequence[Listing], currency: str) -> dict[ListingId, Offer]:
    whose = {id: await sellers.get(tx, id) for id in {listing.seller_id for listing in found}}
    stock = await inventory.items(tx, {listing.stock for listing in found})
    return {
        listing.id: Offer(
            listing,
            whose[listing.seller_id],
            listing.prices.get(currency),
            stock[listing.stock].sellable if listing.stock in stock else 0,
        )
        for listing in found
    }


def _of_listing(key: str, offer: Offer | None, kept: Cart) -> Line:
    quantity = kept.items[key]
    if offer is None:
        return Line(
            key, "Something of a seller's", None, None, quantity, quantity, "goods", problem="This is not sold any more."
        )
    problem = offer.stopped or _too_many(quantity, offer.most)
    seen = kept.seen.get(key)
    changed = offer.price is not None and seen is not None and seen != offer.price.amount
    was = Money(seen, offer.price.currency) if changed and offer.price and seen is not None else None
    most = max(offer.most, 1)
    return Line(key, offer.listing.title, offer.name, offer.price, quantity, most, "goods", problem=problem, was=was)


def _of_product(product: Product, kept: Cart, currency: str, left: Mapping[str, int | None]) -> Line:
    quantity, said = kept.items[product.key], kept.said.get(product.key)
    there = left.get(product.key)
    most = product.max_quantity if there is None else min(product.max_quantity, there)
    if said is not None:
        each: Money | None = Money(said, currency)
    else:
        each = product.unit_for(quantity, currency) if currency in product.prices else None
    problem = None
    if there is not None:
        problem = "This is sold out." if there == 0 else _too_many(quantity, most)
    days = product.access_days
    return Line(product.key, product.name, None, each, quantity, max(most, 1), product.kind, days, problem)


def _too_many(quantity: int, most: int) -> str | None:
    return None if quantity <= most else f"Only {most} can be bought: choose {most} or fewer."
