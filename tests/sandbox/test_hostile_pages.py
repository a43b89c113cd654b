"""The pages and their controls sent anything at all: an answer every time, and never a broken one."""

from __future__ import annotations

import random
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, new_session
from tests.sandbox.test_portal_acts import Portal, updates

VALUES = (
    "", " ", "0", "-1", "1", "99999999999999999999", "1e3", "²", "٣", "true", "x" * 6000, "\x00", "é", "<b>&\"'", "{{ 7*7 }}",
    "pm_card_visa", "price_none", "li_", "li_x", "http://[", "4242424242424242", "12/34", "a@b.c", "DE", "sub_none", "\ud83d",
)  # fmt: skip
CHECKOUT = (
    "email name phone number expiry cvc country line1 city postal_code state shipping_name shipping_country shipping_line1 "
    "shipping_rate custom_engraving custom_size terms promotions save tax_id tax_id_type code apply unapply update fill saved "
    "forget by iban account_number routing_number individual_name quantity_li_x"
).split()
PORTAL = (
    "act subscription price quantity code feedback comment method number fill email name phone line1 country tax_id "
    "tax_id_type shipping_name shipping_line1"
).split()
ACTS = "cancel undo stay change look pause resume add_card default remove customer add_tax_id remove_tax_id fly".split()
JSON: tuple[Any, ...] = (
    None,
    True,
    5,
    -1,
    1.5,
    [],
    {},
    [1],
    {"a": {}},
    "x",
    "",
    {"line1": 5},
    {"address": []},
    {"type": "eu_vat"},
)
TWIN = (
    "card payment_method email name phone promotion_code shipping_rate individual_name business_name iban account_number "
    "routing_number address shipping custom_fields quantities tax_id terms_of_service promotions save_payment_method "
    "three_d_secure nothing"
).split()


@pytest.fixture
def session(client: Client) -> Any:
    line = {
        "price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Ink"}},
        "quantity": 2,
        "adjustable_quantity": {"enabled": True},
    }
    size = {"options": [{"label": "Small", "value": "s"}]}
    return new_session(
        client,
        line_items=[line],
        allow_promotion_codes=True,
        phone_number_collection={"enabled": True},
        shipping_address_collection={"allowed_countries": ["DE"]},
        custom_fields=[
            {"key": "engraving", "label": {"type": "custom", "custom": "E"}, "type": "numeric", "optional": True},
            {"key": "size", "label": {"type": "custom", "custom": "S"}, "type": "dropdown", "dropdown": size},
        ],
        tax_id_collection={"enabled": True},
        consent_collection={"terms_of_service": "required"},
    )


def _form(chance: random.Random, names: list[str]) -> dict[str, str]:
    picked = chance.sample(names, chance.randint(0, len(names)))
    return {name: chance.choice(VALUES).encode("utf-8", "replace").decode() for name in picked}


@pytest.mark.parametrize("seed", range(40))
def test_the_checkout_page_answers_whatever_is_typed(client: Client, sandbox: Running, session: Any, seed: int) -> None:
    chance = random.Random(seed)
    answer = sandbox.http.post(session.url, data=_form(chance, CHECKOUT))
    assert answer.status_code in (200, 303, 400, 402), answer.text
    assert client.v1.checkout.sessions.retrieve(session.id).status in ("open", "complete")


@pytest.mark.parametrize("seed", range(40))
def test_its_twin_answers_whatever_it_is_sent(sandbox: Running, session: Any, seed: int) -> None:
    chance = random.Random(seed)
    fields = {name: chance.choice(JSON) for name in chance.sample(TWIN, chance.randint(0, 6))}
    for control in ("change", "pay"):
        answer = sandbox.post(f"/checkout/sessions/{session.id}/{control}", **fields)
        assert answer.status_code in (200, 202, 400, 402), answer.text


def test_the_portal_answers_whatever_is_pressed(client: Client, sandbox: Running) -> None:
    portal = Portal(
        client,
        sandbox,
        subscription_update=updates(client),
        subscription_cancel={"enabled": True},
        subscription_pause={"enabled": True},
        payment_method_update={"enabled": True},
        customer_update={"enabled": True, "allowed_updates": ["email", "name", "phone", "address", "shipping", "tax_id"]},
        invoice_history={"enabled": True},
    )
    chance = random.Random(7)
    for _ in range(150):
        form = _form(chance, PORTAL) | {"act": chance.choice(ACTS)}
        if chance.random() < 0.7:
            form["subscription"] = portal.plan.id
        answer = sandbox.http.post(portal.session.url, data=form)
        assert answer.status_code in (200, 303, 400, 402), (form, answer.text)
        fields = {name: chance.choice(JSON) for name in chance.sample(PORTAL, 3)} | {"act": form["act"]}
        for control in ("act", "preview"):
            told = sandbox.post(f"/billing_portal/sessions/{portal.session.id}/{control}", **fields)
            assert told.status_code in (200, 202, 400, 402), (fields, told.text)


def test_an_invoice_page_takes_any_number(client: Client, sandbox: Running) -> None:
    customer = client.v1.customers.create({"email": "a@example.com"})
    invoice = client.v1.invoices.create({"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 7})
    client.v1.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 900, "currency": "usd"})
    invoice = client.v1.invoices.send_invoice(invoice.id)
    for value in VALUES:
        number = value.encode("utf-8", "replace").decode()
        assert sandbox.http.post(invoice.hosted_invoice_url, data={"number": number}).status_code in (200, 400, 402)
    for path in ("/c/recover/cs_none", "/c/pay/%00", "/p/bps_none", "/i/in_none/pdf", "/c/3ds/seti_none"):
        assert sandbox.http.get(sandbox.url + path).status_code == 404


@pytest.mark.parametrize("query", ["ahead=", "ahead=x", "ahead=-1", "ahead=9999999999", "ahead=%C2%B2", "request="])
def test_the_dashboard_looks_as_far_as_it_can(sandbox: Running, query: str) -> None:
    assert sandbox.http.get(f"{sandbox.url}/_sandbox/?{query}").status_code == 200


def test_a_request_that_never_was_is_not_found(sandbox: Running) -> None:
    assert sandbox.http.get(f"{sandbox.url}/_sandbox/?request=%00", follow_redirects=True).status_code == 404


def test_a_superscript_is_no_number(sandbox: Running) -> None:
    """Python calls it a digit and cannot count with it."""
    assert sandbox.http.get(f"{sandbox.url}/_sandbox/objects?type=event&before=%C2%B2").status_code == 200
    assert sandbox.http.get(f"{sandbox.url}/_sandbox/clock/preview?seconds=%C2%B2").status_code == 400
    assert sandbox.http.post(f"{sandbox.url}/_sandbox/clock/advance", data={"seconds": "²"}).status_code == 400


SCRIPT = "javascript:alert(1)"


@pytest.mark.parametrize(
    "url", [SCRIPT, "data:text/html,x", "http://[", "http://", "thanks", "http://a b/", "http://a.example/\n"]
)
def test_nobody_is_sent_to_an_address_that_is_none(client: Client, url: str) -> None:
    customer = client.v1.customers.create({}).id
    confirmed = {"payment_method": "pm_card_authenticationRequired", "confirm": True, "return_url": url}
    account = client.v1.accounts.create({"type": "express", "country": "US"}).id
    link = {"account": account, "type": "account_onboarding", "return_url": "http://127.0.0.1:9/", "refresh_url": url}
    flow = {"type": "payment_method_update", "after_completion": {"type": "redirect", "redirect": {"return_url": url}}}
    asked: list[tuple[Any, Any, str]] = [
        (new_session, {"client": client, "success_url": url}, "success_url"),
        (new_session, {"client": client, "cancel_url": url}, "cancel_url"),
        (client.v1.payment_intents.create, {"params": {"amount": 2500, "currency": "usd", **confirmed}}, "return_url"),
        (client.v1.setup_intents.create, {"params": confirmed}, "return_url"),
        (client.v1.account_links.create, {"params": link}, "refresh_url"),
        (client.v1.billing_portal.sessions.create, {"params": {"customer": customer, "return_url": url}}, "return_url"),
        (
            client.v1.billing_portal.sessions.create,
            {"params": {"customer": customer, "flow_data": flow}},
            "flow_data[after_completion][redirect][return_url]",
        ),
        (
            client.v1.billing_portal.configurations.create,
            {"params": {"features": {"invoice_history": {"enabled": True}}, "default_return_url": url}},
            "default_return_url",
        ),
    ]
    for ask, given, param in asked:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            ask(**given)
        assert (caught.value.code, caught.value.param) == ("url_invalid", param)


def test_an_app_is_sent_back_to_by_its_own_scheme(client: Client, sandbox: Running) -> None:
    confirmed = {"payment_method": "pm_card_authenticationRequired", "confirm": True, "return_url": "teashop://paid"}
    intent = client.v1.payment_intents.create({"amount": 2500, "currency": "usd", **confirmed})
    sandbox.post(f"/payment_intents/{intent.id}/authenticate", outcome="complete")
    page = sandbox.http.get(intent.next_action.redirect_to_url.url).text
    assert '<a class="primary" href="teashop://paid">' in page
