"""Customers over HTTP: a server tells of its users, a user sees only themselves."""

import httpx
import pytest
from tests.news import hear, work
from tests.worlds import BASE_URL, Account, buy, unchanged

from farthing.world import World

ADA = {"id": "ada", "email": "ada@example.com", "name": "Ada Lovelace", "metadata": {"team": "engines"}}
PAGES = {
    "setup-sessions": {"success_url": f"{BASE_URL}/saved", "cancel_url": f"{BASE_URL}/account"},
    "portal-sessions": {"return_url": f"{BASE_URL}/account"},
}


@pytest.mark.covers("S003-9")
async def test_a_server_tells_of_a_user_whom_the_provider_then_knows(
    world: World, account: Account, server: httpx.AsyncClient, guest: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    first = await server.post("/v1/customers", json=ADA)
    again = await server.post("/v1/customers", json={"id": "ada"})
    assert (first.status_code, first.json()) == (200, again.json()), "what is left out stays"
    await work(world)
    shown = (await ada.get("/v1/customers/ada")).json()
    assert shown["provider_customer"] == (await account.get("/v1/customers"))["data"][0]["id"]
    assert (shown["metadata"], shown["name"]) == ({"team": "engines"}, "Ada Lovelace")
    listed = (await server.get("/v1/customers", params={"search": "ada l"})).json()
    assert [each["id"] for each in listed["data"]] == ["ada"]
    assert (await guest.get("/v1/customers")).status_code == 401
    assert (await ada.get("/v1/customers")).status_code == 403
    async with unchanged(world):
        assert (await ada.post("/v1/customers", json=ADA)).status_code == 403
        assert (await server.post("/v1/customers", json={"id": ""})).status_code == 422
        assert (await server.post("/v1/customers", json={"id": "x", "metadata": {"farthing_x": "1"}})).status_code == 422


@pytest.mark.covers("S003-16", "F166", "F168")
async def test_nobody_gets_to_the_pages_or_methods_of_somebody_else(
    world: World, account: Account, server: httpx.AsyncClient, ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    await buy(world, account, save_method=True)
    await hear(world, account)
    (card,) = (await ada.get("/v1/customers/ada/payment-methods")).json()["data"]
    assert (card["brand"], card["last4"], card["is_default"]) == ("visa", "4242", True)
    for page, body in PAGES.items():
        assert (await ada.post(f"/v1/customers/ada/{page}", json=body)).json()["url"].startswith("http")
        assert (await server.post(f"/v1/customers/ada/{page}", json=body)).status_code == 201
        async with unchanged(world):
            assert (await eve.post(f"/v1/customers/ada/{page}", json=body)).status_code == 404
            evil = dict.fromkeys(body, "https://evil.example/")
            assert (await ada.post(f"/v1/customers/ada/{page}", json=evil)).status_code == 422
    method = f"/v1/customers/ada/payment-methods/{card['id']}"
    async with unchanged(world):
        for path in ("/v1/customers/ada", "/v1/customers/ada/payment-methods"):
            assert (await eve.get(path)).status_code == 404
        assert (await eve.delete(method)).status_code == 404
        assert (await eve.post(f"{method}/default")).status_code == 404
        assert (await eve.delete(method.replace("ada", "eve"))).status_code == 404
    assert (await ada.post(f"{method}/default")).json()["is_default"]
    assert (await ada.delete(method)).json()["status"] == "detached"
    assert (await ada.get("/v1/customers/ada/payment-methods")).json()["data"] == []


@pytest.mark.covers("S003-25", "F168")
async def test_only_a_server_charges_what_somebody_saved_and_only_once(
    world: World, account: Account, server: httpx.AsyncClient, ada: httpx.AsyncClient, guest: httpx.AsyncClient
) -> None:
    await buy(world, account, save_method=True)
    await hear(world, account)
    charges, mugs = "/v1/customers/ada/charges", {"items": [{"product": "mug", "quantity": 2}]}
    async with unchanged(world):
        assert (await guest.post(charges, json=mugs)).status_code == 401
        assert (await ada.post(charges, json=mugs)).status_code == 403
        assert (await server.post("/v1/customers/nobody/charges", json=mugs)).status_code == 404
        assert (await server.post(charges, json=mugs | {"payment_method": "pm_card_visa"})).status_code == 422
        assert (await server.post(charges, json=mugs | {"amount": 1})).status_code == 422
    once = {"Idempotency-Key": "monday"}
    first, again = [await server.post(charges, json=mugs, headers=once) for _ in range(2)]
    assert (first.status_code, first.json()["status"], first.json()["code"]) == (201, "paid", None)
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert (await server.post(charges, json={"items": [{"product": "mug"}]}, headers=once)).status_code == 422
    paid = (await ada.get(f"/v1/orders/{first.json()['order']}")).json()
    assert (paid["status"], paid["total"]["amount"]) == ("paid", 2500)
    assert [each["amount"] for each in (await account.get("/v1/charges"))["data"]] == [2500, 4900]
