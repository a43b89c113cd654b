"""Who may see what: asked over HTTP, and said by tokens that others check without us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import jwt
import pytest
from tests.news import work
from tests.worlds import Account, buy

from farthing import access, payments
from farthing.api import build
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.clock import TravelClock
from farthing.errors import Forbidden, Unauthenticated
from farthing.http import keys
from farthing.http.callers import CustomerIdentity
from farthing.world import World

ARTICLE = CartItem("article", content="abc-123")


@asynccontextmanager
async def asking(world: World, user: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in user of the host, or else the shop's own server."""
    api = build()
    api.state.world = world

    async def signed_in(request: object) -> CustomerIdentity | None:
        return None if user is None else CustomerIdentity(user)

    api.state.authenticate = signed_in
    headers = {}
    if user is None:
        async with world.db.transaction("test") as tx:
            headers["Authorization"] = f"Bearer {(await keys.create(tx, 'server', livemode=False))[1]}"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://testserver", headers=headers) as client:
        yield client


@pytest.mark.covers("S002-7", "S002-8", "S002-16", "S002-18", "S002-23", "C12")
async def test_owners_see_what_is_theirs_others_are_refused_and_servers_see_who_gets_what(
    world: World, account: Account
) -> None:
    await buy(world, account, ARTICLE)
    await buy(world, account, ARTICLE, buyer=Buyer("bob", "bob@example.com"))
    async with asking(world, "ada") as ada, asking(world, "eve") as eve, asking(world) as server:
        allowed = await ada.get("/v1/access/abc-123")
        assert (allowed.status_code, allowed.json()["access"]) == (200, True)
        assert (await eve.get("/v1/access/abc-123")).status_code == 403
        assert (await ada.get("/v1/access/abc-123", params={"customer": "bob"})).status_code == 403
        (mine,) = (await ada.get("/v1/purchases")).json()["data"]
        assert (mine["content"], mine["title"], mine["shares"], mine["seller"]) == (
            "abc-123",
            "Introduction to SQL",
            None,
            None,
        )
        assert (await ada.get(f"/v1/purchases/{mine['id']}")).json() == mine
        assert (await eve.get(f"/v1/purchases/{mine['id']}")).status_code == 404
        await buy(world, account, CartItem("ebook"))
        file = (await ada.get("/v1/downloads")).json()["data"][0]["id"]
        links = [(await who.post(f"/v1/downloads/{file}/links")).status_code for who in (ada, eve)]
        assert links == [201, 404]
        assert (await eve.get("/v1/purchases")).json()["data"] == []
        assert (await ada.get("/v1/purchases", params={"customer": "bob"})).status_code == 403
        assert (await ada.get("/v1/sales")).status_code == 403
        for customer, may in (("ada", True), ("eve", False)):
            answer = await server.get("/v1/access/abc-123", params={"customer": customer})
            assert (answer.status_code, answer.json()["access"]) == (200, may)
        seen = (await server.get("/v1/purchases", params={"seller": "grace", "status": "completed"})).json()["data"]
        assert [each["shares"]["seller_share_amount"] for each in seen] == [255, 255]
        (sales,) = (await server.get("/v1/sales")).json()["data"]
        assert (sales["seller"], sales["sold_count"], sales["shares"]["platform_fee_amount"]) == ("grace", 2, 60)
        assert (await server.get("/v1/access/abc-123")).status_code == 422


async def test_a_malformed_question_is_refused_as_everywhere_else(world: World) -> None:
    """Well-formed ones are answered ahead of FastAPI, so each way of being wrong is asked here."""
    async with asking(world, "ada") as ada, asking(world) as server:
        for path, param in (
            (f"/v1/access/{'x' * 256}", "content"),
            ("/v1/access/a%07b", "content"),
            ("/v1/access/abc-123?customer=", "customer"),
            (f"/v1/access/abc-123?customer={'x' * 256}", "customer"),
            ("/v1/access/abc-123", "customer"),
        ):
            refused = await server.get(path)
            assert (refused.status_code, refused.json()["param"]) == (422, param), path
            assert refused.headers["X-Request-Id"] == refused.json()["request_id"]
        assert (await server.get("/v1/access/a/b?customer=ada")).json()["content"] == "a/b"
        posted = await ada.post("/v1/access/abc-123", json={})
        assert (posted.status_code, posted.headers["Allow"]) == (405, "GET")
        assert (await server.get("/v1/access/x", headers={"Authorization": "Bearer fk_test_wrong"})).status_code == 401


async def test_a_token_says_what_its_holder_may_use_and_anybody_can_check_it(
    world: World, account: Account, clock: TravelClock
) -> None:
    await buy(world, account, ARTICLE, CartItem("guide"))
    async with asking(world, "ada") as ada, asking(world, "eve") as eve:
        answer = await ada.post("/v1/access-tokens", json={})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
        assert (answer.json()["contents"], answer.json()["features"]) == (["abc-123"], ["guide:pro"])
        assert (await eve.post("/v1/access-tokens", json={"content": "abc-123"})).status_code == 403
        assert (await eve.post("/v1/access-tokens", json={"customer": "ada"})).status_code == 403
        published = (await eve.get("/v1/access-tokens/keys")).json()
    token, audience, now = answer.json()["token"], world.settings.base_url, clock.now().timestamp()
    assert "d" not in published["keys"][0], "the private half stays with us"
    grants = access.verify(token, published, audience=audience, content="abc-123", feature="guide:pro", now=now)
    assert (grants.customer, grants.version) == ("ada", 1)
    with pytest.raises(Forbidden):
        access.verify(token, published, audience=audience, content="own", now=now)
    with pytest.raises(Unauthenticated, match="somebody else"):
        access.verify(token, published, audience="https://other.example", now=now)
    with pytest.raises(Unauthenticated, match="expired"):
        access.verify(token, published, audience=audience, now=now + 5 * 60 + 10)
    head, body, signature = token.split(".")
    forged = jwt.encode({"sub": "ada"}, "x" * 32, algorithm="HS256", headers={"kid": published["keys"][0]["kid"]})
    for wrong in ("", "a.b.c", f"{head}.{body}.{signature[:-4]}AAAA", forged):
        with pytest.raises(Unauthenticated) as refused:
            access.verify(wrong, published, audience=audience, now=now)
        assert "ey" not in refused.value.detail
    assert token not in repr(await access.issue(world, "ada"))


async def test_a_refund_makes_tokens_out_of_date_at_once_for_whoever_has_the_database(
    world: World, account: Account, clock: TravelClock
) -> None:
    order = await buy(world, account, ARTICLE)
    token = (await access.issue(world, "ada", "abc-123")).token
    assert (await access.check_now(world, token, content="abc-123")).contents == {"abc-123"}
    async with world.db.transaction("test") as tx:
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None)
    await work(world)
    with pytest.raises(Unauthenticated, match="out of date"):
        await access.check_now(world, token)
    with pytest.raises(Forbidden):
        await access.issue(world, "ada", "abc-123")


async def test_a_token_does_not_outlive_what_it_grants(world: World, account: Account, clock: TravelClock) -> None:
    await buy(world, account, CartItem("club"))
    clock.advance(timedelta(days=365) - timedelta(minutes=2))
    issued = await access.issue(world, "ada")
    assert timedelta(minutes=1) < issued.grants.expires_at - clock.now() <= timedelta(minutes=2)
