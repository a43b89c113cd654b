"""What is written in a marketplace, and when: to sellers about what they sold and earn, to buyers about their parcels.

Each function is a reaction to an event, and may run twice: the message is stored under a key made of its kind and the fact, and
sent only while it waits. A seller is told where to send something, and never how it was paid.
"""

from datetime import datetime
from typing import Any, Final

from farthing import addresses, checkout, customers, events, orders, returns, seller_orders, sellers
from farthing.db import Transaction
from farthing.emails import store, words
from farthing.events import Event
from farthing.ids import Id, ReturnId, SellerId, SellerOrderId, ShipmentId
from farthing.lifecycles import EmailStatus, ReturnStatus, SellerOrderStatus
from farthing.money import Money
from farthing.sellers import Seller
from farthing.world import World

OWN: Final = frozenset({"now", "late", "soon"})
"""Urgencies of what the seller can do something about."""

Told = tuple[str, str | None, dict[str, Any]]
"""To whom, in which language, and the facts."""


async def sale(world: World, event: Event) -> None:
    """To a seller whose part of an order is paid: what is to be sent, and where."""
    await _to_seller_of(world, event, "sale")


async def sale_canceled(world: World, event: Event) -> None:
    """To a seller: nothing of it is to be sent any more."""
    await _to_seller_of(world, event, "sale_canceled")


async def shipped(world: World, event: Event) -> None:
    """To the buyer, once for each parcel that left: what is in it, and where it can be seen on its way."""
    await _about_parcel(world, event, "shipped")


async def delivered(world: World, event: Event) -> None:
    """To the buyer, once a parcel has arrived."""
    await _about_parcel(world, event, "delivered")


async def parcel_returned(world: World, event: Event) -> None:
    """To the buyer: a parcel could not be delivered, and went back to whoever sent it."""
    await _about_parcel(world, event, "parcel_returned")


async def sale_reduced(world: World, event: Event) -> None:
    """To a seller of whose part somebody else called off some; where it was all of it, `sale_canceled` says so."""

    async def told(tx: Transaction) -> Told | None:
        part = await seller_orders.get(tx, SellerOrderId.parse(event.data["seller_order"]))
        if part.seller_id is None or part.status == SellerOrderStatus.CANCELED or event.data["party"] == "seller":
            return None
        facts = {"number": part.number, "lines": _lines(event)}
        return _seller(world, await sellers.get(tx, part.seller_id), f"/seller/orders/{part.id}", **facts)

    await _tell(world, event, "sale_reduced", event.id, told)


async def return_requested(world: World, event: Event) -> None:
    """To a seller who is to decide; what the policy approves at once they hear of when it comes."""

    async def told(tx: Transaction) -> Told | None:
        back = await returns.get(tx, ReturnId.parse(event.data["return"]))
        part = await seller_orders.get(tx, back.seller_order_id)
        if part.seller_id is None or back.status != ReturnStatus.REQUESTED:
            return None
        facts = {"number": back.number, "order": part.number, "lines": _lines(event)}
        return _seller(world, await sellers.get(tx, part.seller_id), f"/seller/orders/{part.id}", **facts)

    await _tell(world, event, "return_requested", event.id, told)


async def return_decided(world: World, event: Event) -> None:
    """To the buyer: it may be sent, and until when, or it may not, and why."""
    await _about_return(world, event, "return_decided")


async def return_received(world: World, event: Event) -> None:
    """To the buyer, once what they sent back has arrived."""
    if event.data.get("shipment") is None:
        await _about_return(world, event, "return_received")


async def payout_sent(world: World, event: Event) -> None:
    """To a seller, once money is on its way to their bank."""
    arrives = event.data.get("arrives_at")
    facts = {"last4": event.data.get("last4"), "arrives": datetime.fromisoformat(arrives) if arrives else None}
    await _about_payout(world, event, "payout_sent", **facts)


async def payout_failed(world: World, event: Event) -> None:
    """To a seller whose bank did not take it, or sent it back."""
    await _about_payout(world, event, "payout_failed")


async def transfer_sent(world: World, event: Event) -> None:
    """To a seller, once what they earned with an order is in their account."""
    await _about_transfer(world, event, "transfer_sent", event.id)


async def transfer_failed(world: World, event: Event) -> None:
    """To a seller, once for each order: it is tried again by itself every hour, and one message says so."""
    await _about_transfer(world, event, "transfer_failed", SellerOrderId.parse(event.data["seller_order"]))


async def seller_action(world: World, event: Event) -> None:
    """To a seller who has been through onboarding, when something is asked of them: what, and until when."""

    async def told(tx: Transaction) -> Told | None:
        seller = await sellers.get(tx, SellerId.parse(event.data["seller"]))
        reasons = [reason for reason in sellers.reasons_of(seller) if reason.urgency in OWN]
        if not reasons or not seller.details_submitted:
            return None
        stopped = not (seller.charges_enabled and seller.payouts_enabled)
        return _seller(world, seller, "/seller", reasons=reasons, stopped=stopped)

    await _tell(world, event, "seller_action", event.id, told)


async def _to_seller_of(world: World, event: Event, kind: str) -> None:
    """What the shop itself sells, it sees in its admin."""

    async def told(tx: Transaction) -> Told | None:
        part = await seller_orders.get(tx, SellerOrderId.parse(event.data["seller_order"]))
        if part.seller_id is None:
            return None
        address = await addresses.find(tx, part.order_id)
        seller = await sellers.get(tx, part.seller_id)
        lines = [(line.quantity, line.name) for line in part.lines]
        to = addresses.written(address) if address else []
        return _seller(world, seller, f"/seller/orders/{part.id}", number=part.number, lines=lines, to=to)

    await _tell(world, event, kind, event.id, told)


async def _about_parcel(world: World, event: Event, kind: str) -> None:
    async def told(tx: Transaction) -> Told | None:
        assert event.order_id is not None, f"{event.type} is about an order"
        order = await orders.get(tx, event.order_id)
        recipient = order.email or (await customers.get(tx, order.customer_id)).email
        if recipient is None:
            return None
        parcel = await seller_orders.get_shipment(tx, ShipmentId.parse(event.data["shipment"]))
        part = await seller_orders.get(tx, parcel.seller_order_id)
        names = {line.line_id: line.name for line in part.lines}
        seller = None if part.seller_id is None else await sellers.get(tx, part.seller_id)
        facts = {
            "number": order.number,
            "seller": world.catalog.shop.name if seller is None else seller.name or world.catalog.shop.name,
            "lines": [(count, names[line]) for line, count in parcel.lines],
            "carrier": parcel.carrier,
            "tracking_number": parcel.tracking_number,
            "tracking_url": parcel.tracking_url,
            "link": checkout.progress_url(world.settings, order, world.clock.now()),
        }
        return recipient, order.locale, facts

    await _tell(world, event, kind, ShipmentId.parse(event.data["shipment"]), told)


async def _about_return(world: World, event: Event, kind: str) -> None:
    async def told(tx: Transaction) -> Told | None:
        assert event.order_id is not None, f"{event.type} is about an order"
        order = await orders.get(tx, event.order_id)
        recipient = order.email or (await customers.get(tx, order.customer_id)).email
        if recipient is None:
            return None
        back = await returns.get(tx, ReturnId.parse(event.data["return"]))
        facts = {
            "number": back.number,
            "lines": _lines(event),
            "approved": event.type == "return.approved",
            "note": back.note,
            "until": back.send_before,
            "link": checkout.progress_url(world.settings, order, world.clock.now()),
        }
        return recipient, order.locale, facts

    await _tell(world, event, kind, event.id, told)


async def _about_payout(world: World, event: Event, kind: str, **facts: Any) -> None:
    async def told(tx: Transaction) -> Told | None:
        seller = await sellers.get(tx, SellerId.parse(event.data["seller"]))
        amount = Money(event.data["amount"]["amount"], event.data["amount"]["currency"])
        return _seller(world, seller, "/seller/payouts", amount=amount, **facts)

    await _tell(world, event, kind, event.id, told)


def _lines(event: Event) -> list[tuple[int, str]]:
    return [(line["quantity"], line["name"]) for line in event.data["line_items"]]


async def _about_transfer(world: World, event: Event, kind: str, once: Id) -> None:
    async def told(tx: Transaction) -> Told | None:
        seller = await sellers.get(tx, SellerId.parse(event.data["seller"]))
        part = await seller_orders.get(tx, SellerOrderId.parse(event.data["seller_order"]))
        amount = Money(event.data["amount"]["amount"], event.data["amount"]["currency"])
        return _seller(world, seller, "/seller/balance", number=part.number, amount=amount)

    await _tell(world, event, kind, once, told)


def _seller(world: World, seller: Seller, path: str, **facts: Any) -> Told | None:
    """None for one who told no address. They sign in for what the link shows."""
    return None if seller.email is None else (seller.email, None, {"link": world.settings.base_url + path, **facts})


async def _tell(world: World, event: Event, kind: str, once: Id, told: Any) -> None:
    if kind in world.catalog.emails.off:
        return
    key = f"{kind}:{once}"
    async with world.db.transaction("worker") as tx:
        email = await store.find(tx, key)
        if email is None and (found := await told(tx)) is not None:
            recipient, language, facts = found
            shop, folder = world.catalog.shop, world.settings.emails
            locale = words.chosen(language or shop.locale, folder)
            letter = words.compose(kind, {"shop": shop, **facts}, locale=locale, folder=folder)
            email = await store.write(
                tx, key=key, kind=kind, order=event.order_id, recipient=recipient, locale=locale, letter=letter
            )
    if email is None or email.status == EmailStatus.SENT:
        return
    await world.mailer.send(key=key, recipient=email.recipient, subject=email.subject, text=email.text, html=email.html)
    async with world.db.transaction("worker") as tx:
        if await store.mark_sent(tx, email):
            await events.record(tx, "email.sent", order=event.order_id, email=email.id, kind=kind)
