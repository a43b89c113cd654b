"""Which orders and payments a caller may see and pay: a server all, a customer their own, a guest what a token proves."""

from farthing import orders, payments
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.http import proof
from farthing.http.callers import Caller, Guest
from farthing.ids import OrderId, PaymentId
from farthing.orders import Order
from farthing.payments import Payment
from farthing.world import World


async def order_for(world: World, tx: Transaction, caller: Caller, token: str | None, id: OrderId) -> Order:
    """Raises NotFound for the order of somebody else, in the words of one that does not exist."""
    if isinstance(caller, Guest):
        proof.check(world.settings, id, token, now=tx.now)
        return await orders.get(tx, id)
    return await orders.get_for(tx, caller, id)


async def payment_for(world: World, tx: Transaction, caller: Caller, token: str | None, id: PaymentId) -> Payment:
    """The same for a payment, by its order."""
    payment = await payments.get(tx, id)
    try:
        await order_for(world, tx, caller, token, payment.order_id)
    except NotFound:
        raise NotFound(f"There is no payment {id}.") from None
    return payment
