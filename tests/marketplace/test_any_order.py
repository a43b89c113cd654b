"""Whatever happens to an order and in whatever order: its money, its stock and its shares stay right to the unit."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_one_payment_many_sellers import parts, usd
from tests.marketplace.test_paying_sellers import settle, time_passes, transfers
from tests.news import read, sound
from tests.whole import sized
from tests.worlds import buy

from farthing import cancellations, inventory, payments, returns, seller_orders
from farthing.catalog import ReturnPolicy
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid
from farthing.lifecycles import ReturnStatus, ShipmentStatus
from farthing.orders import Order
from farthing.payments import WantedLine
from farthing.returns import Asked, Found

ORDERS, STEPS = sized(6, 3), 40
NAMES = ("cancel", "ship", "move", "take_in", "ask", "decide", "receive", "refund")
POLICIES = [ReturnPolicy(restocking_basis_points=points, refund_at="receipt") for points in (0, 1234)]
POLICIES.append(ReturnPolicy(refund_at="approval", auto_approve=True))

Step = Callable[[Transaction], Awaitable[object]]


class Chance:
    """One order, and what may happen to it next."""

    def __init__(self, market: Market, order: Order, number: int) -> None:
        self.market, self.order, self.dice = market, order, random.Random(number)
        self.policy = POLICIES[number % len(POLICIES)]
        self.done: Counter[str] = Counter()

    async def step(self, *names: str) -> None:
        name = self.dice.choice(names or NAMES)
        try:
            await self.market.do(getattr(self, name))
            self.done[name] += 1
        except (Conflict, Invalid, Forbidden):
            self.done[f"no {name}"] += 1

    async def come_to_rest(self, tx: Transaction) -> None:
        """All that can be sent has arrived, and nothing is on its way back."""
        (part,) = await seller_orders.of_order(tx, self.order.id)
        if any(line.to_ship for line in part.lines):
            await seller_orders.ship(tx, part.id, carrier="dhl")
        for parcel in await seller_orders.shipments_of(tx, part.id):
            if parcel.closed_at is None:
                await seller_orders.move_shipment(tx, parcel.id, "deliver")
            elif parcel.status == ShipmentStatus.RETURNED and parcel.settled_at is None:
                await returns.receive_parcel(tx, parcel.id)
        for back in await returns.of_order(tx, self.order.id):
            if back.status == ReturnStatus.REQUESTED:
                await returns.decline(tx, back.id, note="no")
            elif back.status == ReturnStatus.APPROVED:
                await returns.receive(tx, back.id)

    async def cancel(self, tx: Transaction) -> None:
        (part,) = await seller_orders.of_order(tx, self.order.id)
        line = self.dice.choice(part.lines)
        some = [(line.line_id, self.dice.randint(1, 2))]
        await cancellations.cancel(tx, part.id, some, party="buyer", policy=self.policy)

    async def ship(self, tx: Transaction) -> None:
        (part,) = await seller_orders.of_order(tx, self.order.id)
        line = self.dice.choice(part.lines)
        await seller_orders.ship(tx, part.id, [(line.line_id, self.dice.randint(1, 2))], carrier="dhl")

    async def move(self, tx: Transaction) -> None:
        (part,) = await seller_orders.of_order(tx, self.order.id)
        parcels = [each for each in await seller_orders.shipments_of(tx, part.id) if each.closed_at is None]
        if parcels:
            await seller_orders.move_shipment(
                tx, self.dice.choice(parcels).id, self.dice.choice(["deliver", "deliver", "deliver", "return"])
            )

    async def take_in(self, tx: Transaction) -> None:
        (part,) = await seller_orders.of_order(tx, self.order.id)
        parcels = [each for each in await seller_orders.shipments_of(tx, part.id) if each.status == ShipmentStatus.RETURNED]
        if parcels:
            await returns.receive_parcel(tx, self.dice.choice(parcels).id)

    async def ask(self, tx: Transaction) -> None:
        (part,) = await seller_orders.of_order(tx, self.order.id)
        line = self.dice.choice(part.lines)
        why = self.dice.choice(["changed_mind", "damaged"])
        asked = [Asked(line.line_id, self.dice.randint(1, 3), why)]  # type: ignore[arg-type]
        await returns.request(tx, part.id, asked, policy=self.policy)

    async def decide(self, tx: Transaction) -> None:
        waiting = [b for b in await returns.of_order(tx, self.order.id) if b.status == ReturnStatus.REQUESTED]
        if waiting:
            back = self.dice.choice(waiting)
            if self.dice.random() < 0.8:
                await returns.approve(tx, back.id, policy=self.policy)
            else:
                await returns.decline(tx, back.id, note="no")

    async def receive(self, tx: Transaction) -> None:
        waiting = [b for b in await returns.of_order(tx, self.order.id) if b.status == ReturnStatus.APPROVED]
        if waiting:
            back = self.dice.choice(waiting)
            came = [self.dice.randint(0, line.quantity) for line in back.lines]
            bad = [self.dice.randint(0, count) for count in came]
            found = [Found(line.line, c - b, b) for line, c, b in zip(back.lines, came, bad, strict=True)]
            await returns.receive(tx, back.id, found)

    async def refund(self, tx: Transaction) -> None:
        line = self.dice.choice(self.order.lines)
        some = WantedLine(line.id, amount=usd(self.dice.randint(1, 400)))
        one = WantedLine(line.id, quantity=1)
        await payments.refund_order(
            tx,
            self.order.id,
            None,
            reason="requested_by_customer",
            note=None,
            lines=[self.dice.choice([some, some, one])],
        )


@pytest.mark.covers("S004-2", "S004-22")
@pytest.mark.timeout(600)
async def test_whatever_happens_to_an_order_everything_stays_right_to_the_unit(market: Market) -> None:
    lamp, vase = (
        await market.lists(market.grace, "lamp", 1999, stock=50),
        await market.lists(market.grace, "vase", 501, stock=50),
    )
    done: Counter[str] = Counter()
    for number in range(ORDERS):
        order = await buy(market.world, market.account, of(lamp, 5), of(vase, 3))
        chance = Chance(market, order, number)
        for at in range(STEPS):
            await chance.step()
            if at % 10 == 9:
                await settle(market)
        await market.do(chance.come_to_rest)
        await time_passes(market, 3)
        await settle(market)
        assert await sound(market.world)
        for _ in range(STEPS // 2):
            await chance.step("ask", "decide", "receive", "refund")
        await settle(market)
        assert await sound(market.world)
        done += chance.done
        (part,) = await parts(market, order)
        lines = {line.line_id: line for line in part.lines}
        found = await market.do(lambda tx, order=order: payments.standings(tx, order))  # type: ignore[misc]
        for standing in found:
            line = lines[standing.line.id]
            assert 0 <= standing.left <= standing.total
            if line.canceled == line.quantity:
                assert standing.left == 0, "nothing of it was ever sent, and all of it is paid back"
        assert (await read(market.world, order.id)).total == usd(5 * 1999 + 3 * 501)
    for listing, sold in ((lamp, 5 * ORDERS), (vase, 3 * ORDERS)):
        page = await market.do(lambda tx, sku=listing.stock: inventory.movements(tx, sku, before=None, limit=100))  # type: ignore[misc]
        assert -sum(each.quantity for each in page.items if each.kind == "sold") == sold
    assert any(each.reversed for each in await transfers(market, market.grace)), "what was paid out was taken back, too"
    assert all(done[name] for name in NAMES), done
