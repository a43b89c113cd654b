"""Listings in the database."""

from collections.abc import Collection
from typing import LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import ListingId, SellerId
from farthing.lifecycles import ListingStatus
from farthing.listings.model import Listing
from farthing.money import Money
from farthing.paging import Page, checked_limit

SELECT: LiteralString = """
    SELECT id, seller_id, livemode, product, sku, title, description, category, prices, max_quantity, weight_grams,
        image_url, status, created_at, updated_at
    FROM listings
"""


FILTER: LiteralString = """
    WHERE livemode = %(livemode)s AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s)
        AND (%(seller)s::uuid IS NULL OR seller_id = %(seller)s)
        AND (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(category)s::text IS NULL OR category = %(category)s)
        AND (NOT %(for_sale)s OR (status = 'active' AND EXISTS (
            SELECT 1 FROM sellers WHERE sellers.id = listings.seller_id AND sellers.status = 'active'
                AND sellers.suspended_at IS NULL AND sellers.rejection_asked_at IS NULL)))
    ORDER BY id DESC LIMIT %(limit)s
"""


async def insert(tx: Transaction, listing: Listing) -> bool:
    """False where the seller has something under this sku."""
    return bool(
        await tx.run(
            """
            INSERT INTO listings (id, seller_id, livemode, product, sku, title, description, category, prices, max_quantity,
                weight_grams, image_url, status, created_at, updated_at)
            VALUES (%(id)s, %(seller)s, %(livemode)s, %(product)s, %(sku)s, %(title)s, %(description)s, %(category)s,
                %(prices)s, %(max_quantity)s, %(weight)s, %(image)s, %(status)s, %(now)s, %(now)s)
            ON CONFLICT (seller_id, sku) DO NOTHING
            """,
            seller=listing.seller_id,
            livemode=listing.livemode,
            sku=listing.sku,
            **_written(listing),
            now=tx.now,
        )
    )


async def save(tx: Transaction, listing: Listing) -> None:
    """The row is locked by the caller."""
    await tx.run(
        """
        UPDATE listings SET product = %(product)s, title = %(title)s, description = %(description)s, category = %(category)s,
            prices = %(prices)s, max_quantity = %(max_quantity)s, weight_grams = %(weight)s, image_url = %(image)s,
            status = %(status)s, updated_at = %(now)s
        WHERE id = %(id)s
        """,
        **_written(listing),
        now=tx.now,
    )


async def get(tx: Transaction, id: ListingId) -> Listing:
    return _there(await tx.find(_listing, SELECT + " WHERE id = %(id)s", id=id), id)


async def lock(tx: Transaction, id: ListingId) -> Listing:
    return _there(await tx.find(_listing, SELECT + " WHERE id = %(id)s FOR UPDATE", id=id), id)


async def find_all(tx: Transaction, ids: Collection[ListingId], *, livemode: bool) -> dict[ListingId, Listing]:
    found = await tx.all(
        _listing, SELECT + " WHERE id = ANY(%(ids)s) AND livemode = %(livemode)s", ids=list(ids), livemode=livemode
    )
    return {listing.id: listing for listing in found}


async def list_page(
    tx: Transaction,
    *,
    livemode: bool,
    limit: int,
    cursor: ListingId | None = None,
    seller: SellerId | None = None,
    status: ListingStatus | None = None,
    category: str | None = None,
    for_sale: bool = False,
) -> Page[Listing]:
    """Newest first. With `for_sale` only what a buyer can put into a cart: active, of a seller who may sell."""
    rows = await tx.all(
        _listing,
        SELECT + FILTER,
        livemode=livemode,
        cursor=cursor,
        seller=seller,
        status=status,
        category=category,
        for_sale=for_sale,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda listing: listing.id)


async def counts(tx: Transaction, seller: SellerId) -> dict[str, int]:
    """How many a seller has in each status."""
    found = await tx.all(
        lambda row: (str(row["status"]), int(row["count"])),
        "SELECT status, count(*) AS count FROM listings WHERE seller_id = %(seller)s GROUP BY status",
        seller=seller,
    )
    return dict(found)


def _there(found: Listing | None, id: ListingId) -> Listing:
    if found is None:
        raise NotFound(f"There is no listing {id}.")
    return found


def _written(listing: Listing) -> dict[str, object]:
    return {
        "id": listing.id,
        "product": listing.product,
        "title": listing.title,
        "description": listing.description,
        "category": listing.category,
        "prices": orjson.dumps({price.currency: price.amount for price in listing.prices.values()}).decode(),
        "max_quantity": listing.max_quantity,
        "weight": listing.weight_grams,
        "image": listing.image_url,
        "status": listing.status,
    }


def _listing(row: Row) -> Listing:
    return Listing(
        id=ListingId.of(row["id"]),
        seller_id=SellerId.of(row["seller_id"]),
        livemode=row["livemode"],
        product=row["product"],
        sku=row["sku"],
        title=row["title"],
        description=row["description"],
        category=row["category"],
        prices={currency: Money(amount, currency) for currency, amount in row["prices"].items()},
        max_quantity=row["max_quantity"],
        weight_grams=row["weight_grams"],
        image_url=row["image_url"],
        status=ListingStatus(row["status"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
