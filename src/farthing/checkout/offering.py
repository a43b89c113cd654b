"""What of a cart is not in farthing.toml: the host's own content, what sellers list, and where it is sent."""

from collections.abc import Mapping, Sequence

from farthing import addresses, catalog, listings
from farthing.addresses import Address
from farthing.catalog import CartItem, Catalog, Offers, PricedCart, ShippingRate
from farthing.errors import Invalid
from farthing.world import World


async def offers(world: World, items: Sequence[CartItem]) -> tuple[Sequence[CartItem], Offers]:
    """The cart with every product named, and what each content and listing is sold as. Raises as either does."""
    complete, listed = await listings.offers(world, items)
    return complete, {**await catalog.offers(world.catalog, complete, world.content), **listed}


def address_of(shop: Catalog, cart: PricedCart, given: Mapping[str, str | None] | None) -> Address | None:
    """Where the cart is sent; None where nothing of it is. Raises Invalid for an address that its country does not know, for a
    country that is not served, and where `[shipping]` says that one is needed and none was said.
    """
    if not catalog.is_sent(cart):
        return None
    if given is not None:
        return addresses.checked(given, shop.shipping.countries if shop.shipping else ())
    if shop.shipping is not None:
        raise Invalid("Say where it is sent: send shipping_address.", param="shipping_address")
    return None


def rate_of(shop: Catalog, cart: PricedCart, address: Address | None, named: str | None) -> ShippingRate | None:
    """What sending the cart to that address costs; None where it costs nothing. Raises Invalid as `catalog.rate_for` does."""
    return None if address is None else catalog.rate_for(shop, cart, address.country, named)
