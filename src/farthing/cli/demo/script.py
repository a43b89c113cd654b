"""What the demo does, and what must be true of each order afterwards. The amounts are those of the example catalog."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from farthing import checkout, jobs, webhooks
from farthing.catalog import CartItem
from farthing.cli.demo import outcome
from farthing.cli.demo.buyer import BANK_ASKS_CARD, CARD, DECLINED_CARD, Buyer, Visit, session_of
from farthing.cli.demo.outcome import Outcome
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus, PaymentStatus
from farthing.money import Money
from farthing.world import World

LOOK_SECONDS: Final = 0.1
LOOKS: Final = 150
SHORT_MINUTES: Final = 31
"""How long the abandoned page stays open: the least that the provider allows, so that its clock need not move further."""


@dataclass(frozen=True, slots=True)
class Story:
    title: str
    order: OrderId
    number: int
    expected: Outcome


async def play(world: World, buyer: Buyer, say: Callable[[str], None]) -> list[Story]:
    """Buy, decline, confirm, refund, abandon. The clock of the sandbox moves last: what is bought before must not notice."""
    stories = []
    for scene in (_bought, _declined_first, _asked_by_the_bank, _refunded_in_part):
        stories.append(await scene(world, buyer))
        say(f"{stories[-1].title}: order {stories[-1].number}")
    await _settled(world, stories)
    abandoned = await _abandoned(world, buyer)
    say(f"{abandoned.title}: order {abandoned.number}")
    stories.append(abandoned)
    await _settled(world, stories)
    return stories


async def _bought(_: World, buyer: Buyer) -> Story:
    visit = await buyer.order({"night-sky-atlas": 1}, email="ada@example.com")
    await buyer.pay(visit, CARD)
    total = Money(24_00, "eur")
    expected = Outcome(OrderStatus.PAID, total, total, _fee(total), features=("book:night-sky-atlas",))
    return _story("Bought with a good card", visit, expected)


async def _declined_first(world: World, buyer: Buyer) -> Story:
    visit = await buyer.order({"ink-bottle": 1, "night-sky-atlas": 1}, email="grace@example.com")
    await buyer.pay(visit, DECLINED_CARD, expected=402)
    await _heard_of_decline(world, visit)
    await buyer.pay(visit, CARD)
    total = Money(36_50, "eur")
    expected = Outcome(OrderStatus.PAID, total, total, _fee(total), declines=1, features=("book:night-sky-atlas",))
    return _story("Declined, then paid with another card", visit, expected)


async def _asked_by_the_bank(_: World, buyer: Buyer) -> Story:
    visit = await buyer.order({"lantern-club": 1}, email="katherine@example.com")
    await buyer.pay(visit, BANK_ASKS_CARD, three_d_secure="complete")
    total = Money(49_00, "eur")
    expected = Outcome(OrderStatus.PAID, total, total, _fee(total), features=("club:archive", "club:stories"))
    return _story("Confirmed with the bank (3-D Secure)", visit, expected)


async def _refunded_in_part(_: World, buyer: Buyer) -> Story:
    visit = await buyer.order({"ink-bottle": 2}, email="hedy@example.com")
    await buyer.pay(visit, CARD)
    total, back = Money(25_00, "eur"), Money(12_50, "eur")
    await buyer.refund(visit.order, back)
    expected = Outcome(
        OrderStatus.PAID,
        total,
        total,
        _fee(total),
        refunds=(f"{back} succeeded",),
        emails=("order_confirmation sent", "refund_receipt sent"),
    )
    return _story("Refunded in part", visit, expected)


async def _abandoned(world: World, buyer: Buyer) -> Story:
    """Placed in Python, as a host would, with a page that is open for as short as may be; then nobody comes."""
    short = replace(world, settings=world.settings.model_copy(update={"checkout_minutes": SHORT_MINUTES}))
    base = world.settings.base_url
    started = await checkout.start(
        short,
        items=[CartItem("ink-bottle", 1)],
        buyer=checkout.Buyer(email="mary@example.com"),
        success_url=f"{base}/checkout/success",
        cancel_url=f"{base}/checkout/canceled",
        actor="farthing demo",
    )
    await buyer.wait_there(seconds=(SHORT_MINUTES + 1) * 60)
    expected = Outcome(OrderStatus.EXPIRED, Money(12_50, "eur"), payments=(PaymentStatus.CANCELED,), emails=())
    return _story("Abandoned", Visit(started.order_id, started.order_number, session_of(started.url)), expected)


async def _settled(world: World, stories: list[Story]) -> None:
    """Until all is as expected and nothing is left to do, or it took too long: then the report says what is off."""
    for _ in range(LOOKS):
        if await _quiet(world, stories):
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _heard_of_decline(world: World, visit: Visit) -> None:
    """While a buyer looks for another card, the shop hears of the first one; a script would be faster than the news."""
    for _ in range(LOOKS):
        async with world.db.transaction("farthing demo") as tx:
            if (await outcome.of_order(tx, visit.order)).declines:
                return
        await asyncio.sleep(LOOK_SECONDS)


async def _quiet(world: World, stories: list[Story]) -> bool:
    async with world.db.transaction("farthing demo") as tx:
        queue, inbox = await jobs.counts(tx), await webhooks.counts(tx)
        if queue.ready or queue.running or queue.delayed or inbox.get("received"):
            return False
        return all([await outcome.of_order(tx, story.order) == story.expected for story in stories])


def _fee(paid: Money) -> Money:
    """What the sandbox keeps: 2.9 % rounded half up, and 30 cents."""
    return Money((paid.amount * 29 + 500) // 1000 + 30, paid.currency)


def _story(title: str, visit: Visit, expected: Outcome) -> Story:
    return Story(title, visit.order, visit.number, expected)
