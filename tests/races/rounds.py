"""A race run again and again in one world, a few beside each other, and what there is at the end of it to count exactly."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

from tests.whole import sized
from tests.worlds import BASE_URL, Account

from farthing import checkout, orders, payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.errors import Conflict, KeyInUse
from farthing.orders import Order
from farthing.payments import Intent, Payment
from farthing.providers import CaptureMethod
from farthing.world import World

ROUNDS = sized(50, 10)
"""A race may be won by luck."""

AT_ONCE = 5
"""Orders whose races run beside each other: many enough to meet, few enough for the pool."""

GUEST = Buyer(None, "gil@example.com", None)
PAGE: dict[str, Any] = {"success_url": f"{BASE_URL}/thanks", "cancel_url": f"{BASE_URL}/cart", "actor": "page"}


async def placed(world: World, *items: CartItem, buyer: Buyer = GUEST) -> Order:
    order, _ = await checkout.place_order(world, items=items or [CartItem("guide")], buyer=buyer, actor="test")
    return order


async def opened(world: World, capture: CaptureMethod = "automatic") -> Intent:
    return await checkout.open_intent(world, (await placed(world)).id, actor="test", capture_method=capture)


async def paid(world: World, *items: CartItem, buyer: Buyer = GUEST) -> tuple[Order, Payment]:
    """An order whose money is in: the cheapest way there is no page."""
    order = await placed(world, *items, buyer=buyer)
    intent = await checkout.open_intent(world, order.id, actor="test")
    done = await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="buyer")
    async with world.db.transaction("test") as tx:
        return await orders.get(tx, order.id), done.payment


async def both(one: Awaitable[object], other: Awaitable[object]) -> tuple[str, str]:
    """What came of each: its class's name. Anything but a conflict is a fault."""
    ends = await asyncio.gather(one, other, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, Conflict | KeyInUse):
            raise end
    first, second = (type(end).__name__ for end in ends)
    return first, second


async def rounds(race: Any) -> Counter[Any]:
    """Run the race so often, a few beside each other, and count how they ended."""
    ends: list[Any] = []
    for _ in range(ROUNDS // AT_ONCE):
        ends += await asyncio.gather(*(race() for _ in range(AT_ONCE)))
    return Counter(ends)


async def statuses(world: World) -> Counter[str]:
    """Of each order with its payments: how it stands, and how they do."""
    async with world.db.transaction("test") as tx:
        found = await tx.all(
            lambda row: f"{row['order']}: {row['payments']}",
            """
            SELECT orders.status AS order, string_agg(payments.status || CASE WHEN live THEN '*' ELSE '' END, ' '
                ORDER BY payments.status, live) AS payments
            FROM orders JOIN payments ON payments.order_id = orders.id GROUP BY orders.id
            """,
        )
    return Counter(found)


async def payable(account: Account) -> int:
    """In how many ways could somebody pay at the provider now?"""
    sessions = [each["status"] for each in await every(account, "/v1/checkout/sessions")]
    intents = [each["status"] for each in await every(account, "/v1/payment_intents")]
    return sessions.count("open") + len([status for status in intents if status not in ("succeeded", "canceled")])


async def every(account: Account, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        page = await account.get(path, limit="100", **more)
        found += page["data"]
        if not page["has_more"]:
            return found
        more = {"starting_after": found[-1]["id"]}
