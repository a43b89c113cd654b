"""Refunds over HTTP: a preview that can be held to, lines, requests of buyers, and who may see and do what."""

import httpx
import pytest
from tests.news import sound, work
from tests.worlds import Account, buy, unchanged

from farthing.catalog import CartItem
from farthing.world import World


@pytest.mark.covers("S003-15", "S000-25", "C16")
async def test_a_refund_is_made_at_the_figures_of_its_preview_or_not_at_all(
    server: httpx.AsyncClient, world: World, account: Account
) -> None:
    order = await buy(world, account, CartItem("guide"), CartItem("mug", 2))
    path, mugs = f"/v1/orders/{order.id}", str(order.lines[1].id)
    wanted = {"lines": [{"line_item": mugs, "quantity": 1}]}
    async with unchanged(world):
        seen = (await server.post(f"{path}/refund-preview", json=wanted)).json()
        whole = (await server.get(f"{path}/refund-preview")).json()
    assert (seen["amount"]["amount"], seen["left"]["amount"], seen["order_becomes"]) == (1250, 6150, "paid")
    assert seen["revoked"] == []
    assert (whole["amount"]["amount"], whole["order_becomes"], whole["revoked"]) == (7400, "refunded", ["guide:pro"])
    assert [posting["target"] for posting in whole["postings"]] == ["refunds", "refunds:owed"]

    moved = await server.post(f"{path}/refunds", json={"amount": {"amount": 100, "currency": "eur"}})
    assert moved.status_code == 201
    refused = await server.post(f"{path}/refunds", json={**wanted, "figure": seen["figure"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    held = await server.post(f"{path}/refunds", json={**wanted, "figure": refused.json()["preview"]["figure"]})
    assert held.status_code == 201, held.text
    lines = held.json()["lines"]
    assert [(line["line_item"], line["quantity"], line["amount"]["amount"]) for line in lines] == [(mugs, 1, 1250)]
    await work(world)
    listed = (await server.get("/v1/refunds", params={"status": "succeeded"})).json()["data"]
    assert {refund["id"] for refund in listed} == {moved.json()["id"], held.json()["id"]}
    assert await sound(world)


@pytest.mark.covers("F166", "F170", "S000-45")
async def test_a_buyer_asks_for_their_own_order_and_only_the_shop_decides(
    server: httpx.AsyncClient, ada: httpx.AsyncClient, eve: httpx.AsyncClient, world: World, account: Account
) -> None:
    order = await buy(world, account)
    path = f"/v1/orders/{order.id}/refund-requests"
    assert (await eve.post(path, json={})).status_code == 404
    asked = await ada.post(path, json={"message": "too dark"}, headers={"Idempotency-Key": "one click"})
    again = await ada.post(path, json={"message": "too dark"}, headers={"Idempotency-Key": "one click"})
    assert (asked.status_code, again.json()) == (201, asked.json())
    assert (await ada.post(path, json={})).status_code == 409
    one = f"/v1/refund-requests/{asked.json()['id']}"
    assert [(await eve.get(one)).status_code, (await eve.post(f"{one}/withdrawal")).status_code] == [404, 404]
    for verb in ("approval", "decline"):
        assert (await ada.post(f"{one}/{verb}", json={})).status_code == 403
    assert (await ada.post(f"/v1/orders/{order.id}/refunds", json={})).status_code == 403
    assert (await ada.post(f"/v1/orders/{order.id}/refund-preview", json={})).status_code == 403
    granted = await server.post(f"{one}/approval", json={"note": "a good customer"})
    assert (granted.json()["status"], granted.json()["note"]) == ("approved", "a good customer")
    seen = (await ada.get(one)).json()
    assert (seen["status"], seen["note"], seen["first_approver"]) == ("approved", None, None)
    await work(world)
    assert [request["status"] for request in (await ada.get("/v1/refund-requests")).json()["data"]] == ["refunded"]
    assert (await eve.get("/v1/refund-requests")).json()["data"] == []
    refund = (await server.get(f"/v1/refunds/{granted.json()['refund']}")).json()
    assert refund["status"] == "succeeded"
    for verb in ("retry", "cancellation"):
        assert (await server.post(f"/v1/refunds/{refund['id']}/{verb}")).status_code == 409
    assert await sound(world)


@pytest.mark.parametrize(
    "body",
    [
        {"lines": [{"line_item": "line_item_nonsense"}]},
        {"lines": [{"line_item": "x", "quantity": 0}]},
        {"lines": [{"line_item": "x", "price": 1}]},
        {"amount": {"amount": 1, "currency": "eur"}, "lines": [{"line_item": "$LINE"}]},
        {"lines": [{"line_item": "$LINE"}, {"line_item": "$LINE"}]},
        {"amount": {"amount": 1, "currency": "usd"}},
    ],
)
async def test_a_refund_that_makes_no_sense_is_refused_and_changes_nothing(
    body: dict[str, object], server: httpx.AsyncClient, world: World, account: Account
) -> None:
    order = await buy(world, account)
    text = httpx.Request("POST", "http://x", json=body).content.replace(b"$LINE", str(order.lines[0].id).encode())
    async with unchanged(world):
        answer = await server.post(f"/v1/orders/{order.id}/refunds", content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
