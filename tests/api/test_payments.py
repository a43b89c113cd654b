"""Orders and payments for the host's own pages over HTTP: placed, paid, looked at, canceled, captured, and nobody else's."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from tests.news import hear, read, sound
from tests.worlds import BASE_URL, Account, unchanged

from farthing import checkout
from farthing.clock import TravelClock
from farthing.ids import OrderId
from farthing.world import World

ORDER: dict[str, Any] = {"items": [{"product": "guide"}]}
GUEST = {"customer": {"email": "gil@example.com"}}
VISA, BANK = {"payment_method": "pm_card_visa"}, {"payment_method": "pm_card_authenticationRequired"}
PAGE = {"success_url": f"{BASE_URL}/thanks", "cancel_url": f"{BASE_URL}/cart"}
ONCE, AGAIN = {"Idempotency-Key": "the order"}, {"Idempotency-Key": "its payment"}


async def placed(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v1/orders", json=ORDER | more)
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()
    return order


async def intent_of(client: httpx.AsyncClient, order: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/v1/orders/{order}/payment-intents", json=body)
    assert answer.status_code == 201, answer.text
    intent: dict[str, Any] = answer.json()
    return intent


@pytest.mark.covers("S000-15")
@pytest.mark.covers("S003-13", "S003-14", "S003-17", "S003-26", "S003-19")
async def test_a_customer_places_an_order_and_pays_it_in_the_hosts_own_pages(
    world: World, account: Account, ada: httpx.AsyncClient
) -> None:
    orders = [(await ada.post("/v1/orders", json=ORDER, headers=ONCE)) for _ in range(2)]
    assert [answer.headers.get("idempotency-replayed") for answer in orders] == [None, "true"]
    assert orders[0].json() == orders[1].json()
    order = orders[0].json()
    assert (order["status"], order["payment_status"], order["order_token"]) == ("open", "unpaid", None)
    path = f"/v1/orders/{order['id']}/payment-intents"
    first, again = [await ada.post(path, json={}, headers=AGAIN) for _ in range(2)]
    intent = first.json()
    assert (again.json(), again.headers["idempotency-replayed"]) == (intent, "true")
    assert (intent["object"], intent["amount"]) == ("payment_intent", {"amount": 4900, "currency": "eur"})
    assert intent["client_secret"].startswith("pi_")
    declined = await ada.post(f"/v1/payments/{intent['id']}/confirmation", json={"payment_method": "pm_card_chargeDeclined"})
    assert (declined.status_code, declined.json()["status"]) == (200, "open")
    assert declined.json()["failure_code"] is not None
    paid = [await ada.post(f"/v1/payments/{intent['id']}/confirmation", json=VISA) for _ in range(2)]
    assert [(answer.status_code, answer.json()["status"]) for answer in paid] == [(200, "succeeded")] * 2
    await hear(world, account)
    assert (await ada.get(f"/v1/orders/{order['id']}")).json()["payment_status"] == "paid"
    assert (await ada.post(path, json={})).status_code == 409
    assert len([each for each in (await account.get("/v1/charges"))["data"] if each["status"] == "succeeded"]) == 1
    assert await sound(world)


@pytest.mark.covers("F167", "F166")
async def test_a_guest_needs_the_token_of_the_very_order_and_not_too_late(
    world: World, guest: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    own, other = await placed(guest, **GUEST), await placed(guest, **GUEST)
    token = {"Farthing-Order-Token": own["order_token"]}
    paths = f"/v1/orders/{own['id']}/payment-intents", f"/v1/orders/{own['id']}/checkout-sessions"
    first, second = await guest.post(paths[0], json={}, headers=token), await guest.post(paths[1], json=PAGE, headers=token)
    assert (first.status_code, second.status_code) == (201, 201)
    payment = f"/v1/payments/{first.json()['id']}"
    assert (await guest.get(payment, headers=token)).json()["status"] == "canceled", "the page took its place"
    foreign = {"Farthing-Order-Token": other["order_token"]}
    edited = {"Farthing-Order-Token": own["order_token"].replace("order_token_", "order_token_f")}
    everything = [(paths[0], {}), (paths[1], PAGE), (f"{payment}/confirmation", VISA), (f"{payment}/cancellation", None)]
    assert isinstance(world.clock, TravelClock)
    async with unchanged(world):
        for path, body in everything:
            assert (await guest.post(path, json=body)).status_code == 401, path
            for wrong in (foreign, edited, {"Farthing-Order-Token": "x"}):
                assert (await guest.post(path, json=body, headers=wrong)).status_code == 404, (path, wrong)
            assert (await eve.post(path, json=body, headers=foreign)).status_code == 404, path
        assert (await guest.get(payment)).status_code == 401
        assert (await guest.get(payment, headers=foreign)).status_code == 404
        assert (await eve.get(payment)).json()["detail"] == f"There is no payment {first.json()['id']}."
        world.clock.advance(timedelta(days=30))
        late = await guest.get(payment, headers=token)
        assert (late.status_code, "too old" in late.json()["detail"]) == (401, True)


@pytest.mark.covers("S003-14", "C28", "S003-25")
async def test_a_bank_sees_the_buyer_who_comes_back_through_our_door_and_polls_meanwhile(
    world: World, account: Account, ada: httpx.AsyncClient
) -> None:
    order = await placed(ada)
    intent = await intent_of(ada, order["id"], return_url=f"{BASE_URL}/paid?order={{ORDER_ID}}")
    payment = f"/v1/payments/{intent['id']}"
    confirmed = (await ada.post(f"{payment}/confirmation", json=BANK)).json()
    assert (confirmed["status"], confirmed["redirect_url"].startswith("http")) == ("open", True)
    assert (await ada.get(payment)).json()["status"] == "open"
    async with httpx.AsyncClient() as browser:
        assert (await browser.post(confirmed["redirect_url"], data={"answer": "complete"})).status_code in (200, 303)
    assert (await ada.get(payment)).json()["status"] == "open", "the provider was asked a moment ago"
    assert isinstance(world.clock, TravelClock)
    world.clock.advance(timedelta(seconds=5))
    assert (await ada.get(payment)).json()["status"] == "succeeded"
    query = f"payment={intent['id']}&payment_intent=pi_x&redirect_status=succeeded"
    scope = {"type": "http", "method": "GET", "path": "/payments/return", "query_string": query.encode(), "headers": []}
    back = await checkout.come_back_from_bank(world, Request(scope))
    assert back.headers["location"] == f"{BASE_URL}/paid?order={order['id']}"
    assert await sound(world)


@pytest.mark.covers("S003-12", "C2")
async def test_a_server_keeps_money_takes_part_of_it_or_lets_it_go(
    world: World, account: Account, server: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    held = []
    for name in ("ada", "bob"):
        order = await placed(server, customer={"id": name, "email": f"{name}@example.com"})
        intent = await intent_of(server, order["id"], capture="manual")
        kept = (await server.post(f"/v1/payments/{intent['id']}/confirmation", json=VISA)).json()
        assert (kept["status"], kept["received"]) == ("authorized", None)
        held.append((order["id"], f"/v1/payments/{intent['id']}"))
    (first, capture), (second, void) = held
    some = {"amount": {"amount": 3000, "currency": "eur"}}
    async with unchanged(world):
        assert (await ada.post(f"{capture}/capture", json=some)).status_code == 403
        assert (await ada.post(f"{capture}/void")).status_code == 403
        for wrong in (4901, 0, -1):
            body = {"amount": {"amount": wrong, "currency": "eur"}}
            assert (await server.post(f"{capture}/capture", json=body)).status_code == 422, wrong
        assert (await server.post(f"/v1/orders/{first}/payment-intents", json={})).status_code == 409
        assert (await ada.post(f"/v1/orders/{first}/payment-intents", json={"capture": "manual"})).status_code == 403
    listed = (await server.get("/v1/payments", params={"status": "authorized"})).json()["data"]
    assert len(listed) == 2
    assert (await ada.get("/v1/payments")).status_code == 403
    for _ in range(2):
        assert (await server.post(f"{capture}/capture", json=some)).json()["received"]["amount"] == 3000
        assert (await server.post(f"{void}/void")).json()["status"] == "canceled"
    assert (await server.post(f"{void}/capture", json={})).status_code == 409
    assert (await server.post(f"{capture}/void")).status_code == 409
    assert (await ada.get(f"/v1/orders/{first}")).json()["total"]["amount"] == 3000
    page = await server.post(f"/v1/orders/{second}/checkout-sessions", json=PAGE)
    assert (page.status_code, page.json()["order"]) == (201, second)
    assert await sound(world)


async def test_a_customer_closes_a_payment_and_cancels_the_order(ada: httpx.AsyncClient, world: World) -> None:
    order = await placed(ada)
    payment = f"/v1/payments/{(await intent_of(ada, order['id']))['id']}"
    closed = [(await ada.post(f"{payment}/cancellation")).json()["status"] for _ in range(2)]
    assert closed == ["canceled", "canceled"]
    async with unchanged(world):
        assert (await ada.post(f"{payment}/confirmation", json=VISA)).status_code == 409
        assert (await ada.post(f"{payment}/confirmation", json={"payment_method": "4242424242424242"})).status_code == 422
        assert (await ada.post(f"{payment}/confirmation", json={})).status_code == 422
    assert (await read(world, OrderId.parse(order["id"]))).status == "open"


@pytest.mark.covers("S003-11")
async def test_what_the_provider_says_reaches_nobody_in_its_words(
    account: Account, ada: httpx.AsyncClient, api: FastAPI
) -> None:
    order = await placed(ada)
    path = f"/v1/orders/{order['id']}/payment-intents"
    for fault, status in (("500_before", 503), ("429", 503), ("lost_response", 503)):
        await account.fail_next(fault, "/v1/payment_intents", times=3)
        answer = await ada.post(path, json={}, headers=ONCE)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), fault
        assert not any(word in answer.text.lower() for word in ("stripe", "traceback", account.key, "req_"))
        await account.http.delete("/_sandbox/faults")
    assert (await ada.post(path, json={}, headers=ONCE)).status_code == 201
    assert len((await account.get("/v1/payment_intents"))["data"]) == 1
