"""Changes over HTTP and from the command line: whose they are, and what a mistaken or hostile wish gets."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from tests.subscriptions.conftest import Ada, subscribe, the_one
from tests.worlds import Account, unchanged

from farthing.api import build
from farthing.http import keys
from farthing.http.callers import CustomerIdentity
from farthing.world import World


async def _signed_in(request: Request) -> CustomerIdentity | None:
    user = request.headers.get("x-user")
    return None if user is None else CustomerIdentity(user, f"{user}@example.com", user)


@pytest.fixture
def door(world: World) -> httpx.AsyncClient:
    api: FastAPI = build()
    api.state.world, api.state.authenticate = world, _signed_in
    transport = httpx.ASGITransport(api, client=("192.0.2.7", 4321))
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers={"X-User": "ada"})


async def test_a_customer_quotes_changes_plans_pauses_and_goes_on(
    world: World, account: Account, ada: Ada, door: httpx.AsyncClient
) -> None:
    bought = await subscribe(world, account)
    place = f"/v1/subscriptions/{bought.id}"
    quote = (await door.post(f"{place}/changes/preview", json={"plan": "team"})).raise_for_status().json()
    assert (quote["status"], quote["due"]["amount"], quote["renewal"]["amount"]) == ("quoted", quote["total"]["amount"], 5000)
    done = (await door.post(f"{place}/changes", json={"quote": quote["id"]})).raise_for_status().json()
    assert (done["status"], done["id"], done["client_secret"]) == ("done", quote["id"], None)
    back = (await door.post(f"{place}/changes/preview", json={"plan": "pro", "price": "monthly"})).json()
    planned = (await door.post(f"{place}/changes", json={"quote": back["id"]})).json()
    assert (planned["status"], planned["when"]) == ("scheduled", "period_end")
    assert (await door.post(f"{place}/pause")).status_code == 409
    listed = (await door.get(f"{place}/changes")).json()["data"]
    assert [each["status"] for each in listed] == ["scheduled", "done"]
    assert (await door.delete(f"{place}/changes/{planned['id']}")).json()["status"] == "dropped"
    paused = (await door.post(f"{place}/pause", json={"reason": "holidays"})).raise_for_status().json()
    assert (paused["paused"], paused["status"]) == (True, "active")
    resumed = (await door.post(f"{place}/resumption")).raise_for_status().json()
    assert resumed["paused"] is False


async def test_a_quote_that_does_not_hold_is_answered_with_the_new_one(
    world: World, account: Account, ada: Ada, door: httpx.AsyncClient
) -> None:
    bought = await subscribe(world, account)
    place = f"/v1/subscriptions/{bought.id}"
    quote = (await door.post(f"{place}/changes/preview", json={"quantity": 2})).json()
    await ada.later(minutes=20)
    answer = await door.post(f"{place}/changes", json={"quote": quote["id"]})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "quote_changed")
    fresh = problem["quote"]
    done = await door.post(f"{place}/changes", json={"quote": fresh["id"]})
    assert done.json()["status"] == "done"


async def test_nobody_changes_what_is_somebody_elses_and_bad_input_changes_nothing(
    world: World, account: Account, ada: Ada, door: httpx.AsyncClient
) -> None:
    bought = await subscribe(world, account)
    place = f"/v1/subscriptions/{bought.id}"
    quote = (await door.post(f"{place}/changes/preview", json={"quantity": 2})).json()["id"]
    eve = {"X-User": "eve"}
    bodies: list[tuple[str, Any]] = [("changes/preview", {"quantity": 2}), ("changes", {"quote": quote}), ("pause", {})]
    for path, body in bodies:
        assert (await door.post(f"{place}/{path}", json=body, headers=eve)).status_code == 404
    assert (await door.delete(f"{place}/changes/{quote}", headers=eve)).status_code == 404
    refused: list[tuple[str, Any, int]] = [
        ("changes/preview", {"quantity": -1}, 422),
        ("changes/preview", {"quantity": 0}, 422),
        ("changes/preview", {"quantity": "2"}, 422),
        ("changes/preview", {"quantity": 10**9}, 422),
        ("changes/preview", {"plan": "a\u0000b"}, 422),
        ("changes/preview", {"plan": "unheard-of"}, 404),
        ("changes/preview", {"plan": "pro"}, 409),
        ("changes/preview", {"plan": "easy"}, 409),
        ("changes/preview", {"quantity": 11}, 422),
        ("changes/preview", {"plan": "team", "quantity": 2}, 422),
        ("changes/preview", {"currency": "usd"}, 422),
        ("changes/preview", {"coupon": "half"}, 403),
        ("changes/preview", {"coupon": ""}, 403),
        ("changes/preview", {"current_price": True}, 403),
        ("changes/preview", {"when": "yesterday"}, 422),
        ("changes", {}, 422),
        ("changes", {"quote": "subscription_change_01k9h4w3q8fvtb7m2x5c6d0e1f"}, 404),
        ("changes", {"quote": str(bought.id)}, 422),
        ("pause", {"until": "2001-01-01T00:00:00Z"}, 422),
        ("pause", {"until": "2999-01-01T00:00:00Z"}, 422),
        ("pause", {"until": "2026-12-01T00:00:00"}, 422),
    ]
    for path, body, status in refused:
        answer = await door.post(f"{place}/{path}", json=body)
        assert (path, body, answer.status_code) == (path, body, status), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    after = await the_one(world)
    assert replace(after, look=bought.look, seen_at=bought.seen_at) == bought


async def test_a_card_that_declines_leaves_the_old_plan_and_what_is_over_is_not_changed(
    world: World, account: Account, ada: Ada, door: httpx.AsyncClient
) -> None:
    bought = await subscribe(world, account)
    place = f"/v1/subscriptions/{bought.id}"
    await ada.card("pm_card_chargeCustomerFail")
    quote = (await door.post(f"{place}/changes/preview", json={"plan": "team"})).json()
    waits = await door.post(f"{place}/changes", json={"quote": quote["id"]})
    assert (waits.status_code, waits.json()["status"]) == (200, "waiting")
    assert (await door.get(place)).json()["plan"] == "pro"
    assert waits.json()["client_secret"]
    assert waits.json()["url"]
    assert (await door.delete(f"{place}/changes/{quote['id']}")).status_code == 409
    assert (await door.post(f"{place}/cancellation", json={"when": "now"})).json()["status"] == "canceled"
    refused = await door.post(f"{place}/changes/preview", json={"plan": "team"})
    assert (refused.status_code, "is over" in refused.json()["detail"]) == (409, True)


async def test_what_is_not_sold_so_does_not_begin(world: World, ada: Ada, door: httpx.AsyncClient) -> None:
    refused: list[tuple[dict[str, Any], int]] = [
        ({"plan": "por"}, 404),
        ({"plan": "mug"}, 422),
        ({"quantity": 0}, 422),
        ({"quantity": 11}, 422),
        ({"currency": "gbp"}, 422),
        ({"price": "weekly"}, 404),
        ({"price": "launch"}, 409),
        ({"payment_method": "default"}, 409),
        ({"payment_method": "payment_method_01k9h4w3q8fvtb7m2x5c6d0e1f"}, 404),
    ]
    async with unchanged(world):
        for fields, status in refused:
            answer = await door.post("/v1/subscriptions", json={"plan": "pro", "price": "monthly", **fields})
            assert (fields, answer.status_code) == (fields, status), answer.text


async def test_a_server_moves_a_buyer_by_the_key_of_the_api(
    world: World, account: Account, ada: Ada, door: httpx.AsyncClient
) -> None:
    bought = await subscribe(world, account)
    async with world.db.transaction("test") as tx:
        _, secret = await keys.create(tx, "the shop's server", livemode=False)
    headers = {"Authorization": f"Bearer {secret}", "X-User": ""}
    answer = await door.post(f"/v1/subscriptions/{bought.id}/changes/preview", json={"current_price": True}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
