"""Orders that wait for their money, and the deliveries that say it has come."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from benchmarks import event
from farthing import customers, orders, payments, webhooks
from farthing.db import Database, Transaction
from farthing.ids import NoticeId
from farthing.money import Money
from farthing.orders import NewLine, Order
from farthing.payments import Payment
from farthing.webhooks import Delivery
from farthing.world import World

_numbers = itertools.count(1)
LINE: Final = NewLine(
    product="guide",
    kind="access",
    name="The guide",
    quantity=1,
    unit=Money(event.AMOUNT, event.CURRENCY),
    features=("guide:pro",),
    access_days=None,
    metadata={},
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open order with its open payment, and what the provider will say about it."""

    order: Order
    payment: Payment
    intent: str
    delivery: Delivery


async def place(world: World, count: int) -> list[Waiting]:
    """Place so many orders, each of a buyer of its own."""
    async with world.db.transaction("bench") as tx:
        return [await _place(world, tx, next(_numbers)) for _ in range(count)]


async def deliver(world: World, waiting: Sequence[Waiting]) -> dict[str, NoticeId]:
    """Store the deliveries, all with one commit; the provider's id of each event and ours."""
    await webhooks.store(world.db, [one.delivery for one in waiting])
    async with world.db.transaction("bench") as tx:
        rows = await tx.all(
            lambda row: (str(row["provider_event_id"]), NoticeId.of(row["id"])),
            "SELECT id, provider_event_id FROM provider_events WHERE provider_event_id = ANY(%(ids)s)",
            ids=[one.delivery.notice.id for one in waiting],
        )
    return dict(rows)


async def unpaid(db: Database) -> int:
    """How many wait."""
    async with db.transaction("bench") as tx:
        return int(await tx.value("SELECT count(*) FROM orders WHERE status = 'open'"))


async def _place(world: World, tx: Transaction, number: int) -> Waiting:
    customer = await customers.remember(tx, external_id=f"buyer-{number}", email=f"buyer-{number}@example.com")
    order = await orders.place(
        tx,
        customer=customer.id,
        email=customer.email,
        lines=[LINE],
        total=LINE.unit,
        expires_at=tx.now + timedelta(hours=1),
        livemode=False,
        metadata={},
    )
    payment = await payments.open_payment(tx, order, world.provider.name)
    intent = f"pi_bench{number:012}"
    body = event.succeeded(f"evt_bench{number:012}", intent, str(payment.id))
    notice = world.provider.verify(body, event.signature(body), now=tx.now.timestamp())
    return Waiting(order, payment, intent, Delivery(world.provider.name, notice, body))
