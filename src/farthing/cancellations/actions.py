"""Calling off what is not sent yet: the units, their stock, their money and who shared it, in one transaction."""

from collections.abc import Sequence

from farthing import events, inventory, orders, refunds, seller_orders
from farthing.cancellations import store
from farthing.cancellations.model import Cancellation, Party, checked_reason
from farthing.catalog import SHIPPING, ReturnPolicy
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden
from farthing.ids import CancellationId, LineItemId, OrderId, SellerOrderId
from farthing.lifecycles import OrderStatus, SellerOrderStatus
from farthing.orders import Order
from farthing.refunds import Judge, Units


async def cancel(
    tx: Transaction,
    id: SellerOrderId,
    lines: Sequence[tuple[LineItemId, int]] | None = None,
    *,
    party: Party,
    reason: str | None = None,
    policy: ReturnPolicy,
    judge: Judge | None = None,
) -> Cancellation:
    """So many units, or all that is left of a seller order, are not sent; what was paid for them goes back.

    What is on its way already is a Conflict: whoever locks the order first, the parcel or the cancellation, has it. A buyer
    may where the policy says so. With a `judge` what goes back is within what that role may give back.
    """
    said = checked_reason(reason, party)
    if party == "buyer" and not policy.buyer_cancels:
        raise Forbidden("What is paid is not called off by buyers here: ask for the money back, or return it.")
    order = await orders.lock(tx, (await seller_orders.get(tx, id)).order_id)
    if order.status != OrderStatus.PAID:
        raise Conflict(
            f"{order.number} is {order.status}: nothing of it is left to cancel.", extra={"state": str(order.status)}
        )
    if (number := await store.replaces(tx, order.id)) is not None and not await _price_is_back(tx, id):
        raise Conflict(f"{order.number} was had for what came back with {number}: what arrives can be returned or exchanged.")
    going = await seller_orders.call_off(tx, id, lines, because=f"canceled by the {party}")
    after = {line.line_id: line for line in (await seller_orders.get(tx, id)).lines}
    units = [Units(line, quantity, rest=after[line].canceled == after[line].quantity) for line, quantity in going]
    units += await _way(tx, order)
    # A buyer's own words stay with the cancellation, which can forget them; the audit trail cannot.
    note = None if party == "buyer" else said
    refund = await refunds.give_back(tx, order, units, note=note, judge=judge)
    made = Cancellation(
        id=CancellationId.new(),
        seller_order_id=id,
        order_id=order.id,
        party=party,
        actor=tx.actor,
        reason=said,
        refund_id=None if refund is None else refund.id,
        canceled_at=tx.now,
        lines=tuple(going),
    )
    await store.insert(tx, made)
    await _tell(tx, made, order, reason=note)
    # The last thing: whoever wants one of them waits no longer than it takes to commit.
    await _put_back(tx, order, going)
    return made


async def cancel_order(
    tx: Transaction,
    id: OrderId,
    *,
    party: Party,
    reason: str | None = None,
    policy: ReturnPolicy,
    judge: Judge | None = None,
) -> list[Cancellation]:
    """All of a paid order, as long as nothing of it was sent. Canceling what is canceled changes nothing.

    Raises Conflict where something was sent, or something of it is none to be sent.
    """
    order = await orders.lock(tx, id)
    every = await seller_orders.of_order(tx, id)
    parts = [part for part in every if part.status != SellerOrderStatus.CANCELED]
    if not every:
        raise Conflict(f"{order.number} is {order.status}, and nothing of it is sent: ask for the money back.")
    if any(line.shipped for part in parts for line in part.lines):
        raise Conflict(f"Something of {order.number} is on its way: cancel the rest of it, and return what arrives.")
    if sum(line.kind != SHIPPING for line in order.lines) > sum(len(part.lines) for part in every):
        raise Conflict(f"{order.number} holds what is not sent: cancel its parts, and ask for the rest of the money back.")
    return [await cancel(tx, part.id, party=party, reason=reason, policy=policy, judge=judge) for part in parts]


async def _price_is_back(tx: Transaction, id: SellerOrderId) -> bool:
    """Of what was had in exchange: its price stood in the order that came back for it, and was given back there."""
    lines = [line.line_id for line in (await seller_orders.get(tx, id)).lines]
    return all(whole for _, whole in (await seller_orders.paid_back(tx, lines)).values())


async def _way(tx: Transaction, order: Order) -> list[Units]:
    """What was paid for sending it, where nothing was sent and all that would have been is called off by now."""
    every = [line for part in await seller_orders.of_order(tx, order.id) for line in part.lines]
    if any(line.shipped or line.canceled < line.quantity for line in every):
        return []
    return [Units(line.id, line.quantity, rest=True) for line in order.lines if line.kind == SHIPPING]


async def _put_back(tx: Transaction, order: Order, going: Sequence[tuple[LineItemId, int]]) -> None:
    counted = {line.id: str(line.details["sku"]) for line in order.lines if line.details.get("counted")}
    for line, quantity in sorted(going, key=lambda each: counted.get(each[0], "")):
        if line in counted:
            await inventory.put_back(tx, line, quantity, reason="canceled")


async def _tell(tx: Transaction, made: Cancellation, order: Order, *, reason: str | None) -> None:
    part = await seller_orders.get(tx, made.seller_order_id)
    names = {line.line_id: line.name for line in part.lines}
    await events.record(
        tx,
        "seller_order.units_canceled",
        order=order.id,
        seller_order=part.id,
        number=part.number,
        seller=part.seller_id,
        cancellation=made.id,
        party=made.party,
        refund=made.refund_id,
        reason=reason,
        line_items=[{"id": str(line), "name": names[line], "quantity": quantity} for line, quantity in made.lines],
    )
