"""What is only read: products, entitlements and the audit trail."""

from datetime import timedelta

import httpx
import pytest
from tests.worlds import Account, buy, start

from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.clock import TravelClock
from farthing.ids import EventId, OrderId
from farthing.world import World


async def test_everybody_sees_what_is_for_sale_and_servers_what_is_not(
    guest: httpx.AsyncClient, server: httpx.AsyncClient
) -> None:
    shown = (await guest.get("/v1/products")).json()
    assert [product["id"] for product in shown["data"]] == ["guide", "club", "mug", "article", "ebook"]
    assert shown["data"][0]["prices"] == [{"amount": 4900, "currency": "eur"}, {"amount": 5500, "currency": "usd"}]
    assert [product["active"] for product in (await server.get("/v1/products")).json()["data"]] == [True] * 5 + [False]


async def test_a_server_asks_whether_a_user_may(
    server: httpx.AsyncClient, world: World, account: Account, clock: TravelClock
) -> None:
    async def may(customer: str, feature: str) -> bool:
        answer = await server.get("/v1/entitlements", params={"customer": customer, "feature": feature})
        shown = answer.json()
        assert (shown["object"], shown["customer"], shown["feature"]) == ("entitlement_check", customer, feature)
        return bool(shown["entitled"])

    assert not await may("ada", "club:stories")
    await buy(world, account, CartItem("club"))
    assert await may("ada", "club:stories")
    assert not await may("eve", "club:stories")
    assert not await may("ada", "guide:pro")
    clock.advance(timedelta(days=365))
    assert not await may("ada", "club:stories")


async def test_a_customer_asks_about_themselves_only(ada: httpx.AsyncClient, world: World, account: Account) -> None:
    await buy(world, account)
    await buy(world, account, CartItem("club"), buyer=Buyer("eve"))
    assert (await ada.get("/v1/entitlements?feature=guide:pro")).json()["entitled"] is True
    assert (await ada.get("/v1/entitlements?feature=guide:pro&customer=ada")).json()["customer"] == "ada"
    assert (await ada.get("/v1/entitlements?feature=club:stories&customer=eve")).status_code == 404
    assert (await ada.get("/v1/customers/eve/entitlements")).status_code == 404
    (held,) = (await ada.get("/v1/customers/ada/entitlements")).json()["data"]
    assert (held["feature"], held["active"], held["expires_at"]) == ("guide:pro", True, None)


async def test_an_id_of_the_hosts_may_hold_anything_printable(
    server: httpx.AsyncClient, world: World, account: Account
) -> None:
    await buy(world, account, CartItem("club"), buyer=Buyer("auth0|a/b c%"))
    listed = (await server.get("/v1/customers/auth0%7Ca%2Fb%20c%25/entitlements")).json()
    assert [held["feature"] for held in listed["data"]] == ["club:stories", "club:archive"]
    assert (await server.get("/v1/customers/unknown/entitlements")).json()["data"] == []


@pytest.mark.covers("F145")
@pytest.mark.parametrize(
    "query", ["", "feature=", "feature=%00&customer=ada", "feature=a&customer=%00", "feature=a&user=ada", "feature=a"]
)
async def test_a_question_that_means_nothing_is_refused(server: httpx.AsyncClient, query: str) -> None:
    assert (await server.get(f"/v1/entitlements?{query}")).status_code == 422


async def test_the_audit_trail_is_listed_filtered_and_shown(server: httpx.AsyncClient, world: World, account: Account) -> None:
    order = await buy(world, account)
    await start(world)
    trail = (await server.get("/v1/events")).json()["data"]
    types = [event["type"] for event in trail]
    assert types[:3] == ["checkout.opened", "checkout.started", "order.placed"]
    (paid,) = (await server.get("/v1/events?type=order.paid")).json()["data"]
    assert (paid["object"], paid["order"], paid["actor"]) == ("event", str(order.id), "test")
    assert paid["data"]["total"] == {"amount": 4900, "currency": "eur"}
    assert (await server.get(f"/v1/events/{paid['id']}")).json() == paid
    of_order = (await server.get(f"/v1/events?order={order.id}")).json()["data"]
    timeline = (await server.get(f"/v1/orders/{order.id}/timeline")).json()["data"]
    assert timeline == of_order[::-1]
    assert [event["type"] for event in timeline][:2] == ["order.placed", "checkout.started"]


async def test_the_audit_trail_is_read_in_pages(server: httpx.AsyncClient, world: World) -> None:
    await start(world)
    whole = (await server.get("/v1/events")).json()["data"]
    seen, cursor = [], ""
    for _ in whole:
        page = (await server.get(f"/v1/events?limit=1{cursor}")).json()
        seen += page["data"]
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == whole


@pytest.mark.parametrize(
    "path",
    [
        "?type=order.eaten",
        "?order=x",
        "?order=event_01m7y6te42f15repsmcs7rarvs",
        "?cursor=x",
        "?cursor=order_01m7y6te42eb4by4rs8xnbcg82",
        "?kind=order.paid",
    ],
)
async def test_a_wrong_filter_of_the_trail_is_refused(server: httpx.AsyncClient, path: str) -> None:
    assert (await server.get(f"/v1/events{path}")).status_code == 422


async def test_an_event_that_is_none_is_not_found(server: httpx.AsyncClient) -> None:
    for id in (EventId.new(), OrderId.new(), "x"):
        assert (await server.get(f"/v1/events/{id}")).status_code == 404
