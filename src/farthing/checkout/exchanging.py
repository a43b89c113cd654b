"""Something else for what came back: another order, for which the return pays as far as it goes."""

from collections.abc import Sequence

from farthing import addresses, catalog, customers, returns, seller_orders
from farthing.catalog import CartItem, PricedCart
from farthing.checkout import actions, flow, offering
from farthing.checkout.actions import Buyer, Wanted
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid
from farthing.ids import ReturnId
from farthing.lifecycles import ReturnStatus
from farthing.orders import Order
from farthing.returns import Return
from farthing.seller_orders import SellerOrder
from farthing.world import World


async def exchange(world: World, id: ReturnId, items: Sequence[CartItem], *, actor: str) -> tuple[Return, Order]:
    """Order something else of the same seller for what came. Of the same price nothing is paid; a dearer order is paid as any
    other, less what came was worth; what a cheaper one leaves goes back.

    Raises Conflict where it has not come, is exchanged already, or is to be paid back; Invalid for things of somebody else.
    """
    complete, sold = await offering.offers(world, items)

    async def work(tx: Transaction) -> tuple[Return, Order]:
        back, old = await returns.lock(tx, id)
        await _check(tx, back, old)
        cart = catalog.price(world.catalog, complete, old.total.currency, sold)
        _check_seller(cart, await seller_orders.get(tx, back.seller_order_id))
        worth = await returns.worth(tx, back, old)
        credit = min(worth, cart.total)
        if not credit:
            raise Conflict(f"Nothing was paid for what came back with {back.number}.")
        buyer = await customers.get(tx, old.customer_id)
        wanted = Wanted(
            cart=catalog.credited(cart, credit, back.number),
            buyer=Buyer(buyer.external_id, old.email or buyer.email, buyer.name),
            success_url="",
            cancel_url="",
            metadata={},
            coupons=world.catalog.coupons,
            fees=world.catalog.marketplace.fees,
            address=await addresses.find(tx, old.id),
        )
        order, _ = await actions.place(tx, wanted, flow.terms_of(world))
        return await returns.link_exchange(tx, back, old, order.id, credit), order

    return await world.db.run(actor, work)


async def _check(tx: Transaction, back: Return, old: Order) -> None:
    if back.exchange_order_id is not None:
        raise Conflict(f"{back.number} is exchanged already: see {back.exchange_order_id}.")
    if back.wanted != "exchange" or back.status != ReturnStatus.RECEIVED:
        raise Conflict(
            f"{back.number} is {back.status}, and is to be {'exchanged' if back.wanted == 'exchange' else 'paid back'}."
        )
    if await returns.disputed(tx, old):
        raise Conflict(f"The payment of {back.number} is disputed: the bank decides.")


def _check_seller(cart: PricedCart, part: SellerOrder) -> None:
    own = None if part.seller_id is None else str(part.seller_id)
    if any(line.product.kind != "goods" or line.product.options.get("seller_id") != own for line in cart.lines):
        raise Invalid("What came back is exchanged for things of who takes it back.", param="items")
