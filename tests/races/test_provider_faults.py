"""A provider that fails on every call in every way: one charge, one refund, and the same end as on a good day."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
import stripe
from tests.races.conftest import Harness, bought
from tests.races.facts import TABLES, differences, facts, truth
from tests.races.shop import CART, Shop, events_at, opened
from tests.whole import WHOLE
from tests.worlds import Sandbox

from farthing import jobs
from farthing.invariants import check_all
from farthing.worker import TASKS

pytestmark = pytest.mark.timeout(600)  # a crowded machine takes its time

KINDS = ["lost_response", "500_before", "500_after", "429", "409_in_use", "reset_before", "timeout"]
CALLS = [("POST", "/v1/checkout/sessions"), ("POST", "/v1/refunds"), ("GET", "/v1/[!e]*")]
"""The last is every look at an object; what the provider tells by itself is not among the faults."""

RETRIED_AWAY, ALL = 1, 5
"""Once, so that the library repeats it unseen; or often, so that we have to."""

TRIES_MAX = 12


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library waits half a second and more before it repeats: here it need not."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.01)


async def purchase(shop: Shop, order_fault: Callable[[str], Awaitable[None]]) -> None:
    """From the cart to the whole money back, by people who try again until it works."""
    await order_fault("start")
    started = await persistently(shop, lambda: shop.post("/v1/checkout/sessions", CART, "the one purchase"))
    session = started.json()["url"].rsplit("/", 1)[-1]
    assert (await shop.pay(session)).status_code == 200
    (await shop.outside.post("/_sandbox/clock/advance", json={"seconds": 0.25})).raise_for_status()
    await order_fault("settle")
    await told_until_it_is_over(shop)
    await order_fault("refund")
    path = f"/v1/orders/{started.json()['order']}/refunds"
    await persistently(shop, lambda: shop.post(path, {}, "the one refund"))
    await told_until_it_is_over(shop)


async def persistently(shop: Shop, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    for _ in range(TRIES_MAX):
        answer = await ask()
        if answer.status_code == 201:
            return answer
        assert answer.status_code == 503, answer.text
        shop.clock.advance(timedelta(seconds=5))
    raise AssertionError("the provider never answered")


async def told_until_it_is_over(shop: Shop) -> None:
    for _ in range(TRIES_MAX):
        await shop.deliver_all(events_at(shop.place))
        await shop.work()
        shop.clock.advance(timedelta(seconds=20))
        async with shop.world.db.transaction("test") as tx:
            if await tx.value("SELECT count(*) FROM provider_events WHERE status = 'received'") == 0:
                return
    raise AssertionError("events are still waiting")


async def undisturbed(_: str) -> None:
    """A good day."""


@pytest.mark.covers("F82", "F85", "F86", "F87", "F89")
@pytest.mark.parametrize("times", [RETRIED_AWAY, ALL])
@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_the_provider_does_it_is_one_charge_and_one_refund(kind: str, times: int, harness: Harness) -> None:
    place, _ = await harness.prepare("check_out")
    async with opened(place) as shop:
        await purchase(shop, undisturbed)
    expected = facts(harness.connection, TABLES), truth(place)
    one = (KINDS.index(kind) + times) % len(CALLS)
    for method, path in CALLS if WHOLE else CALLS[one : one + 1]:
        place, _ = await harness.prepare("check_out")
        async with opened(place) as shop:
            outside = shop.outside

            async def fail(when: str, method: str = method, path: str = path, outside: httpx.AsyncClient = outside) -> None:
                fault = {"kind": kind, "method": method, "path": path, "times": times, "seconds": 0.1}
                if when == {"/v1/checkout/sessions": "start", "/v1/refunds": "refund"}.get(path, when):
                    (await outside.post("/_sandbox/faults", json=fault)).raise_for_status()

            await purchase(shop, fail)
            await outside.delete("/_sandbox/faults")
            where = f"{kind} x {times} on {method} {path}"
            assert differences(expected[0], facts(harness.connection, TABLES)) == [], where
            assert differences(expected[1], truth(place)) == [], where
            async with shop.world.db.transaction("test") as tx:
                assert await check_all(tx) == [], where


@pytest.mark.covers("F88")
async def test_a_lost_answer_to_a_refund_is_found_again_after_the_key_was_forgotten(
    harness: Harness, lone_sandbox: Sandbox
) -> None:
    """The worker was away for a day: asking blindly would give the money back twice."""
    place, case = await harness.prepare("check_out")
    place = replace(place, url=lone_sandbox.url)
    async with opened(place) as shop:
        case = await bought(shop, case, told=True)
        await lose_every_answer(shop, "/v1/refunds")
        assert (await shop.post(f"/v1/orders/{case.order}/refunds", {}, "the one refund")).status_code == 201
        assert truth(place)["refunds"] == []
        await one_try(shop)
        await shop.outside.delete("/_sandbox/faults")
        assert truth(place)["refunds"] == ["succeeded 4900 eur"]
        (await shop.outside.post("/_sandbox/clock/advance", json={"seconds": 25 * 3600})).raise_for_status()
        shop.clock.advance(timedelta(hours=25))
        await shop.work()
        assert truth(place)["refunds"] == ["succeeded 4900 eur"]
        async with shop.world.db.transaction("test") as tx:
            assert await tx.value("SELECT status FROM refunds") == "succeeded"
            assert await check_all(tx) == []


async def lose_every_answer(shop: Shop, path: str) -> None:
    fault = {"kind": "lost_response", "method": "POST", "path": path, "times": 20}
    (await shop.outside.post("/_sandbox/faults", json=fault)).raise_for_status()


async def one_try(shop: Shop) -> None:
    """The job runs until its first failure, as it would with a pause before the next try."""
    drained = await jobs.drain(shop.world.db, shop.world, TASKS)
    assert drained.again == 1
