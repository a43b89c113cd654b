"""Recovery links: `/pay/{token}`, by which an unpaid order is paid. Signed, expiring, and without a word about whom."""

from typing import Final

from farthing import orders
from farthing.checkout import ways
from farthing.checkout.model import Started
from farthing.config import Settings
from farthing.errors import Conflict
from farthing.http import signed
from farthing.http.idempotency import Key
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.orders import Order
from farthing.world import World

PATH: Final = "/pay/"
SUCCESS_PATH: Final = "/checkout/success?session_id={CHECKOUT_SESSION_ID}"
PURPOSE: Final = "recovery link"


def recovery_url(settings: Settings, order: Order) -> str:
    """The link for the email: good until the order's time is over. Made when it is needed, stored nowhere."""
    return f"{settings.base_url}{PATH}{signed.token(settings, PURPOSE, order.id, order.expires_at)}"


async def order_of(world: World, token: str, *, actor: str) -> Order:
    """The order that the link stands for. Raises NotFound for a link that is not ours, Conflict for one whose time is over."""
    id, until = signed.read(world.settings, PURPOSE, token)
    async with world.db.transaction(actor) as tx:
        order = await orders.get(tx, OrderId(bytes=id))
        if until <= tx.now and order.status == OrderStatus.OPEN:
            raise Conflict("This link is too old: ask the shop for a new one.")
    return order


async def open_recovery_page(world: World, token: str, *, actor: str, key: Key | None = None) -> Started:
    """A payment page for the order of the link, with the same key the same. Raises Conflict where there is nothing to pay."""
    order = await order_of(world, token, actor=actor)
    if order.status != OrderStatus.OPEN:
        raise Conflict(f"Order {order.number} is {order.status}: there is nothing to pay.")
    base = world.settings.base_url
    return await ways.open_page(
        world, order.id, success_url=base + SUCCESS_PATH, cancel_url=f"{base}{PATH}{token}", actor=actor, key=key
    )
