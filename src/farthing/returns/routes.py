"""Returns over HTTP: a buyer asks and sends, a seller decides and receives, the shop's servers do either."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response

from farthing import customers, orders, seller_orders, sellers
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, KeyInUse, KeyReused, Malformed, NotFound, Unauthenticated
from farthing.http import idempotency
from farthing.http.bodies import ListShown, listed, read_id, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.idempotency import Key
from farthing.http.state import TheWorld
from farthing.ids import OrderId, ReturnId, SellerOrderId, ShipmentId
from farthing.paging import Page
from farthing.refunds import Judge
from farthing.returns import actions, offering, receiving, store
from farthing.returns.bodies import Approval, Dispatch, NewReturn, Receipt, Refusal, ReturnableShown, ReturnQuery, ReturnShown
from farthing.returns.model import Return
from farthing.seller_orders import Party
from farthing.world import World

router = APIRouter(prefix="/v1", tags=["returns"])

Caller = Server | CustomerCaller
SAID = refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid)
SELLS: frozenset[Party] = frozenset({"seller", "platform"})
BUYS: frozenset[Party] = frozenset({"buyer", "platform"})


@router.get("/orders/{id}/returnable", operation_id="orders_returnable", responses=refuses(Unauthenticated, NotFound))
async def returnable(world: TheWorld, caller: Known, id: str) -> ListShown[ReturnableShown]:
    """Every line that is sent: how many of it can be sent back now, until when, or why none can."""
    async with world.db.transaction(caller.actor) as tx:
        order = await orders.get_for(tx, caller, OrderId.parse(id))
        found = await offering.offer_order(tx, order.id, world.catalog.returns)
    return listed(Page(found, None), ReturnableShown.of)


@router.post(
    "/seller-orders/{id}/returns",
    operation_id="returns_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, KeyInUse, Invalid, KeyReused),
)
async def ask(
    world: TheWorld, caller: Known, id: str, wanted: NewReturn, response: Response, header: IdempotencyKey = None
) -> ReturnShown:
    """Ask to send something back. Within the shop's policy it is approved at once; otherwise its seller decides."""
    part = SellerOrderId.parse(id)
    key = key_of(header, caller, f"return {part}", wanted.model_dump())
    answer, replayed = await world.db.run(caller.actor, lambda tx: _ask_once(tx, world, caller, part, wanted, key))
    if replayed:
        mark_replayed(response)
    return answer


@router.get("/returns", operation_id="returns_list", responses=refuses(Unauthenticated, Invalid))
async def list_returns(
    world: TheWorld, caller: Known, query: Annotated[ReturnQuery, fastapi.Query()]
) -> ListShown[ReturnShown]:
    """Newest first. Whoever is signed in sees what they send back, and what comes back to them."""
    cursor = query.after(ReturnId)
    order = None if query.order is None else read_id(OrderId, query.order, param="order")
    livemode = world.provider.livemode
    async with world.db.transaction(caller.actor) as tx:
        seller = buyer = None
        if isinstance(caller, CustomerCaller):
            seller = await sellers.find_by_external_id(tx, caller.identity.external_id, livemode=livemode)
            buyer = await customers.find_by_external_id(tx, caller.identity.external_id)
            if seller is None and buyer is None:
                return ListShown[ReturnShown](data=[], has_more=False, next_cursor=None)
        page = await store.list_page(
            tx,
            livemode=livemode,
            limit=query.limit,
            cursor=cursor,
            status=query.status,
            seller=seller.id if seller else None,
            buyer=buyer.id if buyer else None,
            order=order,
        )
    return listed(page, ReturnShown.of)


@router.get("/returns/{id}", operation_id="returns_get", responses=refuses(Unauthenticated, NotFound))
async def get_return(world: TheWorld, caller: Known, id: str) -> ReturnShown:
    async with world.db.transaction(caller.actor) as tx:
        back, _ = await _seen(tx, caller, ReturnId.parse(id))
    return ReturnShown.of(back)


@router.post("/returns/{id}/approval", operation_id="returns_approve", responses=SAID)
async def approve(world: TheWorld, caller: Known, id: str, wanted: Approval) -> ReturnShown:
    """It may be sent: said by its seller, or by the shop."""

    async def work(tx: Transaction, of: ReturnId) -> Return:
        return await actions.approve(tx, of, policy=world.catalog.returns, note=wanted.note, judge=_judge(world, caller))

    return await _do(world, caller, id, SELLS, work)


@router.post("/returns/{id}/decline", operation_id="returns_decline", responses=SAID)
async def decline(world: TheWorld, caller: Known, id: str, wanted: Refusal) -> ReturnShown:
    """It is not taken back: said by its seller, or by the shop."""
    return await _do(world, caller, id, SELLS, lambda tx, of: actions.decline(tx, of, note=wanted.note))


@router.post("/returns/{id}/withdrawal", operation_id="returns_withdraw", responses=SAID)
async def withdraw(world: TheWorld, caller: Known, id: str) -> ReturnShown:
    """The buyer keeps it."""
    return await _do(world, caller, id, BUYS, actions.withdraw)


@router.post("/returns/{id}/dispatch", operation_id="returns_dispatch", responses=SAID)
async def dispatch(world: TheWorld, caller: Known, id: str, wanted: Dispatch) -> ReturnShown:
    """It is on its way back."""

    async def work(tx: Transaction, of: ReturnId) -> Return:
        return await actions.send(tx, of, carrier=wanted.carrier, tracking_number=wanted.tracking_number)

    return await _do(world, caller, id, BUYS, work)


@router.post("/returns/{id}/receipt", operation_id="returns_receive", responses=SAID)
async def receive(world: TheWorld, caller: Known, id: str, wanted: Receipt) -> ReturnShown:
    """It came, and somebody looked at it: what goes on the shelf, and what is of no use. What came is paid back."""

    async def work(tx: Transaction, of: ReturnId) -> Return:
        return await receiving.receive(tx, of, wanted.found(), note=wanted.note, judge=_judge(world, caller))

    return await _do(world, caller, id, SELLS, work)


@router.post("/returns/{id}/refund", operation_id="returns_refund", responses=SAID)
async def refund(world: TheWorld, caller: Known, id: str) -> ReturnShown:
    """Pay back what came while the payment was disputed, or was to be exchanged and is not."""

    async def work(tx: Transaction, of: ReturnId) -> Return:
        return await receiving.refund(tx, of, judge=_judge(world, caller))

    return await _do(world, caller, id, SELLS, work)


@router.post("/shipments/{id}/receipt", operation_id="shipments_receive", status_code=201, responses=SAID)
async def receive_parcel(world: TheWorld, caller: Known, id: str, wanted: Receipt) -> ReturnShown:
    """A parcel that could not be delivered is with its seller again: it is taken in, and the buyer has their money."""
    parcel_id = ShipmentId.parse(id)

    async def work(tx: Transaction) -> Return:
        parcel = await seller_orders.get_shipment(tx, parcel_id)
        part = await seller_orders.get(tx, parcel.seller_order_id)
        _check(await seller_orders.parties(tx, caller, part), SELLS)
        return await receiving.receive_parcel(tx, parcel.id, wanted.found(), note=wanted.note, judge=_judge(world, caller))

    return ReturnShown.of(await world.db.run(caller.actor, work))


async def _do(
    world: World,
    caller: Caller,
    id: str,
    who: frozenset[Party],
    act: Callable[[Transaction, ReturnId], Awaitable[Return]],
) -> ReturnShown:
    return_id = ReturnId.parse(id)

    async def work(tx: Transaction) -> Return:
        _, parties = await _seen(tx, caller, return_id)
        _check(parties, who)
        return await act(tx, return_id)

    return ReturnShown.of(await world.db.run(caller.actor, work))


async def _seen(tx: Transaction, caller: Caller, id: ReturnId) -> tuple[Return, frozenset[Party]]:
    """Somebody else's is refused in the words for one that does not exist."""
    back = await store.get(tx, id)
    try:
        return back, await seller_orders.parties(tx, caller, await seller_orders.get(tx, back.seller_order_id))
    except NotFound:
        raise NotFound(f"There is no return {id}.") from None


def _check(parties: frozenset[Party], who: frozenset[Party]) -> None:
    if not parties & who:
        raise Forbidden("That is for the other side to say.")


def _judge(world: World, caller: Caller) -> Judge | None:
    return Judge("server", world.catalog.refunds) if isinstance(caller, Server) else None


async def _ask_once(
    tx: Transaction, world: World, caller: Caller, id: SellerOrderId, wanted: NewReturn, key: Key | None
) -> tuple[ReturnShown, bool]:
    """Key, return and answer are one commit."""
    _check(await seller_orders.parties(tx, caller, await seller_orders.get(tx, id)), BUYS)

    async def work() -> tuple[UUID, ReturnShown]:
        made = await actions.request(
            tx,
            id,
            [line.asked() for line in wanted.lines],
            message=wanted.message,
            wanted=wanted.wanted,
            policy=world.catalog.returns,
            by_buyer=isinstance(caller, CustomerCaller),
        )
        return made.id, ReturnShown.of(made)

    return await idempotency.once(tx, key, ReturnShown, work)
