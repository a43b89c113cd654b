"""The manners of the API: keys, unknown parameters, paging, expanding, searching, and what it says when it refuses."""

from __future__ import annotations

import base64
import importlib
from typing import Any

import httpx
import pytest
import stripe
from tests.sandbox.conftest import Client, Running, charge, error_of, events, new_session

from farthing.sandbox.resources import OPERATIONS

KEY = "sk_test_manners"


def _post(sandbox: Running, path: str, body: str, **headers: str) -> httpx.Response:
    sent = {"authorization": f"Bearer {KEY}", "content-type": "application/x-www-form-urlencoded"} | headers
    return sandbox.http.post(sandbox.url + path, content=body, headers=sent)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", None),
        ("Bearer sk_live_abcdefgh", "api_key_invalid"),
        ("Bearer pk_test_abcdefgh", "api_key_invalid"),
        ("Basic !", None),
    ],
)
def test_only_test_keys_come_in(sandbox: Running, header: str, code: str | None) -> None:
    answer = sandbox.http.get(f"{sandbox.url}/v1/customers", headers={"authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.json()["error"].get("code") == code
    assert "abcdefgh" not in answer.text


def test_curl_may_use_the_key_as_user_name(sandbox: Running) -> None:
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    answer = sandbox.http.get(f"{sandbox.url}/v1/account", headers={"authorization": f"Basic {basic}"})
    assert answer.status_code == 200
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == "2026-10-28.endive"


@pytest.mark.parametrize(
    ("path", "body", "code", "param"),
    [
        ("/v1/products", "name=A&colour=red", "parameter_unknown", "colour"),
        ("/v1/products", "", "parameter_missing", "name"),
        ("/v1/payment_intents", "amount=ten&currency=usd", "parameter_invalid_integer", "amount"),
        ("/v1/payment_intents", "amount=&currency=usd", "parameter_invalid_empty", "amount"),
        ("/v1/payment_intents", "amount=100&currency=usd&confirm=yes", None, "confirm"),
        ("/v1/payment_intents", "amount=100&currency=usd&capture_method=never", None, "capture_method"),
        ("/v1/prices", "currency=usd&unit_amount=1&product_data[name]=A&recurring[interval]=eon", None, "recurring[interval]"),
        ("/v1/checkout/sessions", "line_items[0][colour]=red", "parameter_unknown", "line_items[0][colour]"),
        (
            "/v1/payment_intents",
            "amount=100&currency=usd&payment_method_types[]=card",
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        ("/v1/customers", "metadata[" + "k" * 41 + "]=v", None, "metadata"),
        ("/v1/customers", "metadata[k]=" + "v" * 501, None, "metadata[k]"),
        ("/v1/customers", "&".join(f"metadata[k{n}]=v" for n in range(51)), None, "metadata"),
    ],
)
def test_what_stripe_would_not_take_is_refused_as_stripe_does(
    sandbox: Running, path: str, body: str, code: str | None, param: str
) -> None:
    answer = _post(sandbox, path, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error.get("code"), error["param"]) == (400, "invalid_request_error", code, param)
    assert error["request_log_url"].startswith(sandbox.url)


def test_arrays_come_in_all_their_spellings(sandbox: Running) -> None:
    product = "product_data[name]=A&currency=usd&unit_amount=1"
    for expand in ("expand[]=product", "expand[0]=product", "expand%5B%5D=product"):
        assert _post(sandbox, "/v1/prices", f"{product}&{expand}").json()["product"]["name"] == "A"


def test_unknown_addresses_and_methods_are_404(sandbox: Running, client: Client) -> None:
    for method, path in (("GET", "/v1/nothing"), ("DELETE", "/v1/charges/ch_1"), ("GET", "/v1/")):
        answer = sandbox.http.request(method, sandbox.url + path, headers={"authorization": f"Bearer {KEY}"})
        assert answer.status_code == 404
        assert answer.json()["error"]["message"].startswith("Unrecognized request URL")
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.payment_intents.retrieve("pi_none")
    assert (missing.value.http_status, missing.value.code, missing.value.param) == (404, "resource_missing", "id")


def test_somebody_elses_account_is_closed(sandbox: Running) -> None:
    with pytest.raises(stripe.PermissionError) as refused:
        sandbox.client().v1.customers.list({}, {"stripe_account": "acct_other"})
    assert error_of(refused).code == "account_invalid"


def test_lists_are_newest_first_and_paged_both_ways(client: Client) -> None:
    made = [client.v1.customers.create({"name": str(number)}).id for number in range(7)]
    newest = made[::-1]
    first = client.v1.customers.list({"limit": 3})
    assert ([each.id for each in first.data], first.has_more, first.url) == (newest[:3], True, "/v1/customers")
    after = client.v1.customers.list({"limit": 10, "starting_after": newest[2]})
    assert ([each.id for each in after.data], after.has_more) == (newest[3:], False)
    before = client.v1.customers.list({"limit": 2, "ending_before": newest[3]})
    assert ([each.id for each in before.data], before.has_more) == (newest[1:3], True)
    assert [each.id for each in first.auto_paging_iter()] == newest
    assert len(client.v1.customers.list({"created": {"gte": 1}}).data) == 7
    assert client.v1.customers.list({"created": {"lt": 1}}).data == []


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 101}, {"starting_after": "cus_none"}, {"starting_after": "a", "ending_before": "b"}]
)
def test_a_page_that_is_none_is_refused(client: Client, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.list(params)


def test_expanding_goes_four_levels_deep_and_no_further(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    sandbox.pay(session.id, card="4242424242424242")
    client.v1.refunds.create({"payment_intent": str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)})
    deep = client.v1.checkout.sessions.list({"expand": ["data.payment_intent.latest_charge.balance_transaction.source"]})
    assert deep.data[0].payment_intent.latest_charge.balance_transaction.source.object == "charge"
    for path in (
        "payment_intent.latest_charge.balance_transaction.source.customer",
        "amount_total",
        "nothing",
        "data.customer",
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.checkout.sessions.retrieve(session.id, {"expand": [path]})
        assert refused.value.param == "expand"


def test_search_finds_by_metadata_and_email(client: Client) -> None:
    ada = client.v1.customers.create({"email": "ada@example.com", "metadata": {"order": "it's 1"}})
    client.v1.customers.create({"email": "bob@example.com"})
    found = client.v1.customers.search({"query": 'email:"ada@example.com"'})
    assert ([each.id for each in found.data], found.has_more) == ([ada.id], False)
    assert [each.id for each in client.v1.customers.search({"query": 'metadata["order"]:"it\'s 1"'}).data] == [ada.id]
    assert client.v1.customers.search({"query": 'email:"ada@example.com" AND name:"X"'}).data == []
    intent = charge(client, metadata={"order": "9"})
    query = 'metadata["order"]:"9" AND status:"succeeded"'
    assert [each.id for each in client.v1.payment_intents.search({"query": query}).data] == [intent.id]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.search({"query": "1=1"})


@pytest.mark.parametrize(
    "query", ["created>x", 'email:"a" name:"b"', 'AND email:"a"', "metadata['a\"b']:'c'", 'email:"a" OR', 'shoe:"9"']
)
def test_a_search_that_makes_no_sense_is_refused(client: Client, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="unable to parse") as caught:
        client.v1.customers.search({"query": query})
    assert error_of(caught).param == "query"


async def _buy(sandbox: Running) -> tuple[str, str]:
    wire = stripe.HTTPXClient(timeout=10)
    client = stripe.StripeClient("sk_test_async", base_addresses={"api": sandbox.url}, http_client=wire)
    try:
        customer = await client.v1.customers.create_async({"email": "a@example.com"})
        intent = await client.v1.payment_intents.create_async(
            {
                "amount": 900,
                "currency": "usd",
                "customer": customer.id,
                "payment_method": "pm_card_visa",
                "confirm": True,
                "return_url": "http://127.0.0.1:9/",
            }
        )
        return intent.status, str(intent.customer) if intent.customer == customer.id else ""
    finally:
        await wire.close_async()  # type: ignore[no-untyped-call]


@pytest.mark.anyio
async def test_the_asynchronous_client_works_alike(sandbox: Running) -> None:
    status, customer = await _buy(sandbox)
    assert status == "succeeded"
    assert customer.startswith("cus_")


def test_every_operation_is_checked_against_a_type_of_the_sdk() -> None:
    for operation in OPERATIONS:
        room, _, name = operation.params.rpartition(".")
        assert hasattr(importlib.import_module(f"stripe.params.{room}" if room else "stripe.params"), name), operation.path


def test_a_refusal_leaves_nothing_behind(client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        new_session(
            client,
            line_items=[
                {"price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "A"}}, "quantity": 1},
                {"price": "price_none", "quantity": 1},
            ],
        )
    assert client.v1.products.list().data == []
    assert events(client) == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a@127.0.0.1", "[::1", "::1]", ""])
def test_other_host_names_are_turned_away(sandbox: Running, host: str) -> None:
    for path in ("/_sandbox/health", "/v1/account", "/_sandbox/"):
        answer = sandbox.http.get(sandbox.url + path, headers={"host": host, "authorization": f"Bearer {KEY}"})
        assert answer.status_code in (400, 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "http://127.0.0.1:1"])
def test_a_page_of_another_site_cannot_post(sandbox: Running, client: Client, origin: str) -> None:
    kept = client.v1.customers.create({}).id
    answer = sandbox.http.post(f"{sandbox.url}/_sandbox/reset", headers={"origin": origin})
    assert answer.status_code == 403
    assert client.v1.customers.retrieve(kept).id == kept


def test_a_body_too_large_is_refused(sandbox: Running) -> None:
    assert _post(sandbox, "/v1/customers", "name=" + "x" * 1_100_000).status_code == 413


def test_objects_of_another_family_of_versions_are_not_served(sandbox: Running) -> None:
    same = _post(sandbox, "/v1/customers", "", **{"stripe-version": "2026-09-30.endive"})
    assert (same.status_code, same.headers["stripe-version"]) == (200, "2026-09-30.endive")
    other = _post(sandbox, "/v1/customers", "", **{"stripe-version": "2024-06-20"})
    assert other.status_code == 400
    assert "2026-10-28.endive" in other.json()["error"]["message"]
