"""Ways to pay one order, fifty times at the same moment: one is left, one pays, and the provider has taken the money once."""

from collections import Counter

import pytest
from tests.news import sound
from tests.races.rounds import PAGE, ROUNDS, both, every, opened, payable, placed, rounds, statuses
from tests.worlds import Account

from farthing import checkout, payments
from farthing.http.idempotency import Key
from farthing.lifecycles import PaymentStatus
from farthing.world import World

pytestmark = [pytest.mark.timeout(600), pytest.mark.covers("F34")]


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


async def test_of_two_pages_one_is_left(world: World, account: Account) -> None:
    async def race() -> bool:
        order = await placed(world)
        return "Started" in await both(*(checkout.open_page(world, order.id, **PAGE) for _ in range(2)))

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
