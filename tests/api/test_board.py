"""What a job board, an agency and a seller of credits ask for over HTTP, and what they may not."""

import httpx
import pytest
from tests.boards import ADA, board, posting
from tests.news import sound
from tests.worlds import Account, buy

from farthing.catalog import CartItem
from farthing.world import World


@pytest.fixture
def shop(world: World) -> World:
    return board(world)


@pytest.mark.covers("S000-43", "S000-46")
async def test_postings_are_seen_by_their_owner_and_decided_by_servers(
    shop: World, account: Account, server: httpx.AsyncClient, ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    await buy(shop, account, posting("one", "checked-posting"), CartItem("email-blast", 1, {"job": "one"}), buyer=ADA)
    order = await buy(shop, account, posting("two", "checked-posting"), CartItem("email-blast"), CartItem("review"), buyer=ADA)
    mine = (await ada.get("/v1/job-postings")).json()["data"]
    assert [(each["job"], each["status"], each["addons"]) for each in mine] == [
        ("two", "pending_approval", ["email-blast"]),
        ("one", "pending_approval", ["email-blast"]),
    ]
    two, one = (f"/v1/job-postings/{each['id']}" for each in mine)
    assert (await eve.get("/v1/job-postings")).json()["data"] == []
    assert (await eve.get(one)).status_code == 404
    assert (await ada.get(one)).json()["job"] == "one"
    assert (await ada.post(f"{one}/approval")).status_code == 403
    approved = (await server.post(f"{one}/approval")).json()
    assert (approved["status"], approved["rejected_reason"]) == ("published", None)
    assert (await server.post(f"{one}/approval")).status_code == 409
    assert (await server.get("/v1/job-postings", params={"status": "published", "job": "one"})).json()["data"] == [approved]
    assert (await server.post(f"{two}/rejection", json={"reason": ""})).status_code == 422
    rejected = await server.post(f"{two}/rejection", json={"reason": "It is no job.", "refund": True})
    assert (rejected.status_code, rejected.json()["status"]) == (200, "rejected")
    shown = (await server.get(f"/v1/orders/{order.id}")).json()
    assert [refund["amount"]["amount"] for refund in shown["refunds"]] == [9900 + 4900], "the review goes on"
    assert shown["line_items"][1]["addon_to"] == shown["line_items"][0]["id"]
    assert await sound(shop)


async def test_a_service_is_said_to_be_delivered(
    shop: World, account: Account, server: httpx.AsyncClient, ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    order = await buy(shop, account, CartItem("review"), buyer=ADA)
    path, line = f"/v1/orders/{order.id}/fulfillments", str(order.lines[0].id)
    assert [each["status"] for each in (await ada.get(path)).json()["data"]] == ["pending"]
    assert (await eve.get(path)).status_code == 404
    assert (await ada.post(path, json={"line_item": line})).status_code == 403
    begun = await server.post(path, json={"line_item": line})
    assert (begun.status_code, begun.json()["status"]) == (201, "in_progress")
    done = (await server.post(path, json={"line_item": line, "delivered_units": 3, "note": "sent by post"})).json()
    assert (done["status"], done["note"]) == ("delivered", "sent by post")
    assert (await server.post(path, json={"line_item": line, "delivered_units": 4})).status_code == 422
    assert (await server.post(path, json={"line_item": "nonsense"})).status_code == 422
    assert (await ada.get(f"/v1/orders/{order.id}")).json()["fulfillment_status"] == "fulfilled"


@pytest.mark.covers("S000-55")
async def test_credits_are_granted_spent_and_given_back_by_servers_and_seen_by_their_owner(
    shop: World, server: httpx.AsyncClient, ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    path = "/v1/customers/ada"
    grant = {"amount": 10, "reference": "welcome", "expires_at": "2099-01-01T00:00:00Z"}
    assert (await server.get(f"{path}/credits")).status_code == 404
    first, again = [await server.post(f"{path}/credit-grants", json=grant) for _ in range(2)]
    assert (first.status_code, first.json()) == (201, again.json())
    assert (await server.post(f"{path}/credit-grants", json=grant | {"amount": 11})).status_code == 422
    assert (await ada.post(f"{path}/credit-spends", json={"amount": 1, "reference": "x"})).status_code == 403
    spent = await server.post(f"{path}/credit-spends", json={"amount": 3, "reference": "job-1"})
    assert (spent.status_code, spent.json()["status"]) == (201, "spent")
    assert (await server.post(f"{path}/credit-spends", json={"amount": 8, "reference": "job-2"})).status_code == 409
    mine = (await ada.get(f"{path}/credits")).json()
    assert (mine["balance"], [entry["change"] for entry in mine["statement"]]) == (7, [-3, 10])
    assert (await eve.get(f"{path}/credits")).status_code == 404
    released = await server.post(f"/v1/credit-spends/{spent.json()['id']}/release")
    assert released.json()["status"] == "released"
    assert (await ada.get(f"{path}/credits")).json()["balance"] == 10
    assert await sound(shop)
