"""Exchanges over HTTP: a buyer orders something else for what came back."""

from fastapi import APIRouter
from pydantic import Field

from farthing import returns, seller_orders
from farthing.checkout import exchanging
from farthing.checkout.bodies import ITEMS_MAX, NewItem
from farthing.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, Unauthenticated
from farthing.http.bodies import Body, Shown, refuses
from farthing.http.credentials import Known
from farthing.http.state import TheWorld
from farthing.ids import ReturnId
from farthing.orders import OrderShown
from farthing.returns import ReturnShown

router = APIRouter(tags=["returns"])


class NewExchange(Body):
    items: list[NewItem] = Field(min_length=1, max_length=ITEMS_MAX)


class ExchangeShown(Shown):
    returned: ReturnShown
    order: OrderShown = Field(description="Paid, where it costs no more than what came back; else to be paid as any other.")


@router.post(
    "/returns/{id}/exchange",
    operation_id="returns_exchange",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid),
)
async def exchange(world: TheWorld, caller: Known, id: str, wanted: NewExchange) -> ExchangeShown:
    """Order something else of the same seller for what came. Nothing, the difference, or the rest of the money moves."""
    return_id = ReturnId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        back = await returns.get(tx, return_id)
        try:
            parties = await seller_orders.parties(tx, caller, await seller_orders.get(tx, back.seller_order_id))
        except NotFound:
            raise NotFound(f"There is no return {return_id}.") from None
    if not parties & {"buyer", "platform"}:
        raise Forbidden("That is for the other side to say.")
    back, order = await exchanging.exchange(world, return_id, [item.item() for item in wanted.items], actor=caller.actor)
    return ExchangeShown(returned=ReturnShown.of(back), order=OrderShown.of(order))
