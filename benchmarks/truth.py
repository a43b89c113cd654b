"""Reconciling and replaying: how much longer than the provider's list pages alone, and that memory does not grow with it.

Memory is the growth of this process while it runs, after a first run that loads and warms everything.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Final

from benchmarks import event, orders, shop
from benchmarks.line import Line
from benchmarks.orders import Waiting
from benchmarks.sandbox_server import KEY, PURCHASE, Server, sandbox
from farthing import payments, reconcile, webhooks
from farthing.db import Database
from farthing.emails import MailboxMailer
from farthing.providers.stripe import Stripe
from farthing.webhooks import Choice
from farthing.world import World

TARGET: Final = 1.3
GROWTH_MIB: Final = 16
BATCH: Final = 500


def measure(dsn: str, *, rounds: int, objects: int) -> list[Line]:
    with sandbox() as server:
        return asyncio.run(_measure(dsn, server, rounds, objects))


async def _measure(dsn: str, server: Server, rounds: int, objects: int) -> list[Line]:
    async with _world(dsn, f"http://127.0.0.1:{server.port}") as world:
        await _fill(world, server, objects)
        assert await _reconcile(world) == objects, "every object is ours, and none differs"
        ours, floor, growth = list[float](), list[float](), list[float]()
        for _ in range(rounds):
            floor.append(await _seconds_of_pages(world))
            with _memory(growth):
                began = time.perf_counter()
                await _reconcile(world)
                ours.append(time.perf_counter() - began)
        replayed = list[float]()
        await _replay(world)
        with _memory(replayed):
            count = await _replay(world)
        assert count == objects, "every event is acted on again"
    note = "none: the figure is held against the target itself"
    return [
        Line(f"Reconcile {objects} objects, nothing differs", "s", ours, floor, "at most", TARGET, note="the list pages alone"),
        *(
            Line(what, "MiB", figures, [GROWTH_MIB] * len(figures), "at most", GROWTH_MIB, note=note, of_floor=False)
            for what, figures in (
                (f"Reconcile {objects} objects: growth of memory", growth),
                (f"Replay {objects} events: growth of memory", replayed),
            )
        ),
    ]


@asynccontextmanager
async def _world(dsn: str, url: str) -> AsyncIterator[World]:
    db, provider = Database(dsn), Stripe(KEY, livemode=False, webhook_secrets=[event.SECRET], base=url)
    await db.open()
    try:
        yield World(shop.settings(dsn), db, provider, shop.CATALOG, MailboxMailer())
    finally:
        await db.close()
        await provider.close()


async def _fill(world: World, server: Server, objects: int) -> None:
    """Orders that were paid there, and recorded here from the very lists that are compared later."""
    left = objects
    while left:
        count = min(left, BATCH)
        waiting = await orders.place(world, count)
        intents = {_paid_there(server, one): one for one in waiting}
        await webhooks.store(world.db, [_about(one, intent) for intent, one in intents.items()])
        left -= count
    async for page in world.provider.list_payments():
        for listed in page:
            await payments.sync(world, listed.seen.id, actor="bench", seen=listed.seen)
    async with world.db.transaction("bench") as tx:
        await tx.run("UPDATE provider_events SET status = 'processed', finished_at = now()")
        # As autovacuum has it soon after: these rows are seconds old.
        await tx.run("ANALYZE")


def _paid_there(server: Server, one: Waiting) -> str:
    total, marked = one.order.total, {"metadata[farthing_payment]": str(one.payment.id)}
    form = {**PURCHASE, **marked, "amount": total.amount, "currency": total.currency}
    return str(server.ask("POST", "/v1/payment_intents", None, **form)["id"])


def _about(one: Waiting, intent: str) -> webhooks.Delivery:
    return replace(one.delivery, notice=replace(one.delivery.notice, subject_id=intent))


async def _reconcile(world: World) -> int:
    provider = world.provider
    id = await world.db.run("bench", lambda tx: reconcile.start(tx, provider.name, provider.livemode, since=None, heals=False))
    done = await reconcile.run(world, id)
    assert done.left_open == 0, "what was recorded from the list does not differ from it"
    return done.compared


async def _seconds_of_pages(world: World) -> float:
    """All pages of all lists, one after the other, and nothing done with them."""
    provider = world.provider
    began = time.perf_counter()
    for pages in (
        provider.list_payments(),
        provider.list_refunds(),
        provider.list_checkouts(),
        provider.list_disputes(),
        provider.list_movements(),
    ):
        async for _ in pages:
            pass
    return time.perf_counter() - began


async def _replay(world: World) -> int:
    count = 0
    async for page in webhooks.chosen(world.db, Choice(), actor="bench"):
        async with world.db.transaction("bench") as tx:
            count += await webhooks.replay(tx, [notice.id for notice in page])
    async with world.db.transaction("bench") as tx:
        await tx.run("UPDATE provider_events SET status = 'processed', finished_at = now()")
    return count


@dataclass(slots=True)
class _Peak:
    mib: float = 0


@contextmanager
def _memory(growth: list[float]) -> Iterator[None]:
    """The most that this process has taken more than at the beginning, looked at all the while."""
    gc.collect()
    before = _rss_mib()
    watching = asyncio.create_task(_watch(peak := _Peak()))
    try:
        yield
    finally:
        watching.cancel()
    growth.append(max(0.0, max(peak.mib, _rss_mib()) - before))


async def _watch(peak: _Peak) -> None:
    while True:
        peak.mib = max(peak.mib, _rss_mib())
        await asyncio.sleep(0.05)


def _rss_mib() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - read many times a second
        return int(statm.read().split()[1]) * 4096 / 2**20
