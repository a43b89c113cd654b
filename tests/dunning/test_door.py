"""Collecting over HTTP: for servers, and for customers what is their own."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.api.conftest import ADA, EVE, signed_in
from tests.dunning.conftest import Late

from farthing.api import build


@pytest.fixture
async def http(late: Late) -> AsyncIterator[httpx.AsyncClient]:
    api = build()
    api.state.world, api.state.authenticate = late.world, signed_in
    origin = {"Origin": "http://testserver"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://testserver", headers=origin) as client:
        yield client


async def test_a_customer_tries_again_what_is_theirs_and_nobody_elses(late: Late, http: httpx.AsyncClient) -> None:
    path = f"/v1/subscriptions/{late.id}/retry"
    assert (await http.post(path)).status_code == 401
    assert (await http.post(path, headers=EVE)).status_code == 404
    declined = await http.post(path, headers=ADA)
    assert (declined.status_code, declined.json()["status"], declined.json()["code"]) == (200, "declined", "generic_decline")
    await late.ada.card("pm_card_visa")
    assert (await http.post(path, headers=ADA)).json()["status"] == "paid"
    nothing = await http.post(path, headers=ADA)
    assert (nothing.status_code, nothing.headers["content-type"]) == (409, "application/problem+json")
    assert (await http.post("/v1/subscriptions/nonsense/retry", headers=ADA)).status_code == 404
