"""Everything that may happen at the same moment, at the same moment: what is one stays one, and nobody gets too much."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.races.conftest import Harness, bought
from tests.races.facts import TABLES, Facts, differences, facts, truth
from tests.races.rounds import ROUNDS
from tests.races.shop import CART, Place, Shop, events_at, look, opened
from tests.races.snapshots import Snapshot
from tests.whole import sized

from farthing import checkout, disputes, jobs, payments, refunds, webhooks
from farthing.catalog import RefundPolicy
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import OrderId
from farthing.invariants import check_all
from farthing.money import Money
from farthing.providers.stripe.webhook import WATCHED
from farthing.worker import TASKS

pytestmark = pytest.mark.timeout(600)  # a crowded machine takes its time

FEW_ROUNDS = sized(8, 4)
"""Where a round is dear: more than putting back a snapshot, and a handful of transactions."""

DELIVERIES = 10


@dataclass(frozen=True)
class Open:
    """A shop with one purchase in it."""

    harness: Harness
    shop: Shop
    order: OrderId
    session: str

    def facts(self) -> Facts:
        return facts(self.harness.connection, TABLES)

    async def status(self) -> str:
        answer = await self.shop.client.get(f"/v1/orders/{self.order}", headers=self.credentials)
        return str(answer.json()["status"])

    @property
    def credentials(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.shop.place.secret}"}

    async def refund(self, amount: int | None, key: str) -> httpx.Response:
        body = {} if amount is None else {"amount": {"amount": amount, "currency": "eur"}}
        return await self.shop.post(f"/v1/orders/{self.order}/refunds", body, key)

    async def sound(self) -> None:
        async with self.shop.world.db.transaction("test") as tx:
            assert await check_all(tx) == []
            assert (await jobs.counts(tx)).dead == 0


@pytest.fixture
async def unpaid(harness: Harness) -> AsyncIterator[Open]:
    """A page is open, and nobody has paid."""
    place, _ = await harness.prepare("check_out")
    async with opened(place) as shop:
        answer = (await shop.post("/v1/checkout/sessions", CART, "the one purchase")).json()
        yield Open(harness, shop, OrderId.parse(answer["order"]), answer["url"].rsplit("/", 1)[-1])


@pytest.fixture
async def paid(harness: Harness) -> AsyncIterator[Open]:
    """The buyer has paid at the provider, and we have heard nothing yet."""
    place, case = await harness.prepare("check_out")
    async with opened(place) as shop:
        case = await bought(shop, case, told=False)
        session = look(place, "/v1/checkout/sessions")["data"][0]["id"]
        yield Open(harness, shop, OrderId.parse(case.order), session)


async def settled(open_: Open) -> Facts:
    """How it ends when one thing happens after the other."""
    await open_.shop.deliver_all(news(open_.shop.place))
    await open_.shop.work()
    return open_.facts()


def news(place: Place) -> list[dict[str, Any]]:
    return [event for event in events_at(place) if event["type"] in WATCHED]


async def drain(shop: Shop) -> None:
    while await webhooks.drain(shop.world):
        pass


@pytest.mark.covers("F37", "F38", "F90", "S000-40")
async def test_ten_deliveries_of_every_event_at_once_are_one(paid: Open) -> None:
    before = Snapshot(paid.harness.connection)
    expected = await settled(paid)
    for _ in range(FEW_ROUNDS):
        before.restore()
        deliveries = [paid.shop.deliver(event) for event in news(paid.shop.place) for _ in range(DELIVERIES)]
        workers = [drain(paid.shop) for _ in range(4)]
        answers = await asyncio.gather(*deliveries, *workers)
        assert [answer for answer in answers if answer is not None] == [200] * len(deliveries)
        await paid.shop.work()
        assert differences(expected, paid.facts()) == []
        async with paid.shop.world.db.transaction("test") as tx:
            assert await webhooks.counts(tx) == {"processed": 3}
    await paid.sound()


@pytest.mark.covers("F39")
async def test_return_page_webhook_and_operator_at_once_are_one(paid: Open) -> None:
    before = Snapshot(paid.harness.connection)
    expected = await settled(paid)
    for _ in range(FEW_ROUNDS):
        before.restore()
        await paid.shop.deliver_all(news(paid.shop.place))
        looks = [
            *(paid.shop.client.get("/checkout/return", params={"session_id": paid.session}) for _ in range(3)),
            *(drain(paid.shop) for _ in range(2)),
            *(checkout.sync_order(paid.shop.world, paid.order, actor="cli") for _ in range(2)),
        ]
        came_back = await asyncio.gather(*looks)
        assert [answer.status_code for answer in came_back if isinstance(answer, httpx.Response)] == [303] * 3
        await paid.shop.work()
        assert differences(expected, paid.facts()) == []
    await paid.sound()


async def test_refunds_at_once_never_exceed_what_was_paid(paid: Open) -> None:
    await settled(paid)
    answers = await asyncio.gather(*(paid.refund(2000, f"clerk {clerk}") for clerk in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 6
    await paid.shop.work()
    assert truth(paid.shop.place)["refunds"] == ["succeeded 2000 eur"] * 2
    assert await paid.status() == "paid"
    await paid.sound()


async def test_our_refund_and_one_in_the_dashboard_at_once_end_at_what_was_paid(paid: Open) -> None:
    """Ours is promised, theirs is made first: ours is refused, taken back, and theirs is in the books."""
    await settled(paid)
    assert (await paid.refund(3000, "ours")).status_code == 201
    payment = look(paid.shop.place, "/v1/payment_intents")["data"][0]["id"]
    made = await paid.shop.outside.post("/v1/refunds", data={"payment_intent": payment, "amount": "4000"})
    assert made.status_code == 200
    for _ in range(3):
        await paid.shop.deliver_all(news(paid.shop.place))
        await paid.shop.work()
        paid.shop.clock.advance(timedelta(minutes=2))
    assert truth(paid.shop.place)["refunds"] == ["succeeded 4000 eur"]
    shown = (await paid.shop.client.get(f"/v1/orders/{paid.order}", headers=paid.credentials)).json()
    assert sorted((refund["status"], refund["amount"]["amount"]) for refund in shown["refunds"]) == [
        ("failed", 3000),
        ("succeeded", 4000),
    ]
    await paid.sound()


@pytest.mark.covers("F17", "F41")
async def test_a_dispute_that_opens_and_closes_while_a_refund_is_asked_for_takes_the_money_once(paid: Open) -> None:
    await settled(paid)
    payment = look(paid.shop.place, "/v1/payment_intents")["data"][0]
    complaint = await paid.shop.outside.post(f"/_sandbox/charges/{payment['latest_charge']}/dispute", json={})
    await paid.shop.outside.post(f"/_sandbox/disputes/{complaint.json()['id']}/decide", json={"outcome": "lost"})
    events = [event for event in news(paid.shop.place) if event["type"].startswith("charge.dispute.")]
    assert len(events) == 3
    before, ends = Snapshot(paid.harness.connection), set()
    for round_ in range(ROUNDS):
        before.restore()

        async def refund(round_: int = round_) -> int:
            await asyncio.sleep(0.002 * (round_ % 10))
            return (await paid.refund(None, f"round {round_}")).status_code

        told = random.Random(round_).sample(events, 3)
        deliveries = [paid.shop.deliver(event) for event in told]
        code, *_ = await asyncio.gather(refund(), *deliveries, drain(paid.shop), drain(paid.shop))
        await drain(paid.shop)
        # At the provider the bank was first: a refund that was promised is refused there, and taken back.
        await paid.shop.work()
        async with paid.shop.world.db.transaction("test") as tx:
            (found,) = await payments.of_order(tx, paid.order)
            (dispute,) = await disputes.of_order(tx, paid.order)
        ends.add((code, found.refunding_amount, found.refunded_amount, found.withheld_amount, dispute.lost_amount))
    assert ends <= {(201, 0, 0, 4900, 4900), (409, 0, 0, 4900, 4900)}
    assert truth(paid.shop.place)["refunds"] == []
    await paid.sound()


@pytest.mark.covers("F33", "S003-26")
async def test_equal_requests_with_one_key_are_one_order(harness: Harness) -> None:
    place, _ = await harness.prepare("check_out")
    async with opened(place) as shop:

        async def race(key: str) -> None:
            answers = await asyncio.gather(*(shop.post("/v1/checkout/sessions", CART, key) for _ in range(4)))
            codes = [answer.status_code for answer in answers]
            assert set(codes) <= {201, 409}, codes
            assert 201 in codes
            again = await shop.post("/v1/checkout/sessions", CART, key)
            urls = {answer.json()["url"] for answer in [*answers, again] if answer.status_code == 201}
            assert len(urls) == 1

        for round_ in range(ROUNDS):
            await race(f"click {round_}")
        async with shop.world.db.transaction("test") as tx:
            assert await tx.value("SELECT count(*) FROM orders") == ROUNDS
            assert await check_all(tx) == []
    assert truth(place)["sessions"] == ["open unpaid 4900"] * ROUNDS


async def test_what_was_paid_before_it_was_canceled_is_paid(paid: Open) -> None:
    with pytest.raises(Conflict):
        await checkout.cancel_order(paid.shop.world, paid.order, actor="clerk")
    assert await paid.status() == "paid"
    expected = await settled(paid)
    assert len(expected["entitlements"]) == 1
    await paid.sound()


async def test_what_was_canceled_before_it_was_paid_cannot_be_paid(unpaid: Open) -> None:
    await checkout.cancel_order(unpaid.shop.world, unpaid.order, actor="clerk")
    assert (await unpaid.shop.pay(unpaid.session)).status_code == 400
    assert await unpaid.status() == "canceled"
    assert truth(unpaid.shop.place)["charges"] == []
    await unpaid.sound()


@pytest.mark.covers("F40")
async def test_canceling_and_paying_at_once_is_one_of_them(harness: Harness) -> None:
    ends = set()
    for round_ in range(FEW_ROUNDS):
        place, _ = await harness.prepare("check_out")
        async with opened(place) as shop:
            answer = (await shop.post("/v1/checkout/sessions", CART, "the one purchase")).json()
            order, session = OrderId.parse(answer["order"]), answer["url"].rsplit("/", 1)[-1]
            one = Open(harness, shop, order, session)

            async def cancel(shop: Shop = shop, order: OrderId = order, pause: float = 0.032 * round_ / FEW_ROUNDS) -> None:
                await asyncio.sleep(pause)
                await checkout.cancel_order(shop.world, order, actor="clerk")

            paid, canceled = await asyncio.gather(shop.pay(session), cancel(), return_exceptions=True)
            assert isinstance(paid, httpx.Response)
            assert isinstance(canceled, Conflict) == (paid.status_code == 200)
            await shop.deliver_all(news(place))
            await shop.work()
            ends.add((paid.status_code, await one.status(), len(truth(place)["charges"]), len(truth(place)["refunds"])))
            await one.sound()
    assert ends <= {(200, "paid", 1, 0), (400, "canceled", 0, 0)}


async def test_a_page_paid_in_its_last_moment_is_paid_not_expired(paid: Open) -> None:
    paid.shop.clock.advance(timedelta(hours=2))
    await asyncio.gather(checkout.close_due(paid.shop.world), checkout.close_due(paid.shop.world))
    assert await paid.status() == "paid"
    await settled(paid)
    await paid.sound()


async def test_a_page_whose_time_is_over_expires_and_cannot_be_paid(unpaid: Open) -> None:
    unpaid.shop.clock.advance(timedelta(hours=2))
    await asyncio.gather(checkout.close_due(unpaid.shop.world), checkout.close_due(unpaid.shop.world))
    assert await unpaid.status() == "expired"
    assert (await unpaid.shop.pay(unpaid.session)).status_code == 400
    await unpaid.shop.deliver_all(news(unpaid.shop.place))
    await unpaid.shop.work()
    assert truth(unpaid.shop.place)["charges"] == []
    await unpaid.sound()


@pytest.mark.covers("F43")
async def test_two_drains_of_the_jobs_at_once_tell_everybody_once(paid: Open) -> None:
    before = Snapshot(paid.harness.connection)
    expected = await settled(paid)
    before.restore()
    await paid.shop.deliver_all(news(paid.shop.place))
    await drain(paid.shop)
    world = paid.shop.world
    await asyncio.gather(*(jobs.drain(world.db, world, TASKS, ignore_delays=True) for _ in range(3)))
    await paid.shop.work()
    assert differences(expected, paid.facts()) == []


async def test_approvals_and_a_refund_at_once_give_back_once(paid: Open) -> None:
    """Two people approve one request while a third refunds the order: exactly one of them gives the money back."""
    await settled(paid)
    before = Snapshot(paid.harness.connection)
    world, policy = paid.shop.world, RefundPolicy()
    everything = refunds.Wanted(Money(4900, "eur"))

    def approve(request: refunds.RefundRequest, person: str) -> Awaitable[object]:
        return world.db.run(person, lambda tx: refunds.approve(tx, request.id, role="support", policy=policy))

    def ask() -> Awaitable[refunds.RefundRequest]:
        async def work(tx: Transaction) -> refunds.RefundRequest:
            return await refunds.request(
                tx, paid.order, everything, reason="duplicate", message=None, policy=policy, by_buyer=True
            )

        return world.db.run("customer:ada", work)

    for round_ in range(ROUNDS):
        before.restore()
        asked = await asyncio.gather(ask(), ask(), return_exceptions=True)
        (request,) = [each for each in asked if isinstance(each, refunds.RefundRequest)]
        ways = [approve(request, "staff:1"), approve(request, "staff:2"), paid.refund(None, f"round {round_}")]
        ended = await asyncio.gather(*ways, return_exceptions=True)
        won = [each for each in ended if isinstance(each, refunds.RefundRequest) or getattr(each, "status_code", 0) == 201]
        assert len(won) == 1, ended
        assert len(paid.facts()["refunds"]) == 1
    await paid.sound()
