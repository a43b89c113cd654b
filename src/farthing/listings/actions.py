"""What a seller does with what they offer. Who may is asked at the door."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from farthing import events, inventory
from farthing.catalog import Catalog
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import ListingId, SellerId
from farthing.lifecycles import LISTING, ListingStatus
from farthing.listings import store
from farthing.listings.model import Listing, checked_prices
from farthing.money import Money


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of a listing. None leaves what there was, or is the default of a new one."""

    title: str | None = None
    description: str | None = None
    category: str | None = None
    prices: Sequence[Money] | None = None
    max_quantity: int | None = None
    weight_grams: int | None = None
    image_url: str | None = None
    product: str | None = None


async def create(
    tx: Transaction,
    catalog: Catalog,
    seller: SellerId,
    sku: str,
    wanted: Wanted,
    *,
    livemode: bool,
    stock: int = 0,
    available_from: datetime | None = None,
    preorder_max: int | None = None,
) -> Listing:
    """Make a listing, as a draft: `publish` puts it up for sale. Its stock is counted from now on, `stock` of it is there.

    With `available_from` it is sold before it is there, up to `preorder_max`, and sent when it is received. Raises Conflict
    where the seller has something under this sku, Invalid for what cannot be sold.
    """
    if wanted.title is None or wanted.prices is None:
        raise Invalid("A listing needs a title and a price.", param="title" if wanted.title is None else "prices")
    listing = Listing(
        id=ListingId.new(),
        seller_id=seller,
        livemode=livemode,
        product=_template(catalog, wanted.product),
        sku=sku,
        title=wanted.title,
        description=wanted.description or None,
        category=wanted.category or None,
        prices=checked_prices(wanted.prices),
        max_quantity=wanted.max_quantity or 10,
        weight_grams=wanted.weight_grams,
        image_url=wanted.image_url,
        status=ListingStatus.DRAFT,
        created_at=tx.now,
        updated_at=tx.now,
    )
    if not await store.insert(tx, listing):
        raise Conflict(f"You have a listing {sku!r} already.", param="sku")
    if preorder_max is not None and available_from is None:
        raise Invalid("Say from when it is there: send available_from.", param="available_from")
    if available_from is not None and available_from <= tx.now:
        raise Invalid("That is over: leave available_from out, and say how many there are.", param="available_from")
    await inventory.define(
        tx,
        listing.stock,
        listing.title,
        policy="deny" if available_from is None else "preorder",
        backorder_max=preorder_max,
        expected_at=available_from,
    )
    if stock:
        await inventory.receive(tx, listing.stock, stock, reason="listed")
    await events.record(tx, "listing.created", **_described(listing))
    return listing


async def change(tx: Transaction, catalog: Catalog, id: ListingId, wanted: Wanted) -> Listing:
    """Say something else of it. Orders keep the price at which they were placed; a cart is priced anew."""
    listing = await store.lock(tx, id)
    if LISTING.final(listing.status):
        raise Conflict(f"{id} is archived: make a new one.", extra={"state": str(listing.status)})
    changed = replace(
        listing,
        title=wanted.title or listing.title,
        description=listing.description if wanted.description is None else wanted.description or None,
        category=listing.category if wanted.category is None else wanted.category or None,
        prices=listing.prices if wanted.prices is None else checked_prices(wanted.prices),
        max_quantity=wanted.max_quantity or listing.max_quantity,
        weight_grams=wanted.weight_grams or listing.weight_grams,
        image_url=wanted.image_url or listing.image_url,
        product=listing.product if wanted.product is None else _template(catalog, wanted.product),
    )
    if changed == listing:
        return listing
    await store.save(tx, changed)
    if changed.title != listing.title:
        await inventory.rename(tx, changed.stock, changed.title)
    await events.record(tx, "listing.changed", **_described(changed))
    return changed


async def publish(tx: Transaction, id: ListingId) -> Listing:
    return await _move(tx, id, "publish", "listing.published")


async def pause(tx: Transaction, id: ListingId) -> Listing:
    """Nobody can order it for now; who has ordered it gets it."""
    return await _move(tx, id, "pause", "listing.paused")


async def archive(tx: Transaction, id: ListingId) -> Listing:
    """For good."""
    return await _move(tx, id, "archive", "listing.archived")


def _template(catalog: Catalog, key: str | None) -> str:
    """The product of kind goods that says how it is sold; where there is one only, it need not be named."""
    goods = [product.key for product in catalog.products.values() if product.kind == "goods" and product.options["listed"]]
    if not goods:
        raise Conflict("Nothing of sellers is sold here: farthing.toml has no product with goods = {listed = true}.")
    if key is None and len(goods) == 1:
        return goods[0]
    if key not in goods:
        raise NotFound(f"Say how it is sold: product is one of {', '.join(goods)}.", param="product")
    return key


async def _move(tx: Transaction, id: ListingId, verb: str, event: events.EventName) -> Listing:
    listing = await store.lock(tx, id)
    moved = replace(listing, status=LISTING.move(listing.status, verb))
    if moved != listing:
        await store.save(tx, moved)
        await events.record(tx, event, **_described(moved))
    return moved


def _described(listing: Listing) -> dict[str, Any]:
    return {
        "listing": listing.id,
        "seller": listing.seller_id,
        "sku": listing.sku,
        "status": str(listing.status),
        "prices": [{"amount": price.amount, "currency": price.currency} for price in listing.prices.values()],
    }
