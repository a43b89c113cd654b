"""What a cart would cost, before anybody orders it. Writes nothing, so it promises nothing: an order prices it again."""

from collections.abc import Sequence

from farthing import catalog, customers, discounts, orders
from farthing.catalog import CartItem, PricedCart
from farthing.checkout import offering
from farthing.world import World


async def preview(
    world: World,
    *,
    items: Sequence[CartItem],
    actor: str,
    currency: str | None = None,
    promotion_code: str | None = None,
    customer: str | None = None,
    shipping_country: str | None = None,
    shipping_rate: str | None = None,
) -> PricedCart:
    """The cart's lines, discounts and total. `customer` is the host's own id: with it, "first purchase only" is checked, too.
    With `shipping_country` there is the line for sending it there, by the rate that is named or the first that serves.

    Raises Invalid, NotFound or Conflict as an order would, for all but a code that is used up at the last moment.
    """
    items, sold = await offering.offers(world, items)
    cart = catalog.price(world.catalog, items, currency or world.catalog.currency, sold)
    rate = None
    if shipping_country is not None:
        rate = catalog.rate_for(world.catalog, cart, shipping_country, shipping_rate, param="shipping_country")
    if promotion_code is None:
        return catalog.delivered(cart, rate)
    async with world.db.transaction(actor) as tx:
        offer = await discounts.find_offer(tx, world.catalog.coupons, promotion_code)
        known = None if customer is None else await customers.find_by_external_id(tx, customer)
        if known is None:
            offer.check(tx.now)
        else:
            offer.check(tx.now, has_bought=await orders.has_bought(tx, known.id, livemode=world.provider.livemode))
        await discounts.check_available(tx, offer, known.id if known else None)
    return catalog.delivered(catalog.discounted(cart, offer), rate)
