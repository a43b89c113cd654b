"""Ways to pay one order, fifty times at the same moment: one is left, one pays, and the provider has taken the money once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest
from tests.news import sound
from tests.worlds import BASE_URL, Account

from farthing import checkout, payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.errors import Conflict, KeyInUse
from farthing.http.idempotency import Key
from farthing.lifecycles import PaymentStatus
from farthing.orders import Order
from farthing.payments import Intent
from farthing.providers import CaptureMethod
from farthing.world import World

pytestmark = [pytest.mark.timeout(600), pytest.mark.covers("F34")]

ROUNDS = 50
AT_ONCE = 5
"""Orders whose races run beside each other: many enough to meet, few enough for the pool."""

GUEST = Buyer(None, "gil@example.com", None)
PAGE: dict[str, Any] = {"success_url": f"{BASE_URL}/thanks", "cancel_url": f"{BASE_URL}/cart", "actor": "page"}


async def placed(world: World) -> Order:
    order, _ = await checkout.place_order(world, items=[CartItem("guide")], buyer=GUEST, actor="test")
    return order


async def opened(world: World, capture: CaptureMethod = "automatic") -> Intent:
    return await checkout.open_intent(world, (await placed(world)).id, actor="test", capture_method=capture)


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


@pytest.mark.covers("S003-26")
async def test_one_intent_however_often_it_is_asked_for_with_one_key(world: World, account: Account) -> None:
    async def race() -> str:
        order = await placed(world)
        key = Key.of("test", str(order.id), [])
        await both(*(checkout.open_intent(world, order.id, actor="test", key=key) for _ in range(2)))
        ids = [(await checkout.open_intent(world, order.id, actor="test", key=key)).payment.id for _ in range(2)]
        return "one" if ids[0] == ids[1] else "two"

    assert await rounds(race) == {"one": ROUNDS}
    assert await statuses(world) == {"open: open*": ROUNDS}
    assert len(await every(account, "/v1/payment_intents")) == ROUNDS
    assert await sound(world)


async def test_of_two_intents_one_is_left(world: World, account: Account) -> None:
    async def race() -> bool:
        order = await placed(world)
        ends = await both(*(checkout.open_intent(world, order.id, actor="test") for _ in range(2)))
        return "Intent" in ends

    assert await rounds(race) == {True: ROUNDS}
    assert await payable(account) == ROUNDS
    ends = await statuses(world)
    assert set(ends) <= {"open: open*", "open: canceled open*"}, ends
    assert await sound(world)


async def test_of_a_page_and_an_intent_one_is_left(world: World, account: Account) -> None:
    async def race() -> bool:
        order = await placed(world)
        page, intent = checkout.open_page(world, order.id, **PAGE), checkout.open_intent(world, order.id, actor="test")
        return bool({"Intent", "Started"} & set(await both(page, intent)))

    assert await rounds(race) == {True: ROUNDS}
    assert await payable(account) == ROUNDS
    ends = await statuses(world)
    assert set(ends) <= {"open: open*", "open: canceled open*"}, ends
    assert await sound(world)


@pytest.mark.covers("F40")
async def test_who_pays_and_who_cancels_agree_in_the_end(world: World, account: Account) -> None:
    async def race() -> tuple[str, str]:
        intent = await opened(world)
        paying = payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="buyer")
        return await both(paying, checkout.cancel_order(world, intent.payment.order_id, actor="clerk"))

    ends = await rounds(race)
    assert ends.total() == ROUNDS
    found = await statuses(world)
    assert set(found) <= {"paid: succeeded", "canceled: canceled"}, (ends, found)
    taken = [charge for charge in await every(account, "/v1/charges") if charge["status"] == "succeeded"]
    assert len(taken) == found["paid: succeeded"]
    assert ends["Confirmed", "Order"] == 0, "nobody hears that both were done"
    assert await payable(account) == 0
    assert await sound(world)


async def test_money_is_captured_or_voided_never_both(world: World, account: Account) -> None:
    async def race() -> tuple[str, str]:
        held = (await opened(world, "manual")).payment.id
        kept = (await payments.confirm(world, held, method="pm_card_visa", actor="buyer")).payment
        assert kept.status == PaymentStatus.AUTHORIZED
        return await both(payments.capture(world, held, actor="clerk"), payments.void(world, held, actor="other clerk"))

    ends = await rounds(race)
    assert ends["Payment", "Conflict"] + ends["Conflict", "Payment"] == ROUNDS, ends
    assert await statuses(world) == Counter(
        {"paid: succeeded": ends["Payment", "Conflict"], "open: canceled": ends["Conflict", "Payment"]}
    )
    received = sum(each["amount_received"] for each in await every(account, "/v1/payment_intents"))
    assert received == 4900 * ends["Payment", "Conflict"]
    assert await payable(account) == 0
    assert await sound(world)
