"""Credits of a plan: each paid period once, gone with the money that goes back, and never below nothing."""

from dataclasses import replace

import httpx
import pytest
from tests.news import hear, sound
from tests.subscriptions.conftest import PLANS, Ada, subscribe
from tests.subscriptions.test_changing import committed, quoted
from tests.subscriptions.test_invoices_api import signed_in
from tests.worlds import Account

from farthing import catalog, credits, invoices, subscriptions
from farthing.api import build
from farthing.ids import CustomerId
from farthing.world import World

CREDITED = PLANS.replace("seats_max = 10\n", "seats_max = 10\ncredits = 100\n")


@pytest.fixture
async def crediting(world: World, ada: Ada) -> World:
    ada.world = replace(world, catalog=catalog.parse(CREDITED))
    return ada.world


async def balance(world: World, customer: CustomerId) -> int:
    async with world.db.transaction("test") as tx:
        return (await credits.show(tx, customer)).balance


async def spend(world: World, customer: CustomerId, amount: int) -> None:
    async with world.db.transaction("test") as tx:
        await credits.spend(tx, customer, amount, reference="a thing")


async def give_back(world: World, account: Account, amount: int) -> None:
    async with world.db.transaction("test") as tx:
        payment: str = await tx.value("SELECT provider_payment_id FROM invoice_payments ORDER BY id DESC LIMIT 1")
    form = {"payment_intent": payment, "amount": str(amount)}
    (await account.http.post("/v1/refunds", data=form)).raise_for_status()
    await hear(world, account)
    await hear(world, account)


@pytest.mark.covers("F37")
async def test_a_refund_takes_its_share_of_the_credits_and_never_what_was_used(
    crediting: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(crediting, account, quantity=2)
    assert await balance(crediting, bought.customer_id) == 200
    await give_back(crediting, account, 1000)
    assert await balance(crediting, bought.customer_id) == 150
    await spend(crediting, bought.customer_id, 120)
    await give_back(crediting, account, 3000)
    assert await balance(crediting, bought.customer_id) == 0
    assert await sound(crediting)


@pytest.mark.covers("S000-56")
async def test_credits_of_a_period_run_out_with_it_and_new_ones_come(crediting: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(crediting, account)
    await spend(crediting, bought.customer_id, 30)
    await ada.later(days=32)
    assert await balance(crediting, bought.customer_id) == 170
    await ada.wait(days=8)
    assert await balance(crediting, bought.customer_id) == 100
    assert await sound(crediting)


async def test_fewer_seats_in_the_middle_of_a_month_take_half_of_what_they_brought_and_more_seats_bring_half(
    crediting: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(crediting, account, quantity=4)
    await ada.later(days=15)
    for quantity, least, most in ((2, 290, 310), (4, 390, 410)):
        form = {
            "items[0][id]": bought.provider_item_id,
            "items[0][quantity]": str(quantity),
            "proration_behavior": "always_invoice",
        }
        path = f"/v1/subscriptions/{bought.provider_subscription_id}"
        (await account.http.post(path, data=form)).raise_for_status()
        await hear(crediting, account)
        await hear(crediting, account)
        assert least <= await balance(crediting, bought.customer_id) <= most
    async with crediting.db.transaction("test") as tx:
        assert len(await invoices.of_subscription(tx, bought.id)) == 3
    assert await sound(crediting)


async def test_a_year_that_begins_in_the_middle_of_a_month_brings_the_credits_of_a_period(
    crediting: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(crediting, account)
    await spend(crediting, bought.customer_id, 30)
    await ada.later(days=10)
    await committed(crediting, await quoted(crediting, bought, price="yearly"))
    # Of the 70 that were left two thirds of a hundred went with the rest of the month.
    assert 100 <= await balance(crediting, bought.customer_id) <= 106
    assert await sound(crediting)


async def test_who_goes_on_after_a_long_pause_gets_the_credits_of_the_period_that_begins(
    crediting: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(crediting, account)
    await subscriptions.pause(crediting, bought.id, actor="test")
    await ada.later(days=45)
    assert await balance(crediting, bought.customer_id) == 0
    await subscriptions.resume(crediting, bought.id, actor="test")
    assert await balance(crediting, bought.customer_id) == 100
    assert await sound(crediting)


async def test_one_answer_says_how_a_customer_stands(crediting: World, account: Account, ada: Ada) -> None:
    await subscribe(crediting, account)
    await ada.card("pm_card_chargeCustomerFail")
    await ada.later(days=32)
    async with crediting.db.transaction("test") as tx:
        state = await subscriptions.state_of(tx, "ada")
        nobody = await subscriptions.state_of(tx, "nobody")
    assert [(each.plan, each.status) for each in state.subscriptions] == [("pro", "past_due")]
    assert {name: right.limit for name, right in state.features.items()} == {"api": 10000, "reports": None}
    assert (state.credits, [each.remaining_amount for each in state.open_invoices]) == (100, [2000])
    assert (nobody.customer, nobody.entitled("api"), state.entitled("api")) == (None, False, True)
    api = build()
    api.state.world, api.state.authenticate = crediting, signed_in
    transport = httpx.ASGITransport(api, client=("192.0.2.7", 4321))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers={"X-User": "ada"}) as client:
        shown = (await client.get("/v1/customers/ada/state")).json()
        assert (shown["credits"], [each["feature"] for each in shown["features"]]) == (100, ["api", "reports"])
        assert (await client.get("/v1/customers/eve/state")).status_code == 404
        sold = {each["id"]: each["plan"] for each in (await client.get("/v1/products")).json()["data"]}
    assert (sold["mug"], sold["pro"]["credits"]) == (None, 100)
    assert [each["id"] for each in sold["pro"]["prices"]] == ["monthly", "yearly", "launch"]


def test_the_types_name_the_prices_of_plans() -> None:
    sells = catalog.parse(CREDITED)
    assert '"pro": {"monthly": {"eur": 2000, "usd": 2200}, "yearly": {"eur": 20000}' in catalog.python(sells)
    assert 'plan: {"monthly": {"eur": 5000}}' in catalog.typescript(sells)
