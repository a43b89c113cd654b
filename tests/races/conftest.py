"""A shop that may die at any boundary, what comes after, and how it should have ended."""

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.races.facts import Facts, facts, truth
from tests.races.flows import FLOWS, Case, learned
from tests.races.mortals import Life, Mortals, mortals
from tests.races.shop import CART, CARTS, HOST_TABLES, LEASES, Place, Shop, events_at, look, opened
from tests.races.snapshots import Snapshot, wait_for_the_dead
from tests.worlds import CARD, Sandbox, account, lone_sandbox, outbox, running_sandbox, settings, world

from farthing import customers
from farthing.clock import TravelClock
from farthing.db import Database
from farthing.http import keys
from farthing.invariants import check_all

__all__ = ["account", "lone_sandbox", "outbox", "settings", "world"]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The sandbox of these tests alone, for they move its clock a little."""
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def forking() -> Iterator[Mortals]:
    with mortals() as process:
        yield process


TOLD = ("refund", "refund_line", "dispute", "capture", "spend")
"""Flows of which we know before they begin that the order is paid."""

UNTOUCHED = ("settle", "settle_everything")
"""Flows that change nothing at the provider."""


@dataclass(frozen=True)
class Ended:
    """How a case stands at its end."""

    facts: Facts
    truth: Facts
    violations: list[str]


@dataclass
class Harness:
    """One database that is put back for every case, and processes that die in it."""

    mortals: Mortals
    connection: "psycopg.Connection[Any]"
    place: Place
    post: Path
    empty: Snapshot
    _ready: dict[str, tuple[Snapshot, Place, Case]] = field(default_factory=dict)

    async def prepare(self, flow: str) -> tuple[Place, Case]:
        """The moment before the flow. Where the flow changes nothing at the provider, one purchase serves all cases."""
        if flow in self._ready:
            snapshot, place, case = self._ready[flow]
            snapshot.restore()
            return self._with_post_office(place), case
        self.empty.restore()
        place, case = self._with_post_office(replace(self.place, key=f"sk_test_{uuid.uuid4().hex}")), Case(flow)
        if flow == "charge":
            async with opened(place) as shop:
                await saved(shop)
        elif flow != "check_out":
            async with opened(place) as shop:
                case = await (begun(shop, case) if flow == "cancel" else bought(shop, case, told=flow in TOLD))
                if flow == "dispute":
                    await disputed(shop)
        if flow in UNTOUCHED:
            self._ready[flow] = (Snapshot(self.connection), place, case)
        return place, case

    def live(self, place: Place, case: Case, **how: Any) -> Life:
        life = self.mortals.live(place, case, **how)
        wait_for_the_dead(self.connection)
        return life

    async def recover(self, place: Place, case: Case, life: Life, *, at_once: bool = False, deaths: int = 1) -> Ended:
        """Let the next process take it up, and look at what has become of everything."""
        clock = TravelClock()
        clock.advance(LEASES * (deaths - 1))
        async with opened(place, clock) as shop:
            await FLOWS["recover_at_once" if at_once else "recover"](shop, learned(case, life.said), lambda _: None)
            async with shop.world.db.transaction("test") as tx:
                violations = [f"{broken.rule.name}: {broken.rows}" for broken in await check_all(tx)]
        return Ended(facts(self.connection), truth(place), violations)

    async def clean(self, flow: str) -> tuple[Ended, int]:
        """How it should end, and how many boundaries there are on the way."""
        place, case = await self.prepare(flow)
        life = self.live(place, case)
        ended = await self.recover(place, case, life)
        assert ended.violations == []
        return ended, life.passed

    def _with_post_office(self, place: Place) -> Place:
        return replace(place, post=str(self.post / uuid.uuid4().hex))


@pytest.fixture
async def harness(dsn: str, db: Database, sandbox: Sandbox, forking: Mortals, tmp_path: Path) -> AsyncIterator[Harness]:
    async with db.transaction("test") as tx:
        _, secret = await keys.create(tx, "the shop's server", livemode=False)
    await db.close()
    with psycopg.connect(dsn, autocommit=True, options="-c search_path=farthing,public") as connection:
        connection.execute(HOST_TABLES.encode())
        place = Place(dsn, f"sk_test_{uuid.uuid4().hex}", sandbox.url, "", secret)
        yield Harness(forking, connection, place, tmp_path, Snapshot(connection))


async def begun(shop: Shop, case: Case) -> Case:
    """A page is open, and nobody has paid."""
    answer = await shop.post("/v1/checkout/sessions", CARTS.get(case.flow, CART), "the one purchase")
    assert answer.status_code == 201, answer.text
    return replace(case, order=answer.json()["order"])


async def saved(shop: Shop) -> None:
    """Ada has a card that pays by default, and is away."""
    world = shop.world
    ada = await world.db.run("test", lambda tx: customers.remember(tx, external_id="ada", email="ada@example.com"))
    there = await customers.at_provider(world, ada.id, actor="test")
    (await shop.outside.post("/v1/payment_methods/pm_card_visa/attach", data={"customer": there})).raise_for_status()
    await customers.sync_methods(world, ada.id, actor="test")


async def disputed(shop: Shop) -> None:
    """The buyer of the one purchase goes to the bank."""
    (charge,) = look(shop.place, "/v1/charges")["data"]
    (await shop.outside.post(f"/_sandbox/charges/{charge['id']}/dispute", json={})).raise_for_status()


async def bought(shop: Shop, case: Case, *, told: bool, card: str = CARD, declined_first: str | None = None) -> Case:
    """A purchase that is paid at the provider; `told` of it, we have settled it."""
    answer = await shop.post("/v1/checkout/sessions", CARTS.get(case.flow, CART), "the one purchase")
    assert answer.status_code == 201, answer.text
    session = answer.json()["url"].rsplit("/", 1)[-1]
    if declined_first:
        assert (await shop.pay(session, declined_first)).status_code == 402
    assert (await shop.pay(session, card)).status_code == 200
    # The fee is known a moment later.
    (await shop.outside.post("/_sandbox/clock/advance", json={"seconds": 0.25})).raise_for_status()
    case = replace(case, order=answer.json()["order"])
    if told:
        said: list[str] = []
        await shop.deliver_all(events_at(shop.place), said.append)
        await shop.work()
        case = learned(case, said)
    return case
