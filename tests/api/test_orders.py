"""Orders over HTTP: whose they are, in pages, canceled, looked after, and given back."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.worlds import Account, buy, session_of, start, unchanged

from farthing import payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.ids import OrderId, RefundId
from farthing.world import World

EVE = Buyer("eve", "eve@example.com", "Eve")


async def test_an_order_is_shown_with_its_lines_its_money_and_its_refunds(
    server: httpx.AsyncClient, world: World, account: Account
) -> None:
    order = await buy(world, account, CartItem("mug", 2, {"color": "blue"}))
    await server.post(f"/v1/orders/{order.id}/refunds", json={"amount": {"amount": 500, "currency": "eur"}, "note": "a chip"})
    shown = (await server.get(f"/v1/orders/{order.id}")).json()
    assert shown["object"] == "order"
    assert (shown["number"], shown["status"], shown["livemode"]) == (order.number, "paid", False)
    assert shown["total"] == shown["subtotal"] == {"amount": 2500, "currency": "eur"}
    (line,) = shown["line_items"]
    assert (line["product"], line["quantity"], line["unit"]["amount"], line["metadata"]) == ("mug", 2, 1250, {"color": "blue"})
    (payment,) = shown["payments"]
    assert (payment["status"], payment["settles"], payment["card_last4"]) == ("succeeded", True, "4242")
    assert (payment["refunding"]["amount"], payment["refunded"]["amount"], shown["refundable"]["amount"]) == (500, 0, 2000)
    (refund,) = shown["refunds"]
    assert (refund["status"], refund["amount"]["amount"], refund["note"]) == ("promised", 500, "a chip")
    assert shown["placed_at"].endswith("Z")


@pytest.mark.covers("F166")
async def test_a_customer_sees_their_own_orders_and_nobody_elses(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient, server: httpx.AsyncClient, world: World
) -> None:
    hers, theirs = await start(world), await start(world, buyer=EVE)
    guests = await start(world, buyer=Buyer(None, "ada@example.com"))
    assert [order["id"] for order in (await ada.get("/v1/orders")).json()["data"]] == [str(hers.order_id)]
    assert [order["id"] for order in (await eve.get("/v1/orders")).json()["data"]] == [str(theirs.order_id)]
    assert len((await server.get("/v1/orders")).json()["data"]) == 3
    nowhere = OrderId.new()
    async with unchanged(world):
        for foreign in (theirs.order_id, guests.order_id, nowhere):
            for method, path in (("GET", ""), ("GET", "/refunds"), ("POST", "/cancellation"), ("POST", "/sync")):
                answer = await ada.request(method, f"/v1/orders/{foreign}{path}")
                assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no order {foreign}.")


async def test_a_customer_who_never_bought_has_an_empty_list(ada: httpx.AsyncClient) -> None:
    assert (await ada.get("/v1/orders")).json() == {"object": "list", "data": [], "has_more": False, "next_cursor": None}


async def test_pages_follow_one_another_without_gap_or_repetition(server: httpx.AsyncClient, world: World) -> None:
    placed = [str((await start(world)).order_id) for _ in range(5)]
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    for more in (True, True, False):
        page = (await server.get("/v1/orders", params=params)).json()
        seen += [order["id"] for order in page["data"]]
        assert page["has_more"] is more
        params["cursor"] = page["next_cursor"]
    assert seen == placed[::-1]


async def test_orders_are_filtered_by_status(
    server: httpx.AsyncClient, ada: httpx.AsyncClient, world: World, account: Account
) -> None:
    paid = await buy(world, account)
    await start(world)
    for caller in (server, ada):
        found = (await caller.get("/v1/orders", params={"status": "paid"})).json()["data"]
        assert [order["id"] for order in found] == [str(paid.id)]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limit=1e1", "limit"),
        (f"limit={'9' * 5000}", "limit"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=refund_01k9h4w3q8fvtb7m2x5c6d0e1f", "cursor"),
        ("cursor=order_81k9h4w3q8fvtb7m2x5c6d0e1f", "cursor"),
        ("cursor=%00", "cursor"),
        (f"cursor={'x' * 5000}", "cursor"),
        ("status=unpaid", "status"),
        ("status=PAID", "status"),
        ("statsu=paid", "statsu"),
    ],
)
async def test_a_query_that_means_nothing_is_refused(server: httpx.AsyncClient, query: str, param: str) -> None:
    answer = await server.get(f"/v1/orders?{query}")
    assert (answer.status_code, answer.json()["param"]) == (422, param)


@pytest.mark.parametrize(
    "id", ["x", "order_", "order_x", "refund_01k9h4w3q8fvtb7m2x5c6d0e1f", "1001", "ORDER_01", "%2e%2e", "a" * 999]
)
async def test_an_id_that_is_none_leads_nowhere(server: httpx.AsyncClient, world: World, id: str) -> None:
    async with unchanged(world):
        for method, path in (
            ("GET", ""),
            ("GET", "/timeline"),
            ("POST", "/sync"),
            ("POST", "/cancellation"),
            ("POST", "/refunds"),
        ):
            answer = await server.request(method, f"/v1/orders/{id}{path}", json={} if path == "/refunds" else None)
            assert answer.status_code == 404


async def test_a_canceled_order_cannot_be_paid_and_canceling_again_changes_nothing(
    ada: httpx.AsyncClient, world: World, account: Account
) -> None:
    started = await start(world)
    session = await session_of(world, started.id)
    canceled = await ada.post(f"/v1/orders/{started.order_id}/cancellation")
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    assert (await account.pay(session)).status_code == 400
    async with unchanged(world):
        again = await ada.post(f"/v1/orders/{started.order_id}/cancellation")
    assert (again.status_code, again.json()) == (200, canceled.json())


async def test_a_paid_order_cannot_be_canceled(ada: httpx.AsyncClient, world: World, account: Account) -> None:
    order = await buy(world, account)
    async with unchanged(world):
        answer = await ada.post(f"/v1/orders/{order.id}/cancellation")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_an_order_that_was_paid_a_moment_ago_is_paid_and_not_canceled(
    ada: httpx.AsyncClient, world: World, account: Account
) -> None:
    started = await start(world)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    answer = await ada.post(f"/v1/orders/{started.order_id}/cancellation")
    assert answer.status_code == 409
    assert (await ada.get(f"/v1/orders/{started.order_id}")).json()["status"] == "paid"


async def test_part_of_an_order_is_given_back_and_then_the_rest(
    server: httpx.AsyncClient, world: World, account: Account
) -> None:
    order = await buy(world, account)
    refunds = f"/v1/orders/{order.id}/refunds"
    part = await server.post(refunds, json={"amount": {"amount": 900, "currency": "eur"}, "reason": "duplicate"})
    assert (part.status_code, part.json()["status"], part.json()["reason"]) == (201, "promised", "duplicate")
    rest = await server.post(refunds, json={})
    assert rest.json()["amount"] == {"amount": 4000, "currency": "eur"}
    for promised in (part, rest):
        await payments.send_refund(world, RefundId.parse(promised.json()["id"]))
    shown = (await server.get(f"/v1/orders/{order.id}")).json()
    assert (shown["status"], shown["refundable"]["amount"]) == ("refunded", 0)
    assert [(each["amount"]["amount"], each["status"]) for each in (await server.get(refunds)).json()["data"]] == [
        (900, "succeeded"),
        (4000, "succeeded"),
    ]
    assert sum(refund["amount"] for refund in (await account.get("/v1/refunds"))["data"]) == 4900


async def test_a_note_for_staff_is_not_shown_to_the_customer(
    server: httpx.AsyncClient, ada: httpx.AsyncClient, world: World, account: Account
) -> None:
    order = await buy(world, account)
    await server.post(f"/v1/orders/{order.id}/refunds", json={"note": "difficult customer"})
    for path in ("", "/refunds"):
        answer = await ada.get(f"/v1/orders/{order.id}{path}")
        assert answer.status_code == 200
        assert "difficult" not in answer.text


EURO = "eur"
REFUSED: dict[str, tuple[dict[str, Any], int, str | None]] = {
    "more than was paid": ({"amount": {"amount": 4901, "currency": "eur"}}, 409, None),
    "nothing": ({"amount": {"amount": 0, "currency": "eur"}}, 422, "amount.amount"),
    "less than nothing": ({"amount": {"amount": -1, "currency": "eur"}}, 422, "amount.amount"),
    "true": ({"amount": {"amount": True, "currency": "eur"}}, 422, "amount.amount"),
    "a fraction": ({"amount": {"amount": 1.5, "currency": "eur"}}, 422, "amount.amount"),
    "a text": ({"amount": {"amount": "100", "currency": "eur"}}, 422, "amount.amount"),
    "2**70": ({"amount": {"amount": 2**70, "currency": "eur"}}, 422, "amount.amount"),
    "another currency": ({"amount": {"amount": 100, "currency": "usd"}}, 422, "amount"),
    "no currency": ({"amount": {"amount": 100}}, 422, "amount.currency"),
    "an unknown currency": ({"amount": {"amount": 100, "currency": "zzz"}}, 422, "amount.currency"),
    "a bare number": ({"amount": 100}, 422, "amount"),
    "an unknown reason": ({"reason": "surplus"}, 422, "reason"),
    "an unknown field": ({"restock": True}, 422, "restock"),
    "a note with NUL": ({"note": "a\0"}, 422, "note"),
    "a note without end": ({"note": "x" * 501}, 422, "note"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_given_back_is_refused(
    name: str, server: httpx.AsyncClient, world: World, account: Account
) -> None:
    body, status, param = REFUSED[name]
    order = await buy(world, account)
    async with unchanged(world):
        answer = await server.post(f"/v1/orders/{order.id}/refunds", json=body)
    assert (answer.status_code, answer.json().get("param")) == (status, param), answer.text


async def test_an_order_that_is_not_paid_has_nothing_to_give_back(server: httpx.AsyncClient, world: World) -> None:
    started = await start(world)
    async with unchanged(world):
        answer = await server.post(f"/v1/orders/{started.order_id}/refunds", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_a_customer_gives_nothing_back_to_themselves(ada: httpx.AsyncClient, world: World, account: Account) -> None:
    order = await buy(world, account)
    async with unchanged(world):
        assert (await ada.post(f"/v1/orders/{order.id}/refunds", json={})).status_code == 403


async def test_a_refund_repeated_with_its_key_is_the_same_refund(
    server: httpx.AsyncClient, world: World, account: Account
) -> None:
    order = await buy(world, account)
    refunds, key = f"/v1/orders/{order.id}/refunds", {"Idempotency-Key": "back"}
    body = {"amount": {"amount": 100, "currency": "eur"}}
    first = await server.post(refunds, json=body, headers=key)
    async with unchanged(world):
        again = await server.post(refunds, json=body, headers=key)
        other = await server.post(refunds, json={"amount": {"amount": 200, "currency": "eur"}}, headers=key)
    assert (again.status_code, again.content, again.headers["Idempotency-Replayed"]) == (201, first.content, "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_whose_refund_was_refused_is_free_for_a_better_one(
    server: httpx.AsyncClient, world: World, account: Account
) -> None:
    order = await buy(world, account)
    refunds, key = f"/v1/orders/{order.id}/refunds", {"Idempotency-Key": "back"}
    async with unchanged(world):
        assert (
            await server.post(refunds, json={"amount": {"amount": 9900, "currency": "eur"}}, headers=key)
        ).status_code == 409
    assert (await server.post(refunds, json={}, headers=key)).status_code == 201


async def test_ten_refunds_at_once_with_one_key_are_one(server: httpx.AsyncClient, world: World, account: Account) -> None:
    order = await buy(world, account)
    refunds, key = f"/v1/orders/{order.id}/refunds", {"Idempotency-Key": "back"}
    body = {"amount": {"amount": 100, "currency": "eur"}}
    answers = await asyncio.gather(*(server.post(refunds, json=body, headers=key) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len((await server.get(refunds)).json()["data"]) == 1


@pytest.mark.covers("F15")
async def test_refunds_at_once_never_give_back_more_than_was_paid(
    server: httpx.AsyncClient, world: World, account: Account
) -> None:
    order = await buy(world, account)
    refunds = f"/v1/orders/{order.id}/refunds"
    body = {"amount": {"amount": 1000, "currency": "eur"}}
    answers = await asyncio.gather(*(server.post(refunds, json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [409] * 4
    assert (await server.get(f"/v1/orders/{order.id}")).json()["refundable"]["amount"] == 900
