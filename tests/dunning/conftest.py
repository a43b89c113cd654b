"""What the tests of failing payments stand on: a subscriber whose renewal was not paid."""

import re
from dataclasses import dataclass

import pytest
from tests.news import hear, work
from tests.subscriptions.conftest import Ada, account, ada, outbox, plain_world, sandbox, settings, subscribe, the_one, world
from tests.worlds import Account, Outbox

from farthing import invoices, subscriptions
from farthing.invoices import Invoice
from farthing.subscriptions import Subscription
from farthing.world import World

__all__ = ["account", "ada", "outbox", "plain_world", "sandbox", "settings", "world"]

DECLINES = "pm_card_chargeCustomerFail"


@dataclass(slots=True)
class Late:
    """Ada, whose renewal failed."""

    world: World
    account: Account
    ada: Ada
    id: str

    async def subscription(self) -> Subscription:
        return await the_one(self.world)

    async def invoice(self) -> Invoice:
        """The newest."""
        async with self.world.db.transaction("test") as tx:
            return (await invoices.of_subscription(tx, (await self.subscription()).id))[0]

    async def received(self) -> int:
        """What came in for the newest invoice, by the books."""
        async with self.world.db.transaction("test") as tx:
            paid = await invoices.payments_of(tx, (await self.invoice()).id)
        return sum(each.money.amount for each in paid)

    async def look(self) -> None:
        await subscriptions.sync(self.world, (await self.subscription()).provider_subscription_id, actor="test")

    async def hear(self) -> None:
        await hear(self.world, self.account)
        await work(self.world)


@pytest.fixture
async def late(world: World, account: Account, ada: Ada, outbox: Outbox) -> Late:
    bought = await subscribe(world, account)
    await ada.card(DECLINES)
    await ada.later(days=31, hours=12)
    await work(world)
    return Late(world, account, ada, str(bought.id))


def link_of(text: str) -> str:
    """The path of the recovery link in an email."""
    found = re.search(r"https?://[^/\s]+(/renewal/\S+)", text)
    assert found is not None, text
    return found[1]
