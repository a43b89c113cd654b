"""What the tests of subscriptions stand on: a shop with plans at the provider, and a customer on a clock of their own."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.news import hear
from tests.worlds import BASE_URL, CARD, Account, account, outbox, sandbox, settings
from tests.worlds import world as plain_world

from farthing import catalog, customers, subscriptions
from farthing.clock import TravelClock
from farthing.subscriptions import Begun, Subscription, Wanted
from farthing.world import World

__all__ = ["account", "outbox", "plain_world", "sandbox", "settings"]

PLANS = """
currency = "eur"

[subscriptions]
grace_days = 7

[products.mug]
name = "A mug"
kind = "custom"
price = "12.50 EUR"

[products.pro]
name = "Pro"
kind = "plan"
features = ["reports", "api"]

[products.pro.plan]
seats_max = 10
limits = { api = 10000 }

[products.pro.plan.prices.monthly]
prices = ["20.00 EUR", "22.00 USD"]
interval = "month"

[products.pro.plan.prices.yearly]
price = "200.00 EUR"
interval = "year"

[products.pro.plan.prices.launch]
price = "15.00 EUR"
interval = "month"
active = false

[products.team]
name = "Team"
kind = "plan"
features = ["reports", "team"]

[products.team.plan]
trial_days = 14

[products.team.plan.prices.monthly]
price = "50.00 EUR"
interval = "month"

[products.easy]
name = "Easy"
kind = "plan"
features = ["easy"]

[products.easy.plan]
group = "other"
trial_days = 7
trial_needs_card = false
credits = 100

[products.easy.plan.prices.monthly]
price = "5.00 EUR"
interval = "month"
"""


@pytest.fixture
async def world(plain_world: World) -> World:
    sells = replace(plain_world, catalog=catalog.parse(PLANS))
    await catalog.apply(sells)
    return sells


@dataclass(slots=True)
class Ada:
    """A customer on a test clock, and our clock with it."""

    world: World
    account: Account
    clock: TravelClock
    id: str
    """cus_…"""
    theirs: str
    """clock_…"""

    async def wait(self, **delta: int) -> None:
        """Time passes, there and here, and nobody is told."""
        frozen = (await self.account.get(f"/v1/test_helpers/test_clocks/{self.theirs}"))["frozen_time"]
        until = frozen + int(timedelta(**delta).total_seconds())
        moved = await self.account.http.post(
            f"/v1/test_helpers/test_clocks/{self.theirs}/advance", data={"frozen_time": str(until)}
        )
        moved.raise_for_status()
        while (await self.account.get(f"/v1/test_helpers/test_clocks/{self.theirs}"))["status"] == "advancing":
            pass
        self.clock.advance(max(datetime.fromtimestamp(until, UTC) - self.clock.now(), timedelta()))

    async def later(self, **delta: int) -> None:
        """Time passes, and we hear of all that happens."""
        await self.wait(**delta)
        await hear(self.world, self.account)

    async def saves(self, name: str) -> None:
        """The same, and known here as a saved way to pay."""
        await self.card(name)
        async with self.world.db.transaction("test") as tx:
            person = await customers.find(tx, "ada")
        await customers.sync_methods(self.world, person.id, actor="test")

    async def card(self, name: str) -> None:
        """What pays from now on, such as pm_card_visa."""
        http = self.account.http
        made = (await http.post(f"/v1/payment_methods/{name}/attach", data={"customer": self.id})).raise_for_status().json()
        data = {"invoice_settings[default_payment_method]": made["id"]}
        (await http.post(f"/v1/customers/{self.id}", data=data)).raise_for_status()
        for each in (await self.account.get("/v1/subscriptions", customer=self.id))["data"]:
            await http.post(f"/v1/subscriptions/{each['id']}", data={"default_payment_method": made["id"]})


@pytest.fixture
async def ada(world: World, account: Account, clock: TravelClock) -> Ada:
    """Known here and there before she buys anything."""
    http = account.http
    theirs = (await http.post("/v1/test_helpers/test_clocks", data={"frozen_time": str(int(time.time()))})).json()["id"]
    async with world.db.transaction("test") as tx:
        person = await customers.remember(tx, external_id="ada", email="ada@example.com", name="Ada Lovelace")
        await customers.want(tx, person, "stripe", livemode=False, soon=False)
    made = await http.post("/v1/customers", data={"email": "ada@example.com", "test_clock": theirs})
    id = made.raise_for_status().json()["id"]
    async with world.db.transaction("test") as tx:
        await tx.run("UPDATE provider_customers SET provider_customer_id = %(id)s", id=id)
    return Ada(world, account, clock, id, theirs)


def wanted(plan: str = "pro", **fields: Any) -> Wanted:
    """A wish for a page, unless the fields say otherwise."""
    price = {"price": "monthly"} if plan == "pro" else {}
    urls = {"success_url": f"{BASE_URL}/welcome", "cancel_url": f"{BASE_URL}/plans"}
    return Wanted(**{"plan": plan, "external_id": "ada", **price, **urls, **fields})


async def begin(world: World, plan: str = "pro", **fields: Any) -> Begun:
    return await subscriptions.start(world, wanted(plan, **fields), actor="test")


async def page_of(world: World, begun: Begun) -> str:
    """cs_…"""
    async with world.db.transaction("test") as tx:
        theirs: str = await tx.value(
            "SELECT provider_checkout_id FROM subscription_starts WHERE id = %(id)s", id=begun.start_id
        )
    return theirs


async def subscribe(world: World, account: Account, plan: str = "pro", *, card: str = CARD, **fields: Any) -> Subscription:
    """Paid on the page, and heard of."""
    begun = await begin(world, plan, **fields)
    assert (await account.pay(await page_of(world, begun), card)).status_code == 200
    await hear(world, account)
    return await the_one(world, plan)


async def the_one(world: World, plan: str = "pro") -> Subscription:
    """The newest of a plan."""
    async with world.db.transaction("test") as tx:
        return (await subscriptions.list_page(tx, limit=1, plan=plan)).items[0]
