"""Progress links: `/progress/{token}`, by which whoever holds the email sees how an order goes, without signing in. Signed,
expiring, and without a word about whom.
"""

from datetime import datetime, timedelta
from typing import Final

from farthing import orders
from farthing.config import Settings
from farthing.errors import Conflict, NotFound
from farthing.http import signed
from farthing.ids import OrderId
from farthing.orders import Order
from farthing.world import World

PATH: Final = "/progress/"
PURPOSE: Final = "progress link"

GOOD_FOR: Final = timedelta(days=90)
"""Longer than most parcels, and than most shops take things back."""


def progress_url(settings: Settings, order: Order, now: datetime) -> str:
    """The link for the email. Made when it is needed, stored nowhere."""
    return f"{settings.base_url}{PATH}{signed.token(settings, PURPOSE, order.id, now + GOOD_FOR)}"


async def order_of_progress(world: World, token: str, *, actor: str) -> Order:
    """The order that the link stands for. Raises NotFound for a link that is not ours, Conflict for one whose time is over."""
    try:
        id, until = signed.read(world.settings, PURPOSE, token)
    except NotFound:
        raise NotFound("There is no such link to an order: follow the link of the email again.") from None
    async with world.db.transaction(actor) as tx:
        if until <= tx.now:
            raise Conflict("This link is too old: sign in where you bought, or write to the shop.")
        return await orders.get(tx, OrderId(bytes=id))
