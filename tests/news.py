"""What goes on by itself in a running shop, done at once: deliveries arrive and are acted on, jobs run."""

from collections.abc import Iterable
from typing import Any

from tests.boards import board_day
from tests.worlds import Account, buy, signed, start

from farthing import checkout, disputes, invariants, jobs, orders, payments, refunds, webhooks, worker
from farthing.catalog import CartItem
from farthing.ids import OrderId, PaymentId
from farthing.jobs import Drained
from farthing.lifecycles import DisputeStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.webhooks import Delivery
from farthing.world import World


async def tell(world: World, events: Iterable[dict[str, Any]]) -> None:
    """Store events of the provider, as the door does."""
    deliveries = []
    for event in events:
        now = world.clock.now().timestamp()
        body, signature = signed(event, at=int(now))
        notice = world.provider.verify(body, signature, now=now)
        deliveries.append(Delivery(world.provider.name, notice, body))
    await webhooks.store(world.db, deliveries)


async def hear(world: World, account: Account, type: str | None = None) -> None:
    """Deliver what happened at the provider, and act on it."""
    await tell(world, await account.events(type))
    while await webhooks.drain(world):
        pass


async def work(world: World) -> Drained:
    """Run every job that is due, and those that wait for their next try."""
    return await jobs.drain(world.db, world, worker.TASKS, ignore_delays=True)


async def read(world: World, id: OrderId) -> Order:
    async with world.db.transaction("test") as tx:
        return await orders.get(tx, id)


async def happened(world: World, order: OrderId | None = None) -> list[str]:
    """The types of all recorded events, oldest first."""
    async with world.db.transaction("test") as tx:
        return await tx.all(
            lambda row: str(row["type"]),
            "SELECT type FROM events WHERE %(order)s::uuid IS NULL OR order_id = %(order)s ORDER BY sequence",
            order=order,
        )


async def sound(world: World) -> bool:
    """Whether all that must always be true is true."""
    async with world.db.transaction("test") as tx:
        broken = await invariants.check_all(tx)
    assert [(each.rule.name, each.rows) for each in broken] == []
    return True


async def count(world: World, table: str) -> int:
    assert table.isidentifier()
    async with world.db.transaction("test") as tx:
        row = await (await tx.connection.execute(f"SELECT count(*) AS rows FROM {table}")).fetchone()
    assert row is not None
    return int(row["rows"])


async def paid_beside(account: Account, payment: PaymentId, amount: int = 4900, currency: str = "eur") -> str:
    """Money that comes in by another way with the mark of one of our payments; returns the provider's id of it."""
    form = {
        "amount": str(amount),
        "currency": currency,
        "payment_method": "pm_card_visa",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        "confirm": "true",
        "metadata[farthing_payment]": str(payment),
    }
    answer = await account.http.post("/v1/payment_intents", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def busy(world: World, account: Account) -> None:
    """A shop in which there is some of everything."""
    await buy(world, account)
    await buy(world, account, CartItem("mug", 2), CartItem("club"), save_method=True)
    await buy(world, account, CartItem("article", content="abc-123"), CartItem("ebook"))
    part, whole, twice = await buy(world, account), await buy(world, account), await buy(world, account)
    await start(world)
    await buy(world, account, CartItem("mug", 3), code="welcome10")
    await start(world, code="ONLY1")
    await board_day(world, account)
    async with world.db.transaction("test") as tx:
        await payments.refund_order(tx, part.id, Money(100, "eur"), reason="requested_by_customer", note=None)
        policy = world.catalog.refunds
        asked = await refunds.request(
            tx, whole.id, refunds.Wanted(), reason="duplicate", message=None, policy=policy, by_buyer=False
        )
        await refunds.approve(tx, asked.id, role="server", policy=policy)
        (payment,) = await payments.of_order(tx, twice.id)
    await payments.sync(world, await paid_beside(account, payment.id), actor="test")
    await work(world)
    await hear(world, account)
    await checkout.charge(world, external_id="ada", items=[CartItem("mug")], actor="test")
    await hear(world, account)
    for outcome in ("", "lost", "won"):
        dispute = await _complaint(world, account, await buy(world, account))
        if outcome:
            await account.decide(dispute, outcome)
    await _complaint(world, account, await buy(world, account), kind="inquiry")
    await _complaint(world, account, await buy(world, account), kind="fraud_warning")
    await hear(world, account)
    async with world.db.transaction("test") as tx:
        (waiting,) = (await disputes.list_page(tx, limit=10, status=DisputeStatus.NEEDS_RESPONSE)).items
        await disputes.save_evidence(tx, world.catalog, waiting.id, {"uncategorized_text": "It was delivered."})


async def _complaint(world: World, account: Account, order: Order, **fields: Any) -> str:
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, order.id)
    return str((await account.complain(str(payment.provider_payment_id), **fields))["id"])
