"""The rarer accidents between a program and Stripe, and what the sandbox says to what it does not do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe
from tests.sandbox.conftest import Client, Running, error_of


def _count(client: Client) -> int:
    return len(client.v1.customers.list().data)


@pytest.mark.parametrize(
    ("kind", "error", "status", "code", "done"),
    [
        ("lock_timeout", stripe.RateLimitError, 429, "lock_timeout", 0),
        ("revoked_key", stripe.AuthenticationError, 401, "api_key_expired", 0),
        ("html_502", stripe.APIError, 502, None, 0),
        ("half_body", stripe.APIConnectionError, None, None, 1),
    ],
)
def test_after_a_rare_accident_the_same_key_leads_to_exactly_one_customer(
    client: Client, sandbox: Running, kind: str, error: type[stripe.StripeError], status: int, code: str, done: int
) -> None:
    sandbox.fault(path="/v1/customers", kind=kind)
    with pytest.raises(error) as refused:
        client.v1.customers.create({}, {"idempotency_key": "k"})
    assert refused.value.http_status == status
    assert (error_of(refused).code if code else None) == code
    assert _count(client) == done
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id
    assert _count(client) == 1


def test_a_pruned_key_does_it_twice(client: Client, sandbox: Running) -> None:
    client.v1.customers.create({}, {"idempotency_key": "k"})
    sandbox.fault(path="/v1/customers", kind="pruned_key")
    client.v1.customers.create({}, {"idempotency_key": "k"})
    client.v1.customers.create({}, {"idempotency_key": "k"})
    assert _count(client) == 2


def test_a_page_instead_of_an_answer_is_html(sandbox: Running) -> None:
    sandbox.fault(method="GET", path="/v1/balance", kind="html_502")
    answer = httpx.get(f"{sandbox.url}/v1/balance", auth=("sk_test_html", ""))
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/quotes", 501),
        ("POST", "/v1/payment_links", 501),
        ("POST", "/v1/terminal/readers/tmr_1/cancel_action", 501),
        ("POST", "/v1/files", 501),
        ("GET", "/v2/core/events/evt_1", 501),
        ("GET", "/v2/unicorns", 404),
        ("GET", "/v1/unicorns", 404),
        ("DELETE", "/v1/payment_intents/pi_1", 404),
    ],
)
def test_what_is_not_modeled_says_so_and_what_is_not_there_too(sandbox: Running, method: str, path: str, status: int) -> None:
    answer = sandbox.http.request(method, sandbox.url + path, auth=("sk_test_none", ""))
    error: Any = answer.json()["error"]
    assert answer.status_code == status
    assert (f"{method} {path}" in error["message"]) == (status == 501)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"groups": {"payments_pricing": "acctgrp_1"}}, "groups"),
        ({"settings": {"payouts": {"schedule": {"interval": "manual", "weekly_anchor": "monday"}}}},
         "settings[payouts][schedule][weekly_anchor]"),
    ],
)  # fmt: skip
def test_what_nothing_would_come_of_is_not_taken(sandbox: Running, params: Any, param: str) -> None:
    """Not 400, which would be taken for Stripe's own word. Nothing is made, nothing repeated, and the key is still good."""
    client = sandbox.client(retries=2)
    seller: Any = {"type": "express", "country": "US"}
    with pytest.raises(stripe.APIError) as refused:
        client.v1.accounts.create({**seller, **params}, {"idempotency_key": "k"})
    error: Any = error_of(refused)
    assert (refused.value.http_status, error.type, error.code) == (501, "api_error", "not_implemented")
    assert error.param == param
    assert f"'{param}'" in error.message
    assert error.message.endswith("(POST /v1/accounts)")
    assert (refused.value.headers or {})["stripe-should-retry"] == "false"
    assert client.v1.accounts.list().data == []
    assert client.v1.accounts.create(seller, {"idempotency_key": "k"}).type == "express"
