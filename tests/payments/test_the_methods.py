"""Ways to pay in a host's own code: the methods of `Farthing`."""

from collections.abc import AsyncIterator

import pytest
from tests.worlds import Account

from farthing import Farthing, Settings
from farthing.catalog import Catalog
from farthing.errors import Conflict
from farthing.money import Money
from farthing.world import World


@pytest.fixture
async def pay(settings: Settings, world: World) -> AsyncIterator[Farthing]:
    catalog: Catalog = world.catalog
    async with Farthing(settings, catalog=catalog) as started:
        yield started


async def test_an_order_is_placed_kept_for_taken_in_part_and_a_page_keeps_as_well(pay: Farthing, account: Account) -> None:
    order = await pay.place_order({"guide": 1, "mug": 2}, customer="ada", email="ada@example.com", idempotency_key="one")
    assert (
        await pay.place_order({"guide": 1, "mug": 2}, customer="ada", email="ada@example.com", idempotency_key="one")
    ).id == order.id
    first = await pay.payment_intent(str(order.id))
    assert (await pay.cancel_payment(str(first.payment.id))).status == "canceled"
    intent = await pay.payment_intent(str(order.id), capture="manual")
    payment = str(intent.payment.id)
    assert (await pay.confirm_payment(payment, "pm_card_visa")).payment.status == "authorized"
    assert (await pay.capture(payment, Money(5000, "eur"))).received == Money(5000, "eur")
    assert (await pay.payment(payment)).status == "succeeded"
    with pytest.raises(Conflict):
        await pay.void(payment)

    page = await pay.checkout("guide", customer="ada", email="ada@example.com", capture="manual")
    assert (await account.pay(page.url.rsplit("/", 1)[-1])).status_code == 200
    again = await pay.place_order("mug", customer="ada", email="ada@example.com")
    assert (await pay.order_checkout(str(again.id))).order_id == again.id
