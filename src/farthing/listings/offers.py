"""What the listings in a cart are, as they are sold at this moment."""

from collections.abc import Sequence
from dataclasses import replace

from farthing import sellers
from farthing.catalog import CartItem, Marketplace, Offers, Product
from farthing.errors import Conflict, NotFound
from farthing.ids import ListingId
from farthing.listings import store
from farthing.listings.model import Listing, check_for_sale
from farthing.sellers import Seller
from farthing.world import World


async def offers(world: World, items: Sequence[CartItem]) -> tuple[Sequence[CartItem], Offers]:
    """The cart with the product of each listing named, and what each is sold as.

    Raises NotFound for a listing that there is not, Conflict for one that is not for sale, or whose seller may not sell.
    """
    named = [(at, item) for at, item in enumerate(items) if item.listing is not None]
    if not named:
        return items, {}
    ids = {at: _parsed(item.listing or "", at) for at, item in named}
    async with world.db.transaction("checkout") as tx:
        found = await store.find_all(tx, set(ids.values()), livemode=world.provider.livemode)
        whose = {id: await sellers.get(tx, id) for id in {listing.seller_id for listing in found.values()}}
    complete, sold = list(items), {}
    for at, item in named:
        where = f"items[{at}].listing"
        listing = found.get(ids[at])
        if listing is None:
            raise NotFound(f"There is no listing {ids[at]}.", param=where)
        seller = whose[listing.seller_id]
        check_for_sale(listing, param=where)
        if not seller.may_sell:
            raise Conflict(f"{listing.title!r} cannot be sold at the moment: its seller may not sell.", param=where)
        template = world.catalog.products.get(listing.product)
        if template is None or (item.product and item.product != listing.product):
            raise Conflict(f"{listing.title!r} is sold as {listing.product!r}: leave product out.", param=where)
        complete[at] = replace(item, product=listing.product)
        sold[listing.product, str(listing.id)] = _as_sold(template, listing, seller, world.catalog.marketplace)
    return complete, sold


def _parsed(text: str, at: int) -> ListingId:
    try:
        return ListingId.parse(text)
    except NotFound as error:
        raise NotFound(error.detail, param=f"items[{at}].listing") from None


def _as_sold(template: Product, listing: Listing, seller: Seller, market: Marketplace) -> Product:
    """What buyers see and pay is the seller's; how it is sold is the shop's."""
    return replace(
        template,
        name=listing.title,
        description=listing.description,
        prices=listing.prices,
        ranges={},
        tiers={},
        max_quantity=listing.max_quantity,
        options={
            **template.options,
            "sku": listing.stock,
            "weight_grams": listing.weight_grams or template.options.get("weight_grams"),
            "listing": str(listing.id),
            "seller": seller.external_id,
            "seller_id": str(seller.id),
            "category": listing.category,
            "fee_basis_points": seller.fee_basis_points,
            "holding_days": market.holding_days if seller.holding_days is None else seller.holding_days,
            "release_day": market.release_day,
            "transfer_early": market.design == "transfer_early",
        },
    )
