"""Where deliveries may be sent to, who may ask from a browser, and what is answered with every answer."""

import logging

import httpx
import pytest
import structlog
from tests.documents.conftest import TOKEN, Connect
from tests.worlds import Account, buy, signed

from farthing import Farthing
from farthing.webhooks import read_address

UNKNOWN = [
    "/webhooks/stripe",
    "/webhook/stripe",
    "/api/webhooks/stripe",
    "/api/payments/webhook",
    "/api/v1/stripe/webhook",
    "/webhooks/stripe/",
    "/webhooks/stripe/another-token-0123456789abcdef",
    f"/webhooks/stripe/{TOKEN}/more",
    f"/webhooks/stripe/é{TOKEN}",
    f"/webhooks/paypal/{TOKEN}",
    "/webhooks/",
]


@pytest.mark.covers("S003-18", "S000-38", "S003-19", "S003-20", "C1", "C10", "F152")
async def test_with_a_token_only_addresses_that_end_with_it_lead_to_the_door(
    pay: Farthing, account: Account, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await buy(pay.world, account)
    (event,) = await account.events("checkout.session.completed")
    body, signature = signed(event)
    headers = {"stripe-signature": signature, "content-type": "application/json"}
    async with connect() as http:
        with structlog.testing.capture_logs() as logged:
            for path in UNKNOWN:
                answer = await http.post(path, content=body, headers=headers)
                assert (answer.status_code, TOKEN in answer.text) == (404, False), path
            for path in (f"/webhook/stripe/{TOKEN}", f"/webhooks/stripe/{TOKEN}", f"/api/webhooks/stripe/{TOKEN}"):
                answer = await http.post(path, content=body, headers=headers)
                assert (answer.status_code, answer.json()) == (200, {"received": True}), path
            spoiled = await http.post(f"/webhook/stripe/{TOKEN}", content=body + b" ", headers=headers)
            assert (spoiled.status_code, (await http.get(f"/webhook/stripe/{TOKEN}")).status_code) == (400, 405)
        # httpx is the sender here, and tells what it sends.
        ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
        assert TOKEN not in str(logged) + str(ours)
    async with pay.world.db.transaction("test") as tx:
        stored = await tx.value(
            "SELECT count(*) FROM farthing_documents.payment_events_003 WHERE payload ->> 'id' = %(id)s", id=event["id"]
        )
    assert stored == 1, "three deliveries of one event are one row"


@pytest.mark.covers("C1", "S002-24", "S004-11")
def test_without_a_token_every_address_of_the_documents_leads_to_the_door() -> None:
    for path in (
        "/webhooks/stripe",
        "/webhook/stripe",
        "/api/webhooks/stripe",
        "/api/payments/webhook",
        "/api/v1/stripe/webhook",
        "/api/v1/payments/webhook",
    ):
        found = read_address(path)
        assert found is not None, path
        assert (found.provider, found.token) == ("stripe", None), path
    for path in ("/webhook", "/v1/webhooks", "/webhooksstripe", "/api/v1/payments/webhooks"):
        assert read_address(path) is None, path


@pytest.mark.covers("S002-24")
async def test_browsers_of_allowed_hosts_may_ask_and_every_answer_has_its_security_headers(connect: Connect) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,idempotency-key",
    }
    async with connect() as http:
        for path in ("/api/checkout", "/v1/checkout/sessions"):
            allowed = await http.options(path, headers=asked | {"origin": "https://shop.example"})
            assert allowed.status_code == 200, path
            assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
            for origin in ("https://evil.example", "https://shop.example.evil.example", "https://xshop.example", "null"):
                refused = await http.options(path, headers=asked | {"origin": origin})
                assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (400, False), origin
        answer = await http.get("/api/purchases", headers={"origin": "https://shop.example"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, "https://shop.example")
        for name, value in (
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ):
            assert answer.headers[name] == value
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_service_takes_no_other_method_and_no_other_body(ada: httpx.AsyncClient) -> None:
    assert (await ada.put("/api/checkout", json={})).status_code == 405
    text = {"content-type": "text/plain"}
    for path, more in {"/api/checkout": {}, "/api/v1/payments/refund": {"success": False}}.items():
        for answer, status, code in (
            (await ada.post(path, content=b"{}", headers=text), 415, "unsupported_media_type"),
            (await ada.post(path, content=b"x" * 100_000), 413, "too_large"),
        ):
            said = answer.json().pop("error")
            assert (answer.status_code, said["code"]) == (status, code)
            assert (bool(said["requestId"]), answer.json() | {"error": said}) == (True, {"error": said} | more)
    assert (await ada.get("/api/v1/payments")).json()["success"] is False
    assert (await ada.get("/api/checkouts")).status_code == 404
