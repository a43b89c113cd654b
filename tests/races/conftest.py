"""A shop that may die at any boundary, what comes after, and how it should have ended."""

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.marketplace.test_paying_sellers import AVAILABLE_AT_ONCE
from tests.races.facts import Facts, facts, truth
from tests.races.flows import FLOWS, Case, learned
from tests.races.mortals import Life, Mortals, mortals
from tests.races.shop import CART, CARTS, HOST_TABLES, LEASES, Place, Shop, events_at, look, messages_at, opened, tell
from tests.races.snapshots import Snapshot, wait_for_the_dead
from tests.sellers.selling import onboarded
from tests.worlds import CARD, Account, Sandbox, account, lone_sandbox, outbox, running_sandbox, settings, world

from farthing import catalog, customers, listings, seller_orders, subscriptions
from farthing.clock import TravelClock
from farthing.db import Database, Transaction
from farthing.http import keys
from farthing.ids import OrderId
from farthing.invariants import check_all
from farthing.money import Money

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

SOLD = ("release", "take_back")
"""Flows of what a seller sold, and has arrived."""

SUBSCRIBED = ("change", "collect")
"""Flows of somebody who has a plan."""

MOMENT = "prepared"

FRESH = timedelta(minutes=5)
"""So long a moment that was kept is used again: what was quoted then is good for some minutes more."""


@dataclass(frozen=True)
class Ended:
    """How a case stands at its end."""

    facts: Facts
    truth: Facts
    violations: list[str]


@dataclass(frozen=True)
class Ready:
    """A moment that was kept, here and at the provider."""

    flow: str
    rows: Snapshot
    place: Place
    case: Case
    made_at: datetime


@dataclass
class Harness:
    """One database that is put back for every case, and processes that die in it."""

    mortals: Mortals
    connection: "psycopg.Connection[Any]"
    place: Place
    post: Path
    empty: Snapshot
    _ready: Ready | None = None

    async def prepare(self, flow: str) -> tuple[Place, Case]:
        """The moment before the flow: made once, and then put back, here and at the provider."""
        ready = self._ready
        if ready is None or ready.flow != flow or datetime.now(UTC) - ready.made_at > FRESH:
            tell(self.place, "/_sandbox/reset")
            place, case = await self._prepared(flow)
            tell(place, "/_sandbox/snapshots", name=MOMENT)
            ready = self._ready = Ready(flow, Snapshot(self.connection), place, case, datetime.now(UTC))
        else:
            ready.rows.restore()
            tell(ready.place, f"/_sandbox/snapshots/{MOMENT}/restore")
        # Messages that were handed in before belong to the moment.
        place = self._with_post_office(ready.place)
        Path(place.post).write_text("".join(f"{line}\n" for line in messages_at(ready.place)))
        return place, ready.case

    async def _prepared(self, flow: str) -> tuple[Place, Case]:
        self.empty.restore()
        place, case = self._with_post_office(replace(self.place, key=f"sk_test_{uuid.uuid4().hex}")), Case(flow)
        if flow in ("charge", "subscribe"):
            async with opened(place) as shop:
                await catalog.apply(shop.world)
                await saved(shop)
        elif flow in SUBSCRIBED:
            async with opened(place) as shop:
                case = await (quoted(shop, case) if flow == "change" else owing(shop, case))
        elif flow in SOLD:
            async with opened(place) as shop:
                case = await sold(shop, case)
        elif flow != "check_out":
            async with opened(place) as shop:
                case = await (begun(shop, case) if flow == "cancel" else bought(shop, case, told=flow in TOLD))
                if flow == "dispute":
                    await disputed(shop)
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


async def subscribed(shop: Shop, case: Case) -> Case:
    """Somebody with a saved card has a plan, and everybody has heard of it."""
    await catalog.apply(shop.world)
    await saved(shop)
    await FLOWS["subscribe"](shop, case, lambda _: None)
    async with shop.world.db.transaction("test") as tx:
        (found,) = (await subscriptions.list_page(tx, limit=2)).items
    return replace(case, subscription=str(found.id), stored=frozenset(event["id"] for event in events_at(shop.place)))


async def quoted(shop: Shop, case: Case) -> Case:
    """They know what a dearer plan would cost."""
    case = await subscribed(shop, case)
    answer = await shop.post(f"/v1/subscriptions/{case.subscription}/changes/preview", {"plan": "team"}, "")
    assert answer.status_code == 200, answer.text
    return replace(case, quote=answer.json()["id"])


async def owing(shop: Shop, case: Case) -> Case:
    """Their renewal was declined, and they have another card by now."""
    case = await subscribed(shop, case)
    await card(shop, "pm_card_chargeCustomerFail")
    (await shop.outside.post("/_sandbox/clock/advance", json={"seconds": 31 * 86_400 + 7200})).raise_for_status()
    await card(shop, "pm_card_visa")
    await shop.deliver_all([event for event in events_at(shop.place) if event["id"] not in case.stored])
    await shop.work()
    return replace(case, stored=frozenset(event["id"] for event in events_at(shop.place)))


async def sold(shop: Shop, case: Case) -> Case:
    """Something of a seller's was bought and has arrived; for `take_back` its seller has the money as well."""
    world, account = shop.world, Account(shop.place.key, shop.outside)
    seller = await onboarded(world, account, "grace")

    async def listed(tx: Transaction) -> str:
        wanted = listings.Wanted(title="A lamp", prices=[Money(2000, "usd")])
        made = await listings.create(tx, world.catalog, seller.id, "lamp", wanted, livemode=False, stock=5)
        return str((await listings.publish(tx, made.id)).id)

    cart = CART | {"items": [{"listing": await world.db.run("test", listed), "quantity": 2}], "currency": "usd"}
    answer = await shop.post("/v1/checkout/sessions", cart, "the one purchase")
    assert answer.status_code == 201, answer.text
    case = replace(case, order=answer.json()["order"])
    assert (await shop.pay(answer.json()["url"].rsplit("/", 1)[-1], AVAILABLE_AT_ONCE)).status_code == 200
    await shop.deliver_all(events_at(shop.place))
    await shop.work()

    async def arrives(tx: Transaction) -> None:
        (part,) = await seller_orders.of_order(tx, OrderId.parse(case.order))
        parcel = await seller_orders.ship(tx, part.id, carrier="dhl", tracking_number="JD01")
        await seller_orders.move_shipment(tx, parcel.id, "deliver")

    await world.db.run("test", arrives)
    if case.flow == "take_back":
        await FLOWS["release"](shop, case, lambda _: None)
    return replace(case, stored=frozenset(event["id"] for event in events_at(shop.place)))


async def card(shop: Shop, name: str) -> None:
    """What pays for the one subscription from now on."""
    (theirs,) = look(shop.place, "/v1/subscriptions")["data"]
    attached = await shop.outside.post(f"/v1/payment_methods/{name}/attach", data={"customer": theirs["customer"]})
    data = {"default_payment_method": attached.raise_for_status().json()["id"]}
    (await shop.outside.post(f"/v1/subscriptions/{theirs['id']}", data=data)).raise_for_status()


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
