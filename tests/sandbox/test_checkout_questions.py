"""What a checkout session may ask its buyer, by the API: asked and answered, refused where it cannot be, and kept."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import new_price
from tests.sandbox.conftest import Client, Running, error_of, events, new_session

CARD = "4242424242424242"
TO: Any = {"name": "Ada", "address": {"line1": "1 Mill Lane", "city": "Berlin", "country": "DE"}}


def _text(key: str, **text: Any) -> Any:
    return {"key": key, "label": {"type": "custom", "custom": key.title()}, "type": "text", **({"text": text} if text else {})}


def _pay(sandbox: Running, session: Any, **answers: Any) -> Any:
    return sandbox.pay(session.id, card=CARD, **answers)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"custom_fields": [_text("a"), _text("b"), _text("c"), _text("d")]}, "custom_fields"),
    ({"custom_fields": [_text("a"), _text("a")]}, "custom_fields"),
    ({"custom_fields": [_text("no spaces")]}, "custom_fields[0][key]"),
    ({"custom_fields": [_text("a", minimum_length=5, maximum_length=4)]}, "custom_fields[0][text][minimum_length]"),
    ({"custom_fields": [{**_text("a"), "type": "dropdown"}]}, "custom_fields[0][dropdown]"),
    ({"custom_fields": [{**_text("a", maximum_length=4), "type": "numeric"}]}, "custom_fields[0][text]"),
    ({"custom_text": {"submit": {"message": "x" * 1201}}}, "custom_text[submit][message]"),
    ({"shipping_options": [{"shipping_rate": "shr_none"}]}, "shipping_options[0][shipping_rate]"),
    ({"shipping_address_collection": {"allowed_countries": ["XX"]}}, "shipping_address_collection[allowed_countries][0]"),
    ({"billing_address_collection": "maybe"}, "billing_address_collection"),
    ({"locale": "tlh"}, "locale"),
    ({"submit_type": "grab"}, "submit_type"),
    ({"expires_at": 1}, "expires_at"),
    ({"customer_update": {"name": "auto"}}, "customer_update"),
    ({"currency": "eur"}, "currency"),
]


@pytest.mark.parametrize(("params", "param"), REFUSED)
def test_what_cannot_be_asked_is_refused_by_name(client: Client, params: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(client, **params)
    assert refused.value.param == param
    assert client.v1.checkout.sessions.list().data == []


@pytest.mark.parametrize("name", ["allow_promotion_codes", "submit_type", "invoice_creation", "shipping_options"])
def test_setting_up_a_card_asks_for_no_part_of_a_purchase(client: Client, name: str) -> None:
    given: Any = {
        "allow_promotion_codes": True,
        "submit_type": "pay",
        "invoice_creation": {"enabled": True},
        "shipping_options": [{"shipping_rate": "shr_none"}],
    }
    asked = {"mode": "setup", "currency": "usd", "success_url": "http://127.0.0.1:9/x", name: given[name]}
    with pytest.raises(stripe.InvalidRequestError, match="`setup` mode") as refused:
        client.v1.checkout.sessions.create(asked)
    assert refused.value.param == name


def test_custom_fields_are_answered_within_their_limits(client: Client, sandbox: Running) -> None:
    size = {"label": "Small", "value": "s"}
    session = new_session(
        client,
        custom_fields=[
            _text("engraving", minimum_length=2, maximum_length=5),
            {"key": "age", "label": {"type": "custom", "custom": "Age"}, "type": "numeric", "optional": True},
            {**_text("size"), "type": "dropdown", "dropdown": {"options": [size], "default_value": "s"}},
        ],
    )
    assert session.custom_fields[0].text.to_dict() == {
        "default_value": None,
        "maximum_length": 5,
        "minimum_length": 2,
        "value": None,
    }
    for answers, param in (
        ({}, "custom_fields[engraving]"),
        ({"engraving": "A"}, "custom_fields[engraving]"),
        ({"engraving": "ADA", "age": "old"}, "custom_fields[age]"),
        ({"engraving": "ADA", "size": "xl"}, "custom_fields[size]"),
        ({"engraving": "ADA", "colour": "red"}, "custom_fields[colour]"),
    ):
        refused = _pay(sandbox, session, custom_fields=answers)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
    assert client.v1.payment_intents.list().data == []
    done = _pay(sandbox, session, custom_fields={"engraving": "ADA"}).json()["session"]
    assert [each[each["type"]]["value"] for each in done["custom_fields"]] == ["ADA", None, "s"]


def test_phone_names_consent_and_tax_ids_are_collected(client: Client, sandbox: Running) -> None:
    session = new_session(
        client,
        phone_number_collection={"enabled": True},
        name_collection={"business": {"enabled": True, "optional": True}, "individual": {"enabled": True}},
        consent_collection={"terms_of_service": "required", "promotions": "auto"},
        tax_id_collection={"enabled": True, "required": "if_supported"},
        customer_creation="always",
    )
    given: dict[str, Any] = {}
    for name, value in (
        ("individual_name", "Ada Lovelace"),
        ("phone", "+44 20 7946 0000"),
        ("terms_of_service", True),
        ("tax_id", {"type": "gb_vat", "value": "GB123456789"}),
    ):
        refused = _pay(sandbox, session, **given)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "parameter_missing")
        given[name] = value
    done = _pay(sandbox, session, **given).json()["session"]
    details = done["customer_details"]
    assert (details["phone"], details["individual_name"], details["business_name"]) == (
        "+44 20 7946 0000",
        "Ada Lovelace",
        None,
    )
    assert done["consent"] == {"promotions": "opt_out", "terms_of_service": "accepted"}
    assert details["tax_ids"] == [{"type": "gb_vat", "value": "GB123456789"}]
    customer = client.v1.customers.retrieve(done["customer"], {"expand": ["tax_ids"]})
    assert (customer.phone, customer.tax_ids.data[0].value) == ("+44 20 7946 0000", "GB123456789")


@pytest.mark.parametrize(
    ("update", "name", "city"), [(None, "Old", None), ({"name": "auto", "shipping": "auto"}, "Ada", "Berlin")]
)
def test_a_known_customer_is_changed_only_as_the_seller_says(
    client: Client, sandbox: Running, update: Any, name: str, city: str | None
) -> None:
    customer = client.v1.customers.create({"name": "Old"})
    asked: dict[str, Any] = {"customer_update": update} if update else {}
    session = new_session(client, customer=customer.id, shipping_address_collection={"allowed_countries": ["DE"]}, **asked)
    assert _pay(sandbox, session, name="Ada", shipping=TO).status_code == 200
    kept = client.v1.customers.retrieve(customer.id)
    assert (kept.name, kept.email) == (name, "ada@example.com")
    assert (kept.shipping and kept.shipping.address.city) == city


def test_a_billing_address_may_be_required(client: Client, sandbox: Running) -> None:
    session = new_session(client, billing_address_collection="required")
    refused = _pay(sandbox, session, address={"country": "DE"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "address[line1]")
    address = {"country": "DE", "line1": "1", "city": "Berlin", "postal_code": "10115"}
    paid = _pay(sandbox, session, name="Ada", address=address).json()
    charge = client.v1.charges.retrieve(paid["payment_intent"]["latest_charge"])
    assert charge.billing_details.address.city == "Berlin"
    assert paid["session"]["customer_details"]["address"]["postal_code"] == "10115"


def test_a_subscription_asks_the_same_and_lets_choose_how_many(client: Client, sandbox: Running) -> None:
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False})
    line = {
        "price": new_price(client, 1000).id,
        "quantity": 1,
        "tax_rates": [rate.id],
        "adjustable_quantity": {"enabled": True},
    }
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [line],
            "success_url": "http://127.0.0.1:9/x",
            "phone_number_collection": {"enabled": True},
            "shipping_address_collection": {"allowed_countries": ["DE"]},
        }
    )
    item = client.v1.checkout.sessions.line_items.list(session.id, {"expand": ["data.taxes"]}).data[0]
    assert (session.amount_total, item.taxes[0].amount, item.taxes[0].rate.id) == (1200, 200, rate.id)
    paid = _pay(sandbox, session, phone="+49 30 1234567", shipping=TO, quantities={item.id: 3})
    assert paid.status_code == 200, paid.text
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "customer"]})
    assert (done.amount_total, done.subscription["items"].data[0].quantity) == (3600, 3)
    assert (done.customer.phone, done.customer.shipping.address.city) == ("+49 30 1234567", "Berlin")
    assert "customer.updated" not in events(client)


def test_what_only_the_page_uses_is_kept_and_shown(client: Client) -> None:
    session = new_session(
        client,
        locale="de",
        submit_type="donate",
        origin_context="mobile_app",
        integration_identifier="shop-7",
        custom_text={"after_submit": {"message": "Thanks"}},
        billing_address_collection="auto",
    )
    assert (session.locale, session.submit_type, session.origin_context) == ("de", "donate", "mobile_app")
    assert (session.integration_identifier, session.custom_text.after_submit.message) == ("shop-7", "Thanks")
    assert (session.custom_text.submit, session.billing_address_collection) == (None, "auto")


@pytest.mark.parametrize("minutes", [29, 24 * 60 + 2])
def test_a_session_lives_from_half_an_hour_to_a_day(client: Client, sandbox: Running, minutes: int) -> None:
    now = sandbox.http.get(f"{sandbox.url}/_sandbox/clock").json()["now"]
    kept = new_session(client, expires_at=now + 31 * 60)
    assert kept.expires_at == now + 31 * 60
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(client, expires_at=now + minutes * 60 + (-61 if minutes < 60 else 61))
    assert refused.value.param == "expires_at"


def test_the_twin_says_what_it_does_not_know(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    for fields, param in (
        ({"colour": "red"}, "colour"),
        ({"phone": 5}, "phone"),
        ({"quantities": {"li_x": "2"}}, "quantities[li_x]"),
        ({"tax_id": {"type": "eu_vat"}}, "tax_id"),
        ({"shipping": {"address": 1}}, "shipping"),
        ({"custom_fields": {"a": 1}}, "custom_fields[a]"),
        ({"terms_of_service": "yes"}, "terms_of_service"),
    ):
        answer = _pay(sandbox, session, **fields)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_shipping_on_an_invoice_is_said_to_be_missing(client: Client) -> None:
    way = {"display_name": "Post", "fixed_amount": {"amount": 500, "currency": "usd"}}
    with pytest.raises(stripe.APIError) as refused:
        new_session(client, invoice_creation={"enabled": True}, shipping_options=[{"shipping_rate_data": way}])
    assert (refused.value.http_status, error_of(refused).param) == (501, "shipping_options")
    assert client.v1.shipping_rates.list().data == []
