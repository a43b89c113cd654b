"""Finding an order by what people have at hand: its number, or its id."""

from farthing import orders
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.ids import OrderId
from farthing.orders import Order


async def order(tx: Transaction, named: str) -> Order:
    """Raises NotFound where nothing has this number or id."""
    number = named.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) <= 18:
        found = await orders.find_by_number(tx, int(number))
        if found is None:
            raise NotFound(f"There is no order {number}. `farthing orders list` shows which there are.")
        return found
    return await orders.get(tx, OrderId.parse(named))
