"""Every object as the SDK's types describe it: what is always there is there, and nothing is made up."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.conftest import Client, Running, charge, eventually, new_session
from tests.sandbox.connect import new_seller

from farthing.sandbox.conformance import Nonconforming, insist, problems
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import OPERATIONS


@pytest.fixture
def everything(client: Client, sandbox: Running) -> list[Any]:
    """One of each, in as many states as come cheaply, straight from the wire."""
    customer = client.v1.customers.create({"email": "a@example.com", "shipping": {"name": "A", "address": {"line1": "1"}}})
    client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["refund.failed"]})
    client.v1.prices.create({"currency": "usd", "unit_amount": 5, "product_data": {"name": "Tea"}, "lookup_key": "tea"})
    seller = new_seller(client, interval="daily")
    paid = charge(client, 9000, card="pm_card_bypassPending", transfer_data={"destination": seller}, application_fee_amount=5)
    client.v1.transfers.create(
        {"amount": 100, "currency": "usd", "destination": seller, "source_transaction": charge(client).latest_charge}
    )
    eventually(lambda: client.v1.transfers.list().data[1:])
    client.v1.refunds.create({"payment_intent": paid.id, "reverse_transfer": True, "refund_application_fee": True})
    session = new_session(client, customer_creation="always")
    sandbox.pay(session.id, card="4000000000000002")
    sandbox.pay(session.id, card="4242424242424242", name="Ada")
    client.v1.checkout.sessions.expire(new_session(client).id)
    new_session(client, customer=customer.id, line_items=[_line("Cup"), _line("Pot")])
    charge(client, card="pm_card_authenticationRequired")
    intent = charge(client, card="pm_card_refundFail")
    client.v1.refunds.create({"payment_intent": intent.id})
    charge(client, capture_method="manual")
    sandbox.advance(3 * 86_400)
    key = client._requestor.api_key
    lists = [each for each in OPERATIONS if each.method == "GET" and "{" not in each.path and "search" not in each.path]
    answers = [
        sandbox.http.get(sandbox.url + each.path, params={"limit": 100} if _pages(each) else {}, auth=(key, "")).json()
        for each in lists
    ]
    # A list that has to be asked for more than a limit is looked at in its own tests.
    assert {each["error"]["code"] for each in answers if "error" in each} <= {"parameter_missing"}
    return [each for each in answers if "error" not in each]


def _pages(operation: Operation) -> bool:
    """Whether it is a list, by the type of its parameters."""
    return operation.params.endswith("ListParams")


def _line(name: str) -> Any:
    return {"price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": name}}, "quantity": 2}


def test_every_object_is_as_the_sdk_expects(everything: list[Any]) -> None:
    kinds = {each["object"] for answer in everything for each in answer.get("data", [answer])}
    assert kinds >= {
        "account",
        "application_fee",
        "balance",
        "balance_settings",
        "balance_transaction",
        "charge",
        "checkout.session",
        "customer",
        "event",
        "payment_intent",
        "payment_method",
        "price",
        "product",
        "refund",
        "transfer",
        "webhook_endpoint",
    }
    assert [each for answer in everything for each in problems(answer)] == []


def test_the_balance_is_the_sum_of_its_transactions(everything: list[Any]) -> None:
    balance = next(each for each in everything if each["object"] == "balance")
    transactions = next(each for each in everything if each.get("url") == "/v1/balance_transactions")["data"]
    shown = sum(each["amount"] for each in (*balance["available"], *balance["pending"]))
    assert shown == sum(each["net"] for each in transactions)
    assert {each["status"] for each in transactions} == {"available"}


def test_a_wrong_object_is_noticed(client: Client, sandbox: Running) -> None:
    right = sandbox.http.get(f"{sandbox.url}/v1/account", auth=("sk_test_x", "")).json()
    assert problems(right) == []
    wrong = {**right, "colour": "red", "settings": {**right["settings"], "branding": None}}
    assert problems(wrong) == ["account.colour is unknown to the SDK", "account.settings.branding is missing or null"]
    assert problems({"object": "unicorn"}) == ["The SDK knows no object 'unicorn' at "]
    assert problems({"object": "list", "data": [right]}) == ["list lacks data, has_more or url"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount": "2500"}, "payment_intent.amount is '2500', not a whole number"),
        ({"amount": 2500.0}, "payment_intent.amount is 2500.0, not a whole number"),
        ({"created": True}, "payment_intent.created is True, not a whole number"),
        ({"livemode": 0}, "payment_intent.livemode is 0, not true or false"),
        ({"status": "paid"}, "payment_intent.status is 'paid', not one of its words"),
        ({"customer": {"id": "cus_1"}}, "payment_intent.customer is None, not a Customer"),
        ({"latest_charge": 7}, "payment_intent.latest_charge is 7, not text"),
        ({"payment_method_types": "card"}, "payment_intent.payment_method_types is 'card', not a list"),
        ({"payment_method_types": [None]}, "payment_intent.payment_method_types[0] is None, not text"),
        ({"metadata": {"a": 1}}, "payment_intent.metadata.a is 1, not text"),
        ({"amount_details": {"tip": "none"}}, "payment_intent.amount_details.tip is 'none', not a hash"),
        ({"colour": "red"}, "payment_intent.colour is unknown to the SDK"),
        ({"currency": None}, "payment_intent.currency is missing or null"),
    ],
)
def test_every_kind_of_mistake_is_named(client: Client, sandbox: Running, change: Any, problem: str) -> None:
    intent = charge(client)
    path, key = f"/v1/payment_intents/{intent.id}", client._requestor.api_key
    right = sandbox.http.get(sandbox.url + path, auth=(key, "")).json()
    assert problems(right) == []
    assert problems(right | change) == [problem]
    event = {**_an_event(client, sandbox), "type": "payment_intent.succeeded"}
    wrong = {**event, "data": {"object": right | change}}
    assert problems(wrong) == [problem.replace("payment_intent.", "event.data.object.", 1)]


def _an_event(client: Client, sandbox: Running) -> Any:
    answer = sandbox.http.get(f"{sandbox.url}/v1/events", auth=(client._requestor.api_key, "")).json()
    return answer["data"][0]


def test_what_the_sdk_breaks_on_is_noticed(client: Client, sandbox: Running) -> None:
    price = client.v1.prices.create({"currency": "usd", "unit_amount": 5, "product_data": {"name": "Tea"}})
    right = sandbox.http.get(f"{sandbox.url}/v1/prices/{price.id}", auth=(client._requestor.api_key, "")).json()
    assert problems(right) == []
    assert problems(right | {"unit_amount_decimal": 5.5}) == ["price.unit_amount_decimal is 5.5, not decimal text"]
    assert problems(right | {"unit_amount_decimal": "five"}) == ["price.unit_amount_decimal is 'five', not decimal text"]
    assert problems(right | {"currency_options": None}) == [
        "price.currency_options is null, on which the SDK breaks: leave it out"
    ]


def test_what_an_event_says_of_before_are_fields_of_its_object(client: Client, sandbox: Running) -> None:
    customer = client.v1.customers.create({"name": "Ada"})
    client.v1.customers.update(customer.id, {"name": "Augusta"})
    event = _an_event(client, sandbox)
    assert (event["data"]["previous_attributes"], problems(event)) == ({"name": "Ada"}, [])
    wrong = {**event, "data": {**event["data"], "previous_attributes": {"nom": "Ada", "name": 7}}}
    assert problems(wrong) == [
        "event.data.previous_attributes.nom is unknown to the SDK",
        "event.data.previous_attributes.name is 7, not text",
    ]


def test_what_is_about_to_be_told_wrongly_is_stopped(client: Client, sandbox: Running) -> None:
    client.v1.customers.create({})
    event = _an_event(client, sandbox)
    insist(event)
    with pytest.raises(Nonconforming, match=r"^event\.pending_webhooks is missing or null$"):
        insist({**event, "pending_webhooks": None})


def test_a_declined_payment_inside_an_error_is_a_whole_object(sandbox: Running) -> None:
    form = {
        "amount": "900",
        "currency": "usd",
        "confirm": "true",
        "payment_method": "pm_card_visa_chargeDeclined",
        "return_url": "http://127.0.0.1:9/",
    }
    error = sandbox.http.post(f"{sandbox.url}/v1/payment_intents", data=form, auth=("sk_test_whole", "")).json()["error"]
    assert problems(error["payment_intent"]) == []
    assert problems(error["payment_method"]) == []
    assert error["type"] == "card_error"
