"""What of a cart is not in farthing.toml: the host's own content, and what sellers list."""

from collections.abc import Sequence

from farthing import catalog, listings
from farthing.catalog import CartItem, Offers
from farthing.world import World


async def offers(world: World, items: Sequence[CartItem]) -> tuple[Sequence[CartItem], Offers]:
    """The cart with every product named, and what each content and listing is sold as. Raises as either does."""
    complete, listed = await listings.offers(world, items)
    return complete, {**await catalog.offers(world.catalog, complete, world.content), **listed}
