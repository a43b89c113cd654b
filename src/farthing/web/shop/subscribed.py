"""Where a subscriber lands after the payment page: the plan, what it costs and from when, and nothing about who they are."""

import asyncio
import contextlib
from dataclasses import dataclass

from starlette.requests import Request

from farthing import subscriptions
from farthing.errors import DatabaseUnavailable, ProviderError
from farthing.money import Money
from farthing.subscriptions import Start, Subscription
from farthing.web.wiring import reading, world_of


@dataclass(frozen=True, slots=True)
class Landing:
    """How what was begun stands. Without a subscription nothing has begun, yet or at all."""

    plan: str
    start: Start
    subscription: Subscription | None

    @property
    def off(self) -> Money:
        """What its code takes off, as the bill shows it."""
        currency = self.start.unit.currency
        return -Money(0 if self.start.discount is None else self.start.discount.off, currency)

    @property
    def waits(self) -> bool:
        return self.subscription is None and self.start.is_open


async def find(request: Request, session: str) -> Landing | None:
    """None where the session is not that of a plan."""
    world = world_of(request)
    async with reading(request) as tx:
        start = await subscriptions.find_start(tx, world.provider.name, world.provider.livemode, session)
        if start is None:
            return None
        product = world.catalog.products.get(start.plan)
        found = await subscriptions.of_start(tx, start.id)
        return Landing(product.name if product else start.plan, start, found)


async def look_again(request: Request, session: str, patience: float) -> None:
    """Ask how it stands, as a webhook would; whoever does not answer in time is waited for."""
    with contextlib.suppress(ProviderError, TimeoutError, DatabaseUnavailable):
        async with asyncio.timeout(patience):
            await subscriptions.sync_checkout(world_of(request), session, actor="return page")
