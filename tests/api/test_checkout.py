"""Starting a checkout over HTTP: who may, with what, and what a repetition gets."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.api.conftest import Connect, cart
from tests.worlds import Account, session_of, unchanged

from farthing import orders
from farthing.http.limits import Limiter, Rates
from farthing.ids import CheckoutId, OrderId
from farthing.money import Money
from farthing.world import World

SESSIONS = "/v1/checkout/sessions"
GUEST = {"email": "gil@example.com"}


async def order_count(world: World) -> int:
    async with world.db.transaction("test") as tx:
        count: int = await tx.value("SELECT count(*) FROM orders")
    return count


@pytest.mark.covers("S003-10", "S003-12")
async def test_a_server_starts_a_checkout_at_the_price_of_the_catalog(server: httpx.AsyncClient, world: World) -> None:
    items = [{"product": "mug", "quantity": 3, "metadata": {"color": "blue"}}, {"product": "guide", "quantity": 1}]
    answer = await server.post(SESSIONS, json=cart(items=items, customer={"id": "ada", "email": "ada@example.com"}))
    assert answer.status_code == 201, answer.text
    started = answer.json()
    assert started["object"] == "checkout_session"
    assert started["total"] == {"amount": 8650, "currency": "eur"}
    assert started["url"].startswith("http://127.0.0.1")
    async with world.db.transaction("test") as tx:
        order = await orders.get(tx, OrderId.parse(started["order"]))
    assert (order.total, order.email) == (Money(8650, "eur"), "ada@example.com")
    assert [(line.product, line.quantity, dict(line.metadata)) for line in order.lines] == [
        ("mug", 3, {"color": "blue"}),
        ("guide", 1, {}),
    ]


async def test_a_customer_buys_as_themselves(ada: httpx.AsyncClient, account: Account, world: World) -> None:
    started = (await ada.post(SESSIONS, json=cart())).json()
    session = await session_of(world, CheckoutId.parse(started["id"]))
    assert (await account.pay(session)).status_code == 200
    order = (await ada.post(f"/v1/orders/{started['order']}/sync")).json()
    assert (order["status"], order["email"]) == ("paid", "ada@example.com")
    assert order["payments"][0]["received"] == {"amount": 4900, "currency": "eur"}
    assert (await ada.get("/v1/entitlements", params={"feature": "guide:pro"})).json()["entitled"] is True


async def test_a_guest_buys_with_an_email_in_another_currency(guest: httpx.AsyncClient) -> None:
    answer = await guest.post(SESSIONS, json=cart(currency="usd", customer=GUEST))
    assert (answer.status_code, answer.json()["total"]) == (201, {"amount": 5500, "currency": "usd"})


async def test_its_session_can_be_looked_at(ada: httpx.AsyncClient, eve: httpx.AsyncClient, server: httpx.AsyncClient) -> None:
    started = (await ada.post(SESSIONS, json=cart())).json()
    for caller in (ada, server):
        shown = (await caller.get(f"{SESSIONS}/{started['id']}")).json()
        assert (shown["status"], shown["url"], shown["order_status"]) == ("open", started["url"], "open")
    foreign = await eve.get(f"{SESSIONS}/{started['id']}")
    assert (foreign.status_code, foreign.json()["detail"]) == (404, f"There is no checkout session {started['id']}.")


def item(**changes: Any) -> list[dict[str, Any]]:
    return [{"product": "guide", "quantity": 1} | changes]


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "nothing in the cart": ({"items": []}, 422, "items"),
    "no cart": ({"items": None}, 422, "items"),
    "a cart that is an object": ({"items": {"product": "guide"}}, 422, "items"),
    "51 items": ({"items": item() * 51}, 422, "items"),
    "quantity true": ({"items": item(quantity=True)}, 422, "items[0].quantity"),
    "quantity 1.0": ({"items": item(quantity=1.0)}, 422, "items[0].quantity"),
    "quantity 1.5": ({"items": item(quantity=1.5)}, 422, "items[0].quantity"),
    "quantity as text": ({"items": item(quantity="1")}, 422, "items[0].quantity"),
    "quantity -1": ({"items": item(quantity=-1)}, 422, "items[0].quantity"),
    "quantity 0": ({"items": item(quantity=0)}, 422, "items[0].quantity"),
    "quantity 1e9": ({"items": item(quantity=1e9)}, 422, "items[0].quantity"),
    "quantity a billion": ({"items": item(quantity=10**9)}, 422, "items[0].quantity"),
    "quantity 2**70": ({"items": item(quantity=2**70)}, 422, "items[0].quantity"),
    "quantity null": ({"items": item(quantity=None)}, 422, "items[0].quantity"),
    "more than one order may hold": ({"items": item(quantity=11)}, 422, "items[0].quantity"),
    "more in all than one order may hold": ({"items": item(quantity=6) + item(quantity=6)}, 422, "items[1].quantity"),
    "an unknown product": ({"items": item(product="gide")}, 404, "items[0].product"),
    "a product that is not for sale": ({"items": item(product="retired")}, 409, "items[0].product"),
    "a product that is a number": ({"items": item(product=7)}, 422, "items[0].product"),
    "a product with NUL": ({"items": item(product="guide\0")}, 422, "items[0].product"),
    "a product without a price in the currency": ({"items": item(product="mug"), "currency": "usd"}, 422, "items[0].product"),
    "a price of the client's": ({"items": item(price=1)}, 422, "items[0].price"),
    "an amount of the client's": ({"items": item(amount=1)}, 422, "items[0].amount"),
    "a unit amount of the client's": ({"items": item(unit_amount=1)}, 422, "items[0].unit_amount"),
    "a currency on an item": ({"items": item(currency="usd")}, 422, "items[0].currency"),
    "a total of the client's": ({"total": 1}, 422, "total"),
    "a discount of the client's": ({"discount": 100}, 422, "discount"),
    "an unknown field": ({"coupon": "FREE"}, 422, "coupon"),
    "an unknown currency": ({"currency": "zzz"}, 422, "currency"),
    "a currency in capitals": ({"currency": "EUR"}, 422, "currency"),
    "metadata that is not text": ({"metadata": {"a": 1}}, 422, "metadata.a"),
    "metadata with NUL": ({"metadata": {"a": "\0"}}, 422, "metadata"),
    "metadata with too many keys": ({"metadata": {str(n): "" for n in range(21)}}, 422, "metadata"),
    "item metadata with NUL": ({"items": item(metadata={"a": "\0"})}, 422, "items[0].metadata"),
    "no success_url": ({"success_url": None}, 422, "success_url"),
    "a script to return to": ({"success_url": "javascript:alert(1)"}, 422, "success_url"),
    "a foreign host to return to": ({"success_url": "https://evil.example/"}, 422, "success_url"),
    "a host with our name before an @": ({"success_url": "https://shop.example@evil.example/"}, 422, "success_url"),
    "a backslash in the host": ({"cancel_url": "https://evil.example\\@shop.example/"}, 422, "cancel_url"),
    "a path to return to": ({"cancel_url": "/cart"}, 422, "cancel_url"),
    "a customer who is nobody": ({"customer": {}}, 422, "customer"),
    "an email that is none": ({"customer": {"email": "ada"}}, 422, "customer.email"),
    "two emails": ({"customer": {"email": "a,b@c.d"}}, 422, "customer.email"),
    "an email and a mailbox of the mail server": ({"customer": {"email": "a@b.c,root"}}, 422, "customer.email"),
    "an email that is markup": ({"customer": {"email": "[/x]@b.c"}}, 422, "customer.email"),
    "a name that writes to a terminal": (
        {"customer": {"email": "a@b.c", "name": "\x1b]0;owned\x07"}},
        422,
        "customer.name",
    ),
    "a name written from right to left": ({"customer": {"email": "a@b.c", "name": "Ada\u202eadA"}}, 422, "customer.name"),
    "an email with a newline": ({"customer": {"email": "a@b.c\nBcc: d@e.f"}}, 422, "customer.email"),
    "a user id with NUL": ({"customer": {"id": "a\0da"}}, 422, "customer.id"),
    "a user id of 300 characters": ({"customer": {"id": "a" * 300}}, 422, "customer.id"),
    "an unknown field of the customer": ({"customer": {"id": "ada", "admin": True}}, 422, "customer.admin"),
}


@pytest.mark.covers("F1")
@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_sold_is_refused_by_name(name: str, server: httpx.AsyncClient, world: World) -> None:
    changes, status, param = REFUSED[name]
    async with unchanged(world):
        answer = await server.post(SESSIONS, json=cart(customer={"id": "ada"}) | changes)
    problem = answer.json()
    assert (answer.status_code, problem["param"]) == (status, param), problem
    assert answer.headers["content-type"] == "application/problem+json"


async def test_half_a_surrogate_pair_is_refused(server: httpx.AsyncClient, world: World) -> None:
    body = b'{"items":[{"product":"guide","quantity":1,"metadata":{"a":"\\ud800"}}],"customer":{"id":"\\udfff"},' + (
        b'"success_url":"https://shop.example/","cancel_url":"https://shop.example/"}'
    )
    async with unchanged(world):
        answer = await server.post(SESSIONS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text


@pytest.mark.covers("S002-18")
async def test_a_customer_cannot_buy_as_somebody_else(ada: httpx.AsyncClient, world: World) -> None:
    async with unchanged(world):
        answer = await ada.post(SESSIONS, json=cart(customer={"id": "eve"}))
    assert (answer.status_code, answer.json()["param"]) == (403, "customer")


@pytest.mark.parametrize(
    ("customer", "status", "param"),
    [(None, 422, "customer.email"), ({"name": "Gil"}, 422, "customer.email"), ({**GUEST, "id": "ada"}, 403, "customer.id")],
)
async def test_a_guest_needs_an_email_and_has_no_id(
    guest: httpx.AsyncClient, world: World, customer: dict[str, str] | None, status: int, param: str
) -> None:
    async with unchanged(world):
        answer = await guest.post(SESSIONS, json=cart(customer=customer))
    assert (answer.status_code, answer.json()["param"]) == (status, param)


async def test_a_repetition_with_the_same_key_gets_the_same_answer(server: httpx.AsyncClient, world: World) -> None:
    body, key = cart(customer={"id": "ada"}), {"Idempotency-Key": "one"}
    first = await server.post(SESSIONS, json=body, headers=key)
    async with unchanged(world):
        again = await server.post(SESSIONS, json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_key_with_another_body_is_refused(server: httpx.AsyncClient, world: World) -> None:
    key = {"Idempotency-Key": "one"}
    await server.post(SESSIONS, json=cart(customer={"id": "ada"}), headers=key)
    async with unchanged(world):
        answer = await server.post(SESSIONS, json=cart(customer={"id": "eve"}), headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.covers("F33")
async def test_ten_at_once_with_one_key_place_one_order(server: httpx.AsyncClient, world: World, account: Account) -> None:
    body, key = cart(customer={"id": "ada"}), {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(server.post(SESSIONS, json=body, headers=key) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert {answer.headers.get("Retry-After") for answer in answers if answer.status_code == 409} <= {"1"}
    assert await order_count(world) == 1
    assert len((await account.get("/v1/checkout/sessions"))["data"]) == 1


@pytest.mark.covers("F53")
async def test_the_keys_of_two_callers_never_meet(
    server: httpx.AsyncClient, ada: httpx.AsyncClient, eve: httpx.AsyncClient, guest: httpx.AsyncClient, world: World
) -> None:
    key = {"Idempotency-Key": "one"}
    started = [
        await server.post(SESSIONS, json=cart(customer={"id": "ada"}), headers=key),
        await ada.post(SESSIONS, json=cart(), headers=key),
        await eve.post(SESSIONS, json=cart(), headers=key),
        await guest.post(SESSIONS, json=cart(customer=GUEST), headers=key),
        await guest.post(SESSIONS, json=cart(customer={"email": "hal@example.com"}), headers=key),
    ]
    assert [answer.status_code for answer in started] == [201] * 5
    assert len({answer.json()["order"] for answer in started}) == 5
    assert await order_count(world) == 5


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_a_key_that_is_none_is_refused(server: httpx.AsyncClient, world: World, key: str) -> None:
    async with unchanged(world):
        answer = await server.post(SESSIONS, json=cart(customer={"id": "ada"}), headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["param"]) == (422, "Idempotency-Key")


async def test_where_the_provider_is_silent_a_repetition_goes_on_with_the_same_order(
    server: httpx.AsyncClient, account: Account, world: World
) -> None:
    body, key = cart(customer={"id": "ada"}), {"Idempotency-Key": "one"}
    await account.fail_next("500_before", "/v1/checkout/sessions", times=3)
    silent = await server.post(SESSIONS, json=body, headers=key)
    assert (silent.status_code, silent.json()["code"]) == (503, "provider_unavailable")
    assert silent.headers["Retry-After"] == "5"
    again = await server.post(SESSIONS, json=body, headers=key)
    assert again.status_code == 201, again.text
    assert await order_count(world) == 1
    assert len((await account.get("/v1/checkout/sessions"))["data"]) == 1


@pytest.mark.covers("S003-11")
async def test_nothing_of_the_providers_words_reaches_a_guest(guest: httpx.AsyncClient, account: Account) -> None:
    await account.fail_next("500_before", "/v1/checkout/sessions", times=3)
    answer = await guest.post(SESSIONS, json=cart(customer=GUEST))
    assert (answer.status_code, answer.json()["detail"]) == (503, "The payment provider did not answer. Try the same again.")


@pytest.mark.covers("F176")
async def test_too_many_checkouts_from_one_address_must_wait(world: World, connect: Connect, api: FastAPI) -> None:
    api.state.limiter = Limiter(Rates(guest="2/minute"))
    async with connect() as guest:
        answers = [await guest.post(SESSIONS, json=cart(customer=GUEST)) for _ in range(2)]
        async with unchanged(world):
            refused = await guest.post(SESSIONS, json=cart(customer=GUEST))
    assert [(answer.status_code, answer.headers["RateLimit-Remaining"]) for answer in answers] == [(201, "1"), (201, "0")]
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Limit"] == "2"
