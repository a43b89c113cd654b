"""Placing an order without a page: it is paid afterwards, in whatever way the host chooses."""

from collections.abc import Mapping, Sequence

import orjson

from farthing import catalog, orders
from farthing.catalog import CartItem
from farthing.checkout import actions, flow, offering
from farthing.checkout.actions import Buyer, Wanted
from farthing.db import Transaction
from farthing.http import idempotency
from farthing.http.idempotency import Answer, Key
from farthing.ids import OrderId
from farthing.orders import Order
from farthing.world import World


async def place_order(
    world: World,
    *,
    items: Sequence[CartItem],
    buyer: Buyer,
    actor: str,
    currency: str | None = None,
    metadata: Mapping[str, str] | None = None,
    promotion_code: str | None = None,
    shipping_address: Mapping[str, str | None] | None = None,
    shipping_rate: str | None = None,
    key: Key | None = None,
) -> tuple[Order, bool]:
    """Place an order for the cart at the catalog's prices; whether it was placed before with this key. Nobody is called.

    One that costs nothing is paid when this answers. Raises Invalid, NotFound or Conflict for a cart that cannot be sold.
    """
    items, sold = await offering.offers(world, items)
    cart = catalog.price(world.catalog, items, currency or world.catalog.currency, sold)
    address = offering.address_of(world.catalog, cart, shipping_address)
    wanted = Wanted(
        cart=cart,
        buyer=buyer,
        success_url="",
        cancel_url="",
        metadata=catalog.checked_metadata(metadata or {}, "metadata"),
        promotion_code=promotion_code,
        coupons=world.catalog.coupons,
        fees=world.catalog.marketplace.fees,
        address=address,
        rate=offering.rate_of(world.catalog, cart, address, shipping_rate),
    )

    gone = await flow.glance(world, wanted, actor, key)

    async def work(tx: Transaction) -> tuple[Order, bool]:
        claim = await idempotency.claim(tx, key) if key else idempotency.Claim()
        if claim.subject is not None:
            return await orders.get(tx, OrderId.of(claim.subject)), True
        if gone is not None:
            await actions.look(tx, wanted)
        order, _ = await actions.place(tx, wanted, flow.terms_of(world))
        if key:
            await idempotency.begin(tx, key, order.id)
            await idempotency.remember(tx, key, Answer(201, orjson.dumps({"order": str(order.id)})))
        return order, False

    return await world.db.run(actor, work)
