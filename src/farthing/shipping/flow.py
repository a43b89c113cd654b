"""What needs the carrier: prices, labels, their refunds, and where parcels are. No transaction is open meanwhile."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import uuid4

import structlog

from farthing import seller_orders
from farthing.addresses import Address
from farthing.carriers import Carrier, Parcel, Place, Quote, Rate
from farthing.db import Transaction
from farthing.errors import CarrierError, CarrierUnavailable, Conflict, DatabaseUnavailable
from farthing.ids import LabelId, SellerOrderId, ShipmentId
from farthing.lifecycles import LabelStatus
from farthing.seller_orders import Shipment
from farthing.shipping import actions, store
from farthing.shipping.model import Label, Wanted, checked, chosen
from farthing.world import World

SOON: Final = timedelta(minutes=1)
LATER: Final = timedelta(hours=8)
DAILY: Final = timedelta(days=1)
LABELS_MAX: Final = 20
PARCELS_MAX: Final = 50

log = structlog.get_logger("farthing.shipping")

Also = Callable[[Transaction, str | None], Awaitable[None]]
"""What else is written with it; the text says why nothing followed."""


async def rates(
    world: World, id: SellerOrderId, parcel: Parcel, *, origin: Address | None = None, actor: str
) -> Sequence[Rate]:
    """What services ask for a parcel of this seller order, the cheapest first. `origin` is kept for the next time."""
    carrier = world.require_carrier()
    checked(parcel)

    async def work(tx: Transaction) -> tuple[Address, Address]:
        order, _ = await seller_orders.sendable(tx, id, None)
        if origin is not None:
            await store.keep_origin(tx, order.seller_id, origin)
        return await actions.ends(tx, order)

    start, end = await world.db.run(actor, work)
    quote = await carrier.quote(_place(start), _place(end), parcel, reference=f"rates_{uuid4().hex}")
    return quote.rates


async def buy_label(world: World, id: SellerOrderId, wanted: Wanted, *, origin: Address | None = None, actor: str) -> Label:
    """Want it, and ask for it at once. Without an answer it stays `requested`, and a sweep asks again under the same name."""
    carrier = world.require_carrier()

    async def work(tx: Transaction) -> Label:
        if origin is not None:
            await store.keep_origin(tx, (await seller_orders.get(tx, id)).seller_id, origin)
        return await actions.request_label(tx, id, wanted, sold_by=carrier.name)

    label = await world.db.run(actor, work)
    await _patiently(partial(send_label, world, label.id))
    async with world.db.transaction(actor) as tx:
        return await store.get(tx, label.id)


async def send_label(world: World, id: LabelId) -> None:
    """Buy it. Its id is our reference at the carrier's, where it is found again after a lost answer; asking twice pays once."""

    async def ask(tx: Transaction) -> tuple[Label, tuple[Address, Address] | str] | None:
        before = await store.get(tx, id)
        if not await store.claim(tx, id, LabelStatus.REQUESTED):
            return None
        order = await seller_orders.get(tx, before.seller_order_id)
        try:
            return before, await actions.ends(tx, order)
        except Conflict as nowhere:
            return before, nowhere.detail

    claimed = await world.db.run("worker", ask)
    if claimed is None:
        return
    label, places = claimed
    carrier = _carrier_named(world, label.sold_by)
    try:
        quote = await _quoted(world, carrier, label, places)
        bought, refusal = (None, str(places)) if quote is None else (quote.label, "")
        if bought is None and quote is not None:
            rate, refusal = chosen(quote, label)
            bought = None if rate is None else await carrier.buy(quote.id, rate.id)
    except CarrierUnavailable:
        await world.db.run("worker", lambda tx: store.ask_again(tx, id, tx.now + SOON))
        raise
    except CarrierError as error:
        bought, refusal = None, error.detail
    if bought is None:
        await world.db.run("worker", lambda tx: actions.refuse(tx, id, refusal))
        return
    paid = bought
    await world.db.run("worker", lambda tx: actions.record_bought(tx, id, paid))


async def _quoted(world: World, carrier: Carrier, label: Label, places: tuple[Address, Address] | str) -> Quote | None:
    """Told of before, it is the same one: only that can say whether it was paid for. None: nobody knows any more where it goes,
    as `places` says, and nothing was paid for it."""
    reference = str(label.id)
    quote = None if label.asked_at is None else await carrier.find(label.quote_id or reference)
    if isinstance(places, str) and (quote is None or quote.label is None):
        return None
    if quote is None:
        assert not isinstance(places, str), "it was returned above"
        start, end = places
        quote = await carrier.quote(_place(start), _place(end), label.parcel, reference=reference)
    found = quote.id
    await world.db.run("worker", lambda tx: store.save_quote(tx, label.id, found))
    return quote


async def refund_label(world: World, id: LabelId, *, actor: str) -> Label:
    """Give it back before its parcel is carried: the parcel does not leave, and the money of the label comes back."""
    label = await world.db.run(actor, lambda tx: actions.request_refund(tx, id))
    await _patiently(partial(send_refund, world, label.id))
    async with world.db.transaction(actor) as tx:
        return await store.get(tx, id)


async def send_refund(world: World, id: LabelId) -> None:
    """Ask for the money back, and later whether it came. Carriers take their time: it is asked daily."""

    async def ask(tx: Transaction) -> Label | None:
        before = await store.get(tx, id)
        return before if await store.claim(tx, id, LabelStatus.REFUND_REQUESTED) else None

    label = await world.db.run("worker", ask)
    if label is None:
        return
    assert label.quote_id is not None, "what is bought has one"
    carrier, quote = _carrier_named(world, label.sold_by), label.quote_id
    try:
        state = await carrier.refund_state(quote) if label.refund_asked_at is not None else None
        state = state or await carrier.refund(quote)
    except CarrierUnavailable:
        await world.db.run("worker", lambda tx: store.ask_again(tx, id, tx.now + SOON))
        raise
    except CarrierError as error:
        reason = error.detail
        await world.db.run("worker", lambda tx: actions.refuse_refund(tx, id, reason))
        return
    match state:
        case "refunded":
            await world.db.run("worker", lambda tx: actions.record_refunded(tx, id))
        case "rejected":
            await world.db.run("worker", lambda tx: actions.refuse_refund(tx, id, "The carrier rejected it."))
        case _:
            await world.db.run("worker", lambda tx: actions.record_refund_asked(tx, id, tx.now + DAILY))


async def ask_again(world: World) -> int:
    """Sweep: labels and refunds that nobody has answered for."""
    if world.carrier is None:
        return 0
    async with world.db.transaction("sweep") as tx:
        due = await store.due(tx, limit=LABELS_MAX)
    for id, status in due:
        send = send_label if status == LabelStatus.REQUESTED else send_refund
        await _patiently(partial(send, world, id))
    return len(due)


async def track_due(world: World) -> int:
    """Sweep: look for parcels whose carrier has not been asked for some time."""
    if world.carrier is None:
        return 0
    due = await world.db.run("sweep", lambda tx: store.claim_due(tx, limit=PARCELS_MAX))
    for id in due:
        await _patiently(partial(track, world, id, actor="sweep"))
    return len(due)


async def track(world: World, id: ShipmentId, *, actor: str) -> Shipment:
    """Ask the carrier where a parcel is, and act on it. Raises Conflict for one without a number."""
    carrier = world.require_carrier()
    async with world.db.transaction(actor) as tx:
        parcel, asked_at = await seller_orders.get_shipment(tx, id), tx.now
    if parcel.tracking_number is None:
        raise Conflict(f"{id} has no tracking number.")
    try:
        if parcel.followed_by == carrier.name and parcel.tracker_id is not None:
            seen = await carrier.tracking(parcel.tracker_id)
        else:
            seen = await carrier.follow(parcel.carrier, parcel.tracking_number)
    except CarrierUnavailable:
        await world.db.run(actor, lambda tx: store.look_again(tx, id, tx.now + SOON))
        raise
    except CarrierError as error:
        reason = error.detail
        await world.db.run(actor, lambda tx: actions.record_unknown(tx, id, reason, again_at=tx.now + LATER))
        raise
    return await world.db.run(actor, lambda tx: actions.record_tracking(tx, id, carrier.name, seen, asked_at=asked_at))


async def sync_tracker(world: World, company: str, tracker_id: str, *, actor: str, also: Also) -> None:
    """A carrier's event about one of its trackers: look at it, as the sweep does."""
    async with world.db.transaction(actor) as tx:
        id, asked_at = await store.find_by_tracker(tx, company, tracker_id), tx.now
    carrier = world.carrier
    if id is None or carrier is None or carrier.name != company:
        why = "its parcel is none of ours" if carrier is not None else "no carrier is set up here"
        await world.db.run(actor, lambda tx: also(tx, why))
        return
    seen = await carrier.tracking(tracker_id)
    shipment = id

    async def work(tx: Transaction) -> None:
        await actions.record_tracking(tx, shipment, company, seen, asked_at=asked_at)
        await also(tx, None)

    await world.db.run(actor, work)


def _carrier_named(world: World, name: str) -> Carrier:
    carrier = world.require_carrier()
    if carrier.name != name:
        raise Conflict(f"This label was asked for at {name}, and {carrier.name} is set up now.")
    return carrier


async def _patiently(ask: Callable[[], Awaitable[object]]) -> None:
    try:
        await ask()
    except DatabaseUnavailable:
        raise
    except CarrierError as error:
        log.warning("shipping.unanswered", error=error.code)
    except Exception:
        log.exception("shipping.failed")


def _place(address: Address) -> Place:
    return Place(**address.plain())
