"""Payments in the host's own pages: opened, confirmed, sent to the bank and back, declined, on their way for days, canceled."""

from datetime import timedelta

import httpx
import pytest
from starlette.requests import Request
from tests.news import happened, hear, read, sound
from tests.worlds import BASE_URL, Account, unchanged

from farthing import checkout, payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.clock import TravelClock
from farthing.db import Database
from farthing.errors import Conflict, Invalid, ProviderUnavailable
from farthing.lifecycles import OrderStatus, PaymentStatus
from farthing.orders import Order
from farthing.payments import Intent
from farthing.world import World

ADA = Buyer("ada", "ada@example.com", "Ada Lovelace")
BACK = f"{BASE_URL}/paid?order={{ORDER_ID}}&payment={{PAYMENT_ID}}"


async def opened(world: World) -> tuple[Order, Intent]:
    order, _ = await checkout.place_order(world, items=[CartItem("guide")], buyer=ADA, actor="test")
    return order, await checkout.open_intent(world, order.id, actor="test", return_url=BACK)


async def come_back(world: World, intent: Intent) -> str:
    query = f"payment={intent.payment.id}&payment_intent=pi_x&payment_intent_client_secret=pi_x_secret_y"
    scope = {"type": "http", "method": "GET", "path": "/payments/return", "query_string": query.encode(), "headers": []}
    return (await checkout.come_back_from_bank(world, Request(scope))).headers["location"]


@pytest.mark.covers("S003-10", "S003-13", "C3")
async def test_a_payment_is_confirmed_with_a_card_and_pays_the_order(world: World, account: Account) -> None:
    order, intent = await opened(world)
    there = await account.get(f"/v1/payment_intents/{intent.payment.provider_payment_id}")
    assert (there["client_secret"], there["amount"], there["currency"]) == (intent.client_secret, 4900, "eur")
    assert there["metadata"] == {"farthing_payment": str(intent.payment.id)}
    assert intent.client_secret not in repr(intent)
    confirmed = await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="test")
    assert (confirmed.payment.status, confirmed.redirect_url) == (PaymentStatus.SUCCEEDED, None)
    again = await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="test")
    assert again.payment == confirmed.payment
    paid = await read(world, order.id)
    assert (paid.status, paid.payment_status) == (OrderStatus.PAID, "paid")
    await hear(world, account)
    assert await sound(world)


@pytest.mark.covers("S000-37")
async def test_the_secret_is_stored_nowhere(world: World, db: Database) -> None:
    _, intent = await opened(world)
    async with db.connection() as connection:
        tables = await (await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'farthing'")).fetchall()
        for table in tables:
            query = f"SELECT count(*) AS rows FROM {table['tablename']} t WHERE t::text LIKE '%%' || %s || '%%'"
            found = await (await connection.execute(query.encode(), (intent.client_secret,))).fetchone()
            assert found == {"rows": 0}, table


async def test_a_bank_that_wants_to_see_the_buyer_sends_them_through_our_door(world: World, account: Account) -> None:
    order, intent = await opened(world)
    confirmed = await payments.confirm(world, intent.payment.id, method="pm_card_authenticationRequired", actor="test")
    assert confirmed.payment.status == PaymentStatus.OPEN
    assert confirmed.redirect_url is not None
    async with httpx.AsyncClient() as browser:
        page = await browser.post(confirmed.redirect_url, data={"answer": "complete"})
    assert page.status_code in (200, 303), page.text
    assert await come_back(world, intent) == f"{BASE_URL}/paid?order={order.id}&payment={intent.payment.id}"
    assert (await read(world, order.id)).status == OrderStatus.PAID
    assert await sound(world)


async def test_a_decline_leaves_it_open_for_another_card(world: World, account: Account) -> None:
    order, intent = await opened(world)
    declined = (
        await payments.confirm(world, intent.payment.id, method="pm_card_visa_chargeDeclinedLostCard", actor="test")
    ).payment
    assert (declined.status, declined.failure_code, declined.live) == (PaymentStatus.OPEN, "lost_card", True)
    assert payments.PaymentShown.of(declined, for_staff=False).failure_code == "generic_decline"
    paid = (await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="test")).payment
    assert (paid.status, paid.failure_code) == (PaymentStatus.SUCCEEDED, None)
    told = [type for type in await happened(world, order.id) if type.startswith("payment.") and type != "payment.fee_known"]
    assert told == ["payment.opened", "payment.failed", "payment.succeeded"]
    assert await sound(world)


@pytest.mark.covers("F82", "F59")
async def test_a_confirmation_whose_answer_is_lost_takes_the_money_once(world: World, account: Account) -> None:
    _, intent = await opened(world)
    await account.fail_next("lost_response", f"/v1/payment_intents/{intent.payment.provider_payment_id}/confirm", times=3)
    with pytest.raises(ProviderUnavailable):
        await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="test")
    again = await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="test")
    assert again.payment.status == PaymentStatus.SUCCEEDED
    assert len((await account.get("/v1/charges"))["data"]) == 1
    assert await sound(world)


@pytest.mark.covers("F96")
async def test_a_bank_debit_keeps_the_order_open_until_the_bank_has_answered(world: World, account: Account) -> None:
    order, intent = await opened(world)
    form = {"type": "sepa_debit", "sepa_debit[iban]": "AT321904300235473204", "billing_details[email]": "ada@example.com"}
    form |= {"billing_details[name]": "Ada"}
    method = (await account.http.post("/v1/payment_methods", data=form)).json()["id"]
    name = intent.payment.provider_payment_id
    accepted = {"payment_method": method, "return_url": BASE_URL, "mandate_data[customer_acceptance][type]": "offline"}
    sent = await account.http.post(f"/v1/payment_intents/{name}/confirm", data=accepted)
    assert sent.status_code == 200, sent.text
    await hear(world, account)
    assert (await read(world, order.id)).payment_status == "processing"
    with pytest.raises(Conflict, match="processing"):
        await checkout.open_intent(world, order.id, actor="test")
    with pytest.raises(Conflict, match="processing"):
        await checkout.cancel_order(world, order.id, actor="clerk")
    assert isinstance(world.clock, TravelClock)
    world.clock.advance(timedelta(days=2))
    while await checkout.tidy(world):
        pass
    assert (await read(world, order.id)).status == OrderStatus.OPEN
    assert await sound(world)


@pytest.mark.covers("C28", "S003-14")
async def test_polling_asks_the_provider_every_five_seconds_at_most(world: World, account: Account) -> None:
    order, intent = await opened(world)
    name = intent.payment.provider_payment_id
    form = {"payment_method": "pm_card_visa", "return_url": BASE_URL}
    assert (await payments.look(world, intent.payment.id, actor="test")).status == PaymentStatus.OPEN
    assert (await account.http.post(f"/v1/payment_intents/{name}/confirm", data=form)).status_code == 200
    assert (await payments.look(world, intent.payment.id, actor="test")).status == PaymentStatus.OPEN
    assert isinstance(world.clock, TravelClock)
    world.clock.advance(timedelta(seconds=5))
    assert (await payments.look(world, intent.payment.id, actor="test")).status == PaymentStatus.SUCCEEDED
    assert (await read(world, order.id)).status == OrderStatus.PAID


async def test_a_closed_payment_takes_no_card_and_its_order_another(world: World, account: Account) -> None:
    order, intent = await opened(world)
    closed = await checkout.close_payment(world, intent.payment.id, actor="test")
    assert (closed.status, closed.live) == (PaymentStatus.CANCELED, False)
    async with unchanged(world):
        with pytest.raises(Conflict):
            await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="test")
        with pytest.raises(Invalid):
            await payments.confirm(world, intent.payment.id, method="4242424242424242", actor="test")
    assert (await read(world, order.id)).status == OrderStatus.OPEN
    other = await checkout.open_intent(world, order.id, actor="test")
    assert (await payments.confirm(world, other.payment.id, method="pm_card_visa", actor="test")).payment.settles
    assert await sound(world)


@pytest.mark.covers("F88")
async def test_an_intent_that_was_lost_for_a_day_is_looked_up_by_its_mark(world: World, account: Account) -> None:
    order, _ = await checkout.place_order(world, items=[CartItem("guide")], buyer=ADA, actor="test")
    await account.fail_next("lost_response", "/v1/payment_intents", times=3)
    with pytest.raises(ProviderUnavailable):
        await checkout.open_intent(world, order.id, actor="test")
    assert isinstance(world.clock, TravelClock)
    world.clock.advance(timedelta(hours=24))
    while await checkout.tidy(world):
        pass
    (intent,) = (await account.get("/v1/payment_intents"))["data"]
    assert intent["status"] == "canceled"
    assert (await read(world, order.id)).status == OrderStatus.EXPIRED
    assert await sound(world)
