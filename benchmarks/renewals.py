"""A renewal wave: thousands of subscriptions renew at once, and somebody asks for access while webhooks and a worker absorb it.

Most pay. One in ten has a card that declines by now, and keeps access for the days of grace; one in ten ends with its period.
"""

import asyncio
import http.client
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Literal

from benchmarks import settle, shop
from benchmarks.ingest import serving
from benchmarks.line import Line
from benchmarks.sandbox_server import KEY, Server, sandbox
from farthing import catalog, customers, entitlements, reconcile, subscriptions, worker
from farthing.clock import TravelClock
from farthing.db import Database, Transaction
from farthing.emails import MailboxMailer
from farthing.jobs import Worker
from farthing.providers.stripe import WATCHED, Stripe
from farthing.world import World

TARGET: Final = 0.01
"""Of the bare settle loop, which asks no provider: a renewal is looked up there with its invoices, several times."""

PLANTED_AT_ONCE: Final = 1_000
LOOKED_AT_ONCE: Final = 6
ASK_EVERY: Final = 0.002
LOOK_EVERY: Final = 0.1
SECONDS_MAX: Final = 3_600
FEATURE: Final = "reports"
PLANS: Final = """
    currency = "eur"
    [subscriptions]
    grace_days = {grace}
    [products.pro]
    name = "Pro"
    kind = "plan"
    features = ["reports"]
    [products.pro.plan.prices.monthly]
    price = "20.00 EUR"
    interval = "month"
"""
LEFT_OUT: Final = "nightly reconciliation"
"""A night would fall in the middle of it, for the clock is moved by a month."""

Kind = Literal["pays", "is late", "leaves"]


@dataclass(frozen=True, slots=True)
class Subscriber:
    name: str
    kind: Kind
    customer: str
    """cus_…"""
    subscription: str
    """sub_…"""


@dataclass(slots=True)
class Asked:
    """What was answered to whoever asked for access."""

    times: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Wave:
    seconds: float
    invoices: int
    asked: Asked


def measure(dsn: str, *, subscribers: int, orders: int) -> Iterator[Line]:
    loop = asyncio.run(settle.bare_loop(dsn, orders))
    wave = asyncio.run(ride(dsn, subscribers=subscribers))
    yield Line(
        what=f"Renewal wave: {wave.invoices:,} renewals of {subscribers:,} subscribers absorbed by webhooks and one worker",
        unit="invoices/s",
        ours=[wave.invoices / wave.seconds],
        floor=[loop],
        rule="at least",
        target=TARGET,
        note="orders/s of the bare settle loop, which never asks a provider",
    )
    yield Line(
        what=f"Renewal wave: wrong answers of {wave.asked.times:,} to whoever asked for access meanwhile",
        unit="answers",
        ours=[wave.asked.wrong],
        floor=[0],
        rule="at most",
        target=0,
        of_floor=False,
        note="paid, or in the days of grace, and nobody else",
    )


async def ride(dsn: str, *, subscribers: int, grace: int = 7) -> Wave:
    """The wave from the moment in which all periods end to the last invoice absorbed."""
    with sandbox() as server:
        async with _world(dsn, server, grace) as world:
            await catalog.apply(world)
            people = await _subscribed(world, server, subscribers)
            with serving("farthing", dsn, lambda port: [_endpoint(server, port)]) as door:
                await asyncio.to_thread(_answers, door)
                return await _wave(world, server, people)


async def _wave(world: World, server: Server, people: list[Subscriber]) -> Wave:
    first, last = await _periods_end(world)
    await _travel(world, server, first - timedelta(minutes=1))
    asked = Asked()
    async with _working(world), _asking(world, people, last, asked):
        while not asked.times:
            await asyncio.sleep(ASK_EVERY)
        began = time.perf_counter()
        await _travel(world, server, last + timedelta(hours=2))
        wanted = {"pays": "active", "is late": "past_due", "leaves": "canceled"}
        await _absorbed(world, {wanted[each.kind]: sum(one.kind == each.kind for one in people) for each in people})
        seconds = time.perf_counter() - began
    # Nobody waits any more for the money of those who are late.
    _clock(world).advance(timedelta(days=8))
    for each in people:
        await _ask(world, each, last, asked)
    return Wave(seconds, sum(each.kind != "leaves" for each in people), asked)


def expected(kind: Kind, now: datetime, end: datetime) -> bool:
    """Whether somebody may come in, when all periods end between a minute after the beginning and `end`."""
    if kind == "pays" or now < end - timedelta(hours=1):
        return True
    return kind == "is late" and now < end + timedelta(days=7)


async def _ask(world: World, each: Subscriber, end: datetime, asked: Asked) -> None:
    before = expected(each.kind, world.clock.now(), end)
    may = await entitlements.check(world.db, each.name, FEATURE)
    if before == expected(each.kind, world.clock.now(), end):  # else the clock was moved in between
        asked.times += 1
        asked.wrong += may != before


@asynccontextmanager
async def _asking(world: World, people: list[Subscriber], end: datetime, asked: Asked) -> AsyncIterator[None]:
    async def ask_on() -> None:
        while True:
            await _ask(world, random.choice(people), end, asked)
            await asyncio.sleep(ASK_EVERY)

    asking = asyncio.create_task(ask_on())
    try:
        yield
        assert not asking.done(), asking
    finally:
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking


@asynccontextmanager
async def _working(world: World) -> AsyncIterator[None]:
    stop = asyncio.Event()
    sweeps = [each for each in worker.SWEEPS if each.name != LEFT_OUT]
    running = asyncio.create_task(Worker(world.db.dsn, world, worker.TASKS, sweeps).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def _absorbed(world: World, wanted: Mapping[str, int]) -> None:
    """Until every subscription is as it must be after its renewal, and each that was paid has its invoice in the books."""
    async with asyncio.timeout(SECONDS_MAX):
        while await _standing(world) != (wanted, wanted["active"]):
            await asyncio.sleep(LOOK_EVERY)


async def _standing(world: World) -> tuple[Mapping[str, int], int]:
    async with world.db.transaction("bench") as tx:
        found = await tx.all(
            lambda row: (str(row["status"]), int(row["rows"])),
            "SELECT status, count(*) AS rows FROM subscriptions GROUP BY status",
        )
        paid = await tx.value("SELECT count(*) FROM invoices WHERE billing_reason = 'subscription_cycle' AND status = 'paid'")
    return dict(found), int(paid)


async def _travel(world: World, server: Server, to: datetime) -> None:
    """Ours at once, theirs as fast as it can do all that falls due on the way."""
    ahead = to - world.clock.now()
    _clock(world).advance(ahead)
    await asyncio.to_thread(partial(server.control, "/clock/set", to=to.timestamp()))


def _clock(world: World) -> TravelClock:
    assert isinstance(world.clock, TravelClock)
    return world.clock


async def _periods_end(world: World) -> tuple[datetime, datetime]:
    async with world.db.transaction("bench") as tx:
        first: datetime = await tx.value("SELECT min(current_period_end) FROM subscriptions")
        last: datetime = await tx.value("SELECT max(current_period_end) FROM subscriptions")
    assert last - first < timedelta(minutes=50), "they begin together"
    return first, last


# Before the wave.


@asynccontextmanager
async def _world(dsn: str, server: Server, grace: int) -> AsyncIterator[World]:
    base = f"http://127.0.0.1:{server.port}"
    settings = shop.settings(dsn).model_copy(update={"stripe_api_base": base})
    provider = Stripe(KEY, livemode=False, webhook_secrets=["whsec_never_asked"], base=base)
    db = Database(dsn, clock=TravelClock())
    await db.open()
    try:
        yield World(settings, db, provider, catalog.parse(PLANS.format(grace=grace)), MailboxMailer())
    finally:
        await db.close()
        await provider.close()


async def _subscribed(world: World, server: Server, count: int) -> list[Subscriber]:
    """So many subscribe at the provider, and we have looked at each of them."""
    plan = world.catalog.products["pro"].plan
    assert plan is not None
    async with world.db.transaction("bench") as tx:
        price = await catalog.plan_price_id(tx, "stripe", "pro", plan.price("monthly"), "eur", livemode=False)
    assert price is not None
    people: list[Subscriber] = []
    for at in range(0, count, PLANTED_AT_ONCE):
        people += _planted(server, price, range(at, min(at + PLANTED_AT_ONCE, count)))
    await world.db.run("bench", partial(_remember, people=people))
    gate = asyncio.Semaphore(LOOKED_AT_ONCE)

    async def look(each: Subscriber) -> None:
        async with gate:
            await subscriptions.sync(world, each.subscription, actor="bench")

    await asyncio.gather(*map(look, people))
    await reconcile.sweep_due(world)
    async with world.db.transaction("bench") as tx:
        await tx.run("UPDATE event_cursors SET read_until = %(now)s + interval '20 minutes'", now=tx.now)
    return people


def _planted(server: Server, price: str, numbers: range) -> list[Subscriber]:
    objects: list[dict[str, object]] = []
    for n in numbers:
        kind = _kind(n)
        item = {"items": [{"price": price}], "cancel_at_period_end": kind == "leaves"}
        objects += [
            {"post": "/v1/customers", "as": f"c{n}", "params": {"email": f"user-{n}@example.com"}},
            {"post": "/v1/payment_methods/pm_card_visa/attach", "as": f"m{n}", "params": {"customer": f"$c{n}"}},
            {
                "post": "/v1/subscriptions",
                "as": f"s{n}",
                "params": {"customer": f"$c{n}", "default_payment_method": f"$m{n}", **item},
            },
        ]
        if kind == "is late":
            other = "/v1/payment_methods/pm_card_chargeCustomerFail/attach"
            objects += [
                {"post": other, "as": f"f{n}", "params": {"customer": f"$c{n}"}},
                {"post": f"/v1/subscriptions/$s{n}", "params": {"default_payment_method": f"$f{n}"}},
            ]
    ids = server.control("/seed", key=KEY, objects=objects)["objects"]
    return [Subscriber(f"user-{n}", _kind(n), ids[f"c{n}"], ids[f"s{n}"]) for n in numbers]


def _kind(number: int) -> Kind:
    return "is late" if number % 10 == 3 else "leaves" if number % 10 == 7 else "pays"


async def _remember(tx: Transaction, people: list[Subscriber]) -> None:
    for each in people:
        person = await customers.remember(tx, external_id=each.name, email=f"{each.name}@example.com")
        await tx.run(
            """
            INSERT INTO provider_customers (customer_id, provider, livemode, provider_customer_id, created_at)
            VALUES (%(person)s, 'stripe', false, %(theirs)s, %(now)s)
            """,
            person=person.id,
            theirs=each.customer,
            now=tx.now,
        )


def _answers(port: int) -> None:
    """Until the door is open."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    wire.request("GET", "/webhooks/stripe")
    wire.getresponse()
    wire.close()


def _endpoint(server: Server, port: int) -> str:
    """Register our door there; what its deliveries are signed with."""
    fields = {f"enabled_events[{n}]": name for n, name in enumerate(WATCHED)}
    made = server.ask("POST", "/v1/webhook_endpoints", url=f"http://127.0.0.1:{port}/webhooks/stripe", **fields)
    return str(made["secret"])
