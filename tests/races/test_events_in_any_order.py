"""The events of one purchase, in every order, twice, replayed or lost: the end is always the same.

The purchase has a decline, a payment, and a refund that somebody made in the provider's dashboard. An event only says where to
look, so it cannot matter when it says so.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from tests.races.conftest import Harness, bought
from tests.races.facts import TABLES, Facts, differences, facts
from tests.races.shop import Place, Shop, events_at, opened
from tests.races.snapshots import Snapshot
from tests.whole import sized
from tests.worlds import DECLINED_CARD

from farthing import checkout, webhooks
from farthing.ids import NoticeId, OrderId
from farthing.invariants import check_all
from farthing.providers.stripe.webhook import WATCHED

pytestmark = pytest.mark.timeout(600)  # a crowded machine takes its time

CHUNKS = 4
EACH = sized(1, 4)
"""Of the orders that there are."""

REFUND = "refund.created"

Event = dict[str, Any]


@dataclass(frozen=True)
class Purchase:
    """A purchase that is over at the provider, and of which we have heard nothing."""

    harness: Harness
    place: Place
    order: OrderId
    before: Snapshot
    events: list[Event]
    """Those that something follows from."""

    def facts(self) -> Facts:
        return facts(self.harness.connection, TABLES)


@pytest.fixture
async def purchase(harness: Harness) -> Purchase:
    place, case = await harness.prepare("check_out")
    async with opened(place) as shop:
        case = await bought(shop, case, told=False, declined_first=DECLINED_CARD)
        [payment] = {event["data"]["object"]["id"] for event in events_at(place) if event["type"] == "payment_intent.succeeded"}
        [charge] = [event for event in events_at(place) if event["type"] == "charge.succeeded"]
        money = charge["data"]["object"]["amount"]
        await give_back(shop, payment, money)
    told = [event for event in events_at(place) if event["type"] in WATCHED]
    return Purchase(harness, place, OrderId.parse(case.order), Snapshot(harness.connection), told)


async def give_back(shop: Shop, payment: str, amount: int) -> None:
    """What a person does in the dashboard: nothing of ours knows of it."""
    form = {"payment_intent": payment, "amount": str(amount)}
    answer = await shop.outside.post("/v1/refunds", data=form)
    assert answer.status_code == 200, answer.text


async def hear(shop: Shop, events: Sequence[Event]) -> None:
    """One after the other, each acted on before the next one comes."""
    for event in events:
        assert await shop.deliver(event) == 200
        while await webhooks.drain(shop.world):
            pass


async def told_in_order(purchase: Purchase) -> Facts:
    purchase.before.restore()
    async with opened(purchase.place) as shop:
        await hear(shop, purchase.events)
        await shop.work()
    return purchase.facts()


async def check(purchase: Purchase, shop: Shop, expected: Facts, where: str) -> None:
    assert differences(expected, purchase.facts()) == [], where
    async with shop.world.db.transaction("test") as tx:
        assert await check_all(tx) == [], where
        assert set(await webhooks.counts(tx)) <= {"processed"}, where


def described(events: Sequence[Event]) -> str:
    return " → ".join(event["type"] for event in events)


async def test_the_purchase_is_all_there(purchase: Purchase) -> None:
    assert sorted(event["type"] for event in purchase.events) == [
        "charge.updated",
        "checkout.session.completed",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
        REFUND,
    ]
    end = await told_in_order(purchase)
    assert [row for row in end["orders"] if '"status": "refunded"' in row] == end["orders"]
    assert (len(end["entitlements"]), len(end["refunds"]), len(end["emails"]), len(end["ledger_transactions"])) == (1, 1, 2, 4)


@pytest.mark.covers("F36", "F91", "F92")
@pytest.mark.parametrize("chunk", range(CHUNKS))
async def test_every_order_of_the_events_ends_the_same(purchase: Purchase, chunk: int) -> None:
    expected = await told_in_order(purchase)
    orders = list(permutations(purchase.events))
    assert len(orders) == 120
    async with opened(purchase.place) as shop:
        for events in orders[chunk :: CHUNKS * EACH]:
            purchase.before.restore()
            await hear(shop, events)
            await shop.work()
            await check(purchase, shop, expected, described(events))


@pytest.mark.covers("S000-53", "F90")
@pytest.mark.parametrize("seed", range(CHUNKS))
async def test_events_that_come_twice_and_are_replayed_change_nothing(purchase: Purchase, seed: int) -> None:
    expected = await told_in_order(purchase)
    dice = random.Random(seed)
    async with opened(purchase.place) as shop:
        for _ in range(sized(10, 3)):
            purchase.before.restore()
            events = dice.choices(purchase.events, k=3) + dice.sample(purchase.events, 5) + dice.choices(purchase.events, k=3)
            await hear(shop, events)
            await replay_everything(shop)
            await shop.work()
            await check(purchase, shop, expected, f"seed {seed}: {described(events)}")


async def replay_everything(shop: Shop) -> None:
    async with shop.world.db.transaction("test") as tx:
        ids = await tx.all(lambda row: NoticeId.of(row["id"]), "SELECT id FROM provider_events")
        assert await webhooks.replay(tx, ids) == 5


@pytest.mark.covers("F93")
@pytest.mark.parametrize("seed", range(CHUNKS))
async def test_lost_events_are_made_up_for_by_the_sweeps(purchase: Purchase, seed: int) -> None:
    """Of the refund that nobody here asked for, only its event can tell; all else is found without any."""
    expected = await told_in_order(purchase)
    dice = random.Random(seed)
    for _ in range(sized(5, 2)):
        purchase.before.restore()
        events = [event for event in dice.sample(purchase.events, 5) if event["type"] == REFUND or dice.random() < 0.4]
        async with opened(purchase.place) as shop:
            await hear(shop, events)
            await shop.work()
            await let_time_pass(shop)
            await check(purchase, shop, expected, f"seed {seed}: {described(events)}")


async def let_time_pass(shop: Shop) -> None:
    """The page's hour is over; then the time is over in which the fee should have been told."""
    for minutes in (61, 11):
        shop.clock.advance(timedelta(minutes=minutes))
        await shop.work()


async def test_a_look_at_the_order_makes_up_for_every_event(purchase: Purchase) -> None:
    expected = await told_in_order(purchase)
    purchase.before.restore()
    async with opened(purchase.place) as shop:
        await checkout.sync_order(shop.world, purchase.order, actor="cli")
        await shop.work()
        await check(purchase, shop, expected, "nothing was told")
