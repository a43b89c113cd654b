"""Listings and sellers' orders over HTTP: who may see and do what."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.api.conftest import Connect, api, connect, secret
from tests.marketplace.conftest import Market, of
from tests.worlds import buy, unchanged

from farthing import orders, seller_orders

__all__ = ["api", "connect", "secret"]

GRACE, LINUS, ADA = {"X-User": "grace"}, {"X-User": "linus"}, {"X-User": "ada"}
LAMP = {"sku": "lamp", "title": "A lamp of brass", "prices": [{"amount": 2000, "currency": "usd"}], "stock": 3}


@pytest.fixture
def people(market: Market, api: FastAPI, connect: Connect) -> Connect:
    api.state.world = market.world
    return connect


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/v1/listings", json=LAMP | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.covers("S004-22")
async def test_a_seller_lists_publishes_and_changes_what_is_theirs(people: Connect) -> None:
    async with people(**GRACE) as grace, people(**LINUS) as linus, people() as guest:
        lamp = await made(grace)
        assert (lamp["status"], lamp["available"], lamp["seller"]) == ("draft", 3, "grace")
        path = f"/v1/listings/{lamp['id']}"
        assert (await guest.get(path)).status_code == 404
        assert (await guest.get("/v1/listings")).json()["data"] == []
        for verb in ("publication", "pause", "publication"):
            assert (await linus.post(f"{path}/{verb}")).status_code == 404
            assert (await grace.post(f"{path}/{verb}")).status_code == 200
        assert [each["id"] for each in (await guest.get("/v1/listings")).json()["data"]] == [lamp["id"]]
        changed = await grace.patch(path, json={"title": "A better lamp", "category": "lighting"})
        assert (changed.json()["title"], changed.json()["prices"]) == ("A better lamp", LAMP["prices"])
        assert (await linus.patch(path, json={"title": "Mine"})).status_code == 404
        assert (await grace.post(f"{path}/archival")).json()["status"] == "archived"
        assert (await grace.patch(path, json={"title": "Again"})).status_code == 409


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"prices": []}, 422, "prices"),
        ({"prices": [{"amount": 0, "currency": "usd"}]}, 422, "prices"),
        ({"prices": [{"amount": 5, "currency": "usd"}] * 2}, 422, "prices"),
        ({"prices": [{"amount": 1001, "currency": "kwd"}]}, 422, "prices"),
        ({"title": ""}, 422, "title"),
        ({"seller": "linus"}, 403, "seller"),
        ({"product": "bag"}, 404, "product"),
        ({"image_url": "javascript:alert(1)"}, 422, "image_url"),
        ({"stock": -1}, 422, "stock"),
    ],
)
async def test_a_listing_that_makes_no_sense_is_not_made(
    body: dict[str, Any], status: int, param: str, people: Connect, market: Market
) -> None:
    async with people(**GRACE) as grace, unchanged(market.world):
        answer = await grace.post("/v1/listings", json=LAMP | body)
    assert answer.status_code == status, answer.text
    assert param in (answer.json().get("param") or ""), answer.text


@pytest.mark.covers("F170")
async def test_a_seller_sends_their_own_and_nobody_elses(people: Connect, market: Market) -> None:
    lamp, novel = await market.lists(market.grace, "lamp"), await market.lists(market.linus, "novel")
    order = await buy(market.world, market.account, of(lamp), of(novel))
    async with people(**GRACE) as grace, people(**LINUS) as linus, people(**ADA) as ada:
        (own,) = (await grace.get("/v1/seller-orders", params={"to_ship": "true"})).json()["data"]
        path = f"/v1/seller-orders/{own['id']}"
        assert (await linus.get(path)).status_code == 404
        parcel = {"carrier": "DHL", "tracking_number": "JD01", "tracking_url": "https://dhl.example/JD01"}
        assert (await linus.post(f"{path}/shipments", json=parcel)).status_code == 404
        assert (await ada.post(f"{path}/shipments", json=parcel)).status_code == 404
        sent = await grace.post(f"{path}/shipments", json=parcel)
        assert (sent.status_code, sent.json()["carrier"]) == (201, "dhl")
        news = f"/v1/shipments/{sent.json()['id']}/news"
        assert (await grace.post(news, json={"status": "delivered"})).status_code == 403
        assert (await grace.post(news, json={"status": "in_transit"})).json()["status"] == "in_transit"
        seen = (await ada.get(f"/v1/orders/{order.id}/seller-orders")).json()["data"]
        assert [(each["seller"], each["fulfillment_status"]) for each in seen] == [
            ("grace", "shipped"),
            ("linus", "unfulfilled"),
        ]
        assert (await linus.get(f"/v1/orders/{order.id}/seller-orders")).status_code == 404
        assert (await grace.get("/v1/seller-orders", params={"seller": "linus"})).status_code == 403
        assert (await ada.get("/v1/seller-orders")).json()["data"] == []


async def test_a_cart_over_http_names_listings(people: Connect, market: Market, secret: str) -> None:
    lamp = await market.lists(market.grace, "lamp", stock=1)
    async with people(**ADA) as ada:
        cart = {"items": [{"listing": str(lamp.id)}]}
        priced = (await ada.post("/v1/carts", json=cart)).json()
        assert priced["total"] == {"amount": 2000, "currency": "usd"}
        body = cart | {"success_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/cart"}
        assert (await ada.post("/v1/checkout/sessions", json=body)).status_code == 201
        sold_out = await ada.post("/v1/checkout/sessions", json=body)
        assert (sold_out.status_code, sold_out.json()["code"]) == (409, "out_of_stock")
        assert (await ada.post("/v1/carts", json={"items": [{}]})).status_code == 422


async def test_while_the_bank_decides_nothing_is_sent(people: Connect, market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, market.account, of(lamp))
    (part,) = await market.do(lambda tx: seller_orders.of_order(tx, order.id))
    await market.do(lambda tx: orders.hold_access(tx, order))
    async with people(**GRACE) as grace:
        refused = await grace.post(f"/v1/seller-orders/{part.id}/shipments", json={"carrier": "dhl"})
    assert (refused.status_code, "disputed" in refused.json()["detail"]) == (409, True)
