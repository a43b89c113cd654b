"""Sellers over HTTP: who may ask for what, and where a browser may be sent."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.api.conftest import Connect
from tests.news import happened
from tests.sellers.selling import goes_through, onboarded, read, theirs
from tests.worlds import Account, unchanged

from farthing import sellers
from farthing.ids import SellerId
from farthing.world import World

LEAVING = {"id": "grace", "email": "grace@example.com", "country": "US"}


@pytest.mark.covers("S004-10", "S004-15")
async def test_a_server_tells_of_a_seller_and_sends_them_to_onboarding(
    server: httpx.AsyncClient, world: World, account: Account
) -> None:
    told = (await server.post("/v1/sellers", json={**LEAVING, "holding_days": 3, "fee_basis_points": 800})).json()
    assert (told["object"], told["id"], told["status"], told["may_sell"]) == ("seller", "grace", "created", False)
    assert (told["holding_days"], told["fee_basis_points"], told["provider_account"]) == (3, 800, None)
    link = await server.post("/v1/sellers/grace/onboarding-links", json={})
    assert (link.status_code, link.json()["object"]) == (201, "onboarding_link")
    assert urlsplit(link.json()["url"]).path.startswith("/c/onboarding/")
    (made,) = await theirs(account)
    await goes_through(account, await read(world, SellerId.parse(told["seller"])))
    assert (await server.get("/v1/sellers/grace")).json()["status"] == "onboarding", "nobody has looked yet"
    seen = (await server.post("/v1/sellers/grace/sync")).json()
    assert (seen["status"], seen["may_sell"], seen["provider_account"]) == ("active", True, made["id"])
    assert (await server.post("/v1/sellers/grace/login-links")).status_code == 201
    for words in ("grace", made["id"], "grace@ex", told["seller"]):
        found = (await server.get("/v1/sellers", params={"search": words, "status": "active"})).json()
        assert [each["id"] for each in found["data"]] == ["grace"], words
    assert (await server.get("/v1/sellers", params={"status": "rejected"})).json()["data"] == []


@pytest.mark.covers("F166")
async def test_a_seller_sees_and_does_only_what_is_theirs(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient, guest: httpx.AsyncClient, server: httpx.AsyncClient, world: World
) -> None:
    mine = (await ada.post("/v1/sellers", json={})).json()
    assert (mine["id"], mine["email"], mine["name"]) == ("ada", "ada@example.com", "Ada")
    await server.post("/v1/sellers/ada/suspension", json={"reason": "Asked us to."})
    shown = (await ada.get("/v1/sellers/ada")).json()
    assert (shown["suspended"], shown["suspension"]) == (True, None), "what the shop notes is the shop's"
    assert (await server.get("/v1/sellers/ada")).json()["suspension"]["reason"] == "Asked us to."
    async with unchanged(world):
        for method, path, body in (
            ("GET", "", None),
            ("POST", "/onboarding-links", {}),
            ("POST", "/login-links", None),
            ("POST", "/sync", None),
        ):
            stranger = await eve.request(method, f"/v1/sellers/ada{path}", json=body)
            nobody = await eve.request(method, f"/v1/sellers/nobody{path}", json=body)
            assert (stranger.status_code, nobody.status_code) == (404, 404)
            assert stranger.json()["detail"] == nobody.json()["detail"]
            assert (await guest.request(method, f"/v1/sellers/ada{path}", json=body)).status_code == 401
        for path in ("/suspension", "/reinstatement", "/rejection"):
            decided = await ada.post(
                f"/v1/sellers/ada{path}", json={"reason": "x", "note": "x"} if "rej" in path else {"reason": "x"}
            )
            assert decided.status_code == 403
        assert (await ada.get("/v1/sellers")).status_code == 403
        for grab in ({"id": "eve"}, {"fee_basis_points": 0}, {"holding_days": 0}):
            assert (await ada.post("/v1/sellers", json=grab)).status_code == 403
        assert (await guest.post("/v1/sellers", json={})).status_code == 401


async def test_what_makes_no_sense_is_refused_by_name(server: httpx.AsyncClient, world: World) -> None:
    await server.post("/v1/sellers", json={"id": "ada"})
    asked: list[tuple[str, Any, str]] = [
        ("", {}, "id"),
        ("", {"id": "grace", "country": "usa"}, "country"),
        ("", {"id": "grace", "holding_days": 91}, "holding_days"),
        ("", {"id": "grace", "fee_basis_points": 10_001}, "fee_basis_points"),
        ("", {"id": "grace", "account": "acct_1"}, "account"),
        ("/ada/onboarding-links", {"return_url": "https://evil.example/"}, "return_url"),
        ("/ada/onboarding-links", {"refresh_url": "javascript:alert(1)"}, "refresh_url"),
        ("/ada/onboarding-links", {"account": "acct_1"}, "account"),
        ("/ada/suspension", {"reason": ""}, "reason"),
        ("/ada/rejection", {"reason": "boredom", "note": "x"}, "reason"),
    ]
    async with unchanged(world):
        for path, body, param in asked:
            answer = await server.post(f"/v1/sellers{path}", json=body)
            assert answer.status_code == 422, answer.text
            assert param in answer.text


async def test_a_server_decides_and_a_host_may_be_come_back_to(
    server: httpx.AsyncClient, connect: Connect, world: World, account: Account
) -> None:
    grace = await onboarded(world, account)
    own = {"return_url": "https://shop.example/selling?done", "refresh_url": "https://shop.example/selling"}
    assert (await server.post("/v1/sellers/grace/onboarding-links", json=own)).status_code == 201
    assert (await server.post("/v1/sellers/grace/rejection", json={"note": "x"})).json()["may_sell"] is False
    refused = await server.post("/v1/sellers/grace/onboarding-links", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    await sellers.send_rejection(world, grace.id)
    shown = (await server.get("/v1/sellers/grace")).json()
    assert (shown["status"], shown["rejection"]["reason"]) == ("rejected", "other")
    assert shown["reasons"] == [
        {"said": "The shop rejected this account.", "urgency": "final", "codes": ["rejected.platform_other"], "until": None}
    ]
    assert "seller.rejection_requested" in await happened(world)
    # An id of the host's may hold a slash.
    await server.post("/v1/sellers", json={"id": "team/7"})
    assert (await server.get("/v1/sellers/team/7")).json()["id"] == "team/7"
