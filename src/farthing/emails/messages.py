"""What is written to a buyer, and when. Each function is a reaction to an event.

Repeating one is harmless: the message is stored under a key made of its kind and the event, and sent only while it waits.
"""

from datetime import datetime
from typing import Any

from farthing import checkout, customers, events, orders, payments, seller_orders
from farthing.db import Transaction
from farthing.emails import store, words
from farthing.events import Event
from farthing.lifecycles import EmailStatus, OrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Payment
from farthing.world import World


async def order_confirmation(world: World, event: Event) -> None:
    """To the buyer, once the order is paid; with the link by which they see how it goes, where something is sent."""
    assert event.order_id is not None, f"{event.type} is about an order"
    async with world.db.transaction("worker") as tx:
        parts = await seller_orders.of_order(tx, event.order_id)
        order = await orders.get(tx, event.order_id)
    progress = checkout.progress_url(world.settings, order, world.clock.now()) if parts else None
    await _tell(world, event, "order_confirmation", progress=progress)


async def receipt(world: World, event: Event) -> None:
    """To the buyer, once the order is paid, in shops that want a receipt beside the confirmation."""
    if not world.catalog.emails.receipt:
        return
    payment = await _settling(world, event)
    if payment is None or payment.received is None or payment.succeeded_at is None:
        return
    card = f"{payment.card_brand or ''} •••• {payment.card_last4}".strip() if payment.card_last4 else None
    await _tell(world, event, "receipt", received=payment.received, paid_at=payment.succeeded_at, card=card)


async def refund_receipt(world: World, event: Event) -> None:
    """To the buyer, once money is on its way back. Surplus is told of too: somebody paid it."""
    refunded = event.data["amount"]
    await _tell(world, event, "refund_receipt", refunded=Money(refunded["amount"], refunded["currency"]))


async def payment_failed(world: World, event: Event) -> None:
    """To a buyer who was not there when the bank said no; one at the payment page has read it there."""
    if event.data.get("away"):
        await _tell(world, event, "payment_failed", link=await _link(world, event))


async def charge_declined(world: World, event: Event) -> None:
    """To a buyer whose saved method was charged while they were away, and said no. Not where nobody was asked."""
    if event.data["code"] != checkout.NOBODY_ASKED:
        await _tell(world, event, "payment_failed", link=await _link(world, event))


async def action_required(world: World, event: Event) -> None:
    """To the buyer whom the bank wants to see, with the link by which they pay; not once the order is paid or over."""
    link = await _link(world, event)
    if link is not None:
        await _tell(world, event, "action_required", link=link)


async def expiry_reminder(world: World, event: Event) -> None:
    """To the buyer, some days before what they bought ends."""
    ends_at = datetime.fromisoformat(event.data["ends_at"])
    name, link = event.data["name"], world.settings.base_url
    await _tell(world, event, "expiry_reminder", ends_at=ends_at, name=name, link=link)


async def _settling(world: World, event: Event) -> Payment | None:
    assert event.order_id is not None, f"{event.type} is about an order"
    async with world.db.transaction("worker") as tx:
        return next((payment for payment in await payments.of_order(tx, event.order_id) if payment.settles), None)


async def _link(world: World, event: Event) -> str | None:
    """Where the order is paid; None where it is not to be paid any more. Made now: events hold none."""
    assert event.order_id is not None, f"{event.type} is about an order"
    async with world.db.transaction("worker") as tx:
        order = await orders.get(tx, event.order_id)
    is_open = order.status == OrderStatus.OPEN and world.clock.now() < order.expires_at
    return checkout.recovery_url(world.settings, order) if is_open else None


async def _tell(world: World, event: Event, kind: str, **facts: Any) -> None:
    assert event.order_id is not None, f"{event.type} is about an order"
    if kind in world.catalog.emails.off:
        return
    async with world.db.transaction("worker") as tx:
        order = await orders.get(tx, event.order_id)
        email = await _written(world, tx, order, kind, f"{kind}:{event.id}", facts)
    if email is not None:
        await _send(world, email, order)


async def _written(
    world: World, tx: Transaction, order: Order, kind: str, key: str, facts: dict[str, Any]
) -> store.Email | None:
    recipient = order.email or (await customers.get(tx, order.customer_id)).email
    if recipient is None:
        return None
    folder, shop = world.settings.emails, world.catalog.shop
    locale = words.chosen(order.locale or shop.locale, folder)
    letter = words.compose(kind, {"order": order, "shop": shop, **facts}, locale=locale, folder=folder)
    return await store.write(tx, key=key, kind=kind, order=order.id, recipient=recipient, locale=locale, letter=letter)


async def _send(world: World, email: store.Email, order: Order) -> None:
    """Sent while it waits; a crash between sending and writing so sends it again, with the same Message-ID."""
    if email.status == EmailStatus.SENT:
        return
    await world.mailer.send(key=email.key, recipient=email.recipient, subject=email.subject, text=email.text, html=email.html)
    async with world.db.transaction("worker") as tx:
        if await store.mark_sent(tx, email):
            await events.record(tx, "email.sent", order=order.id, email=email.id, kind=email.kind)
