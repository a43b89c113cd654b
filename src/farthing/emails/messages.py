"""What is written to a buyer, and when. Each function is a reaction to an event.

Repeating one is harmless: the message is stored under a key made of its kind and the event, and sent only while it waits.
"""

from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from farthing import customers, events, orders
from farthing.emails import store
from farthing.events import Event
from farthing.lifecycles import EmailStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.world import World

SUBJECTS: Final = {
    "order_confirmation": "Your order {number}",
    "refund_receipt": "Refund for your order {number}",
}


async def order_confirmation(world: World, event: Event) -> None:
    """To the buyer, once the order is paid."""
    await _tell(world, event, "order_confirmation")


async def refund_receipt(world: World, event: Event) -> None:
    """To the buyer, once money is on its way back. Surplus is told of too: somebody paid it."""
    refunded = event.data["amount"]
    await _tell(world, event, "refund_receipt", refunded=Money(refunded["amount"], refunded["currency"]))


async def _tell(world: World, event: Event, kind: str, **facts: Any) -> None:
    assert event.order_id is not None, f"{event.type} is about an order"
    async with world.db.transaction("worker") as tx:
        order = await orders.get(tx, event.order_id)
        recipient = order.email or (await customers.get(tx, order.customer_id)).email
        if recipient is None:
            return
        context = {"order": order, "shop": world.catalog.shop, **facts}
        email = await store.write(
            tx,
            key=f"{kind}:{event.id}",
            kind=kind,
            order=order.id,
            recipient=recipient,
            subject=SUBJECTS[kind].format(number=order.number),
            text=_render(f"{kind}.txt", context),
            html=_render(f"{kind}.html", context),
        )
    await _send(world, email, order)


async def _send(world: World, email: store.Email, order: Order) -> None:
    """Sent while it waits; a crash between sending and writing so sends it again, with the same Message-ID."""
    if email.status == EmailStatus.SENT:
        return
    await world.mailer.send(key=email.key, recipient=email.recipient, subject=email.subject, text=email.text, html=email.html)
    async with world.db.transaction("worker") as tx:
        if await store.mark_sent(tx, email):
            await events.record(tx, "email.sent", order=order.id, email=email.id, kind=email.kind)


def _render(name: str, context: dict[str, Any]) -> str:
    return _templates().get_template(name).render(context)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("farthing.emails"),
        # Only HTML is escaped: the text twin is read as it is.
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
