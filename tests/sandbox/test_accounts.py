"""Sellers' accounts: what they owe before they may be paid, their bank accounts, and the ways onboarding ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Listener, Running, charge, events, eventually
from tests.sandbox.connect import CAPABILITIES, EVERYTHING, balance_of, new_seller, on, seller_events


def _express(client: Client, **params: Any) -> Any:
    controller = {
        "losses": {"payments": "application"},
        "fees": {"payer": "application"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "express"},
    }
    given: Any = {"country": "US", "email": "j@example.com", "controller": controller, "capabilities": CAPABILITIES}
    return client.v1.accounts.create({**given, **params})


def test_a_new_account_owes_its_papers(client: Client) -> None:
    made = _express(client, metadata={"seller": "7"})
    assert (made.type, made.charges_enabled, made.payouts_enabled, made.details_submitted) == ("none", False, False, False)
    assert (made.controller.requirement_collection, made.metadata["seller"]) == ("stripe", "7")
    assert made.capabilities.to_dict() == {"transfers": "inactive", "card_payments": "inactive"}
    assert {"external_account", "individual.first_name", "tos_acceptance.date"} <= set(made.requirements.currently_due)
    assert made.requirements.disabled_reason == "requirements.past_due"
    assert [each.id for each in client.v1.accounts.list().data] == [made.id]
    assert client.v1.accounts.retrieve(made.id).id == client.v1.accounts.retrieve_current({}, on(made.id)).id == made.id
    assert events(client) == []


@pytest.mark.parametrize(
    ("kind", "fees", "collection", "dashboard"),
    [
        ("express", "application_express", "stripe", "express"),
        ("custom", "application_custom", "application", "none"),
        ("standard", "account", "stripe", "full"),
    ],
)
def test_the_old_types_are_names_for_controllers(client: Client, kind: str, fees: str, collection: str, dashboard: str) -> None:
    made = client.v1.accounts.create({"type": kind})
    shown = made.controller
    assert (made.type, shown.fees.payer, shown.requirement_collection, shown.stripe_dashboard.type) == (
        kind,
        fees,
        collection,
        dashboard,
    )


def test_controllers_that_contradict_themselves_are_refused(client: Client) -> None:
    for controller in (
        {"losses": {"payments": "application"}},
        {"requirement_collection": "application"},
        {"stripe_dashboard": {"type": "express"}},
    ):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.accounts.create({"controller": controller})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.accounts.create({"type": "express", "controller": {"losses": {"payments": "stripe"}}})
    assert client.v1.accounts.list().data == []


def test_a_custom_account_is_ready_when_all_is_given(client: Client) -> None:
    made = client.v1.accounts.create({"type": "custom", "capabilities": CAPABILITIES})
    client.v1.accounts.update(made.id, EVERYTHING)
    ready = client.v1.accounts.retrieve(made.id)
    assert (ready.charges_enabled, ready.payouts_enabled, ready.details_submitted) == (True, True, True)
    assert (ready.requirements.currently_due, ready.requirements.disabled_reason) == ([], None)
    assert seller_events(client, made.id) == [
        "account.external_account.created",
        "person.created",
        "capability.updated",
        "capability.updated",
        "account.updated",
    ]
    listed = client.v1.accounts.capabilities.list(made.id).data
    assert sorted((each.id, each.status) for each in listed) == [("card_payments", "active"), ("transfers", "active")]
    with pytest.raises(stripe.InvalidRequestError, match="Terms of Service on behalf"):
        client.v1.accounts.update(_express(client).id, {"tos_acceptance": {"date": 1, "ip": "127.0.0.1"}})


@pytest.mark.parametrize(
    ("outcome", "charges", "submitted", "reason", "due"),
    [
        ("complete", True, True, None, []),
        ("pending", False, True, "requirements.pending_verification", []),
        ("document", False, True, "requirements.past_due", ["individual.verification.document"]),
        ("rejected", False, True, "rejected.other", []),
        ("half", False, False, "requirements.past_due", ["external_account", "tos_acceptance.date", "tos_acceptance.ip"]),
    ],
)
def test_onboarding_ends_in_one_of_its_ways(
    client: Client, sandbox: Running, outcome: str, charges: bool, submitted: bool, reason: str | None, due: list[str]
) -> None:
    made = _express(client)
    assert sandbox.post(f"/accounts/{made.id}/onboard", outcome=outcome).status_code == 200
    now = client.v1.accounts.retrieve(made.id)
    assert (now.charges_enabled, now.payouts_enabled, now.details_submitted) == (charges, charges, submitted)
    assert (now.requirements.disabled_reason, now.requirements.currently_due) == (reason, due)
    assert seller_events(client, made.id)[-1] == "account.updated"


def test_a_mismatch_is_cured_by_a_document(client: Client) -> None:
    person = {**EVERYTHING["individual"], "ssn_last_4": "1111"}
    seller = new_seller(client, individual=person)
    doubted = client.v1.accounts.retrieve(seller)
    assert doubted.requirements.errors[0].code == "verification_failed_keyed_identity"
    document = {"document": {"front": "file_identity_document_success"}}
    assert client.v1.accounts.update(seller, {"individual": {"verification": document}}).charges_enabled


def test_bank_accounts_are_added_chosen_and_removed(client: Client) -> None:
    seller = new_seller(client)
    bank = {
        "object": "bank_account",
        "country": "US",
        "currency": "usd",
        "routing_number": "110000000",
        "account_number": "000111111116",
    }
    second = client.v1.accounts.external_accounts.create(seller, {"external_account": bank})
    assert (second.last4, second.status, second.default_for_currency) == ("1116", "new", False)
    chosen = client.v1.accounts.external_accounts.update(seller, second.id, {"default_for_currency": True})
    assert chosen.default_for_currency
    listed = client.v1.accounts.external_accounts.list(seller).data
    assert [each.default_for_currency for each in listed] == [True, False]
    with pytest.raises(stripe.InvalidRequestError, match="cannot delete the default"):
        client.v1.accounts.external_accounts.delete(seller, second.id)
    assert client.v1.accounts.external_accounts.delete(seller, listed[1].id).deleted
    assert len(client.v1.accounts.retrieve(seller).external_accounts.data) == 1
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.accounts.external_accounts.create(seller, {"external_account": "btok_unknown"})
    assert refused.value.code == "resource_missing"


def test_an_account_with_money_cannot_be_deleted(client: Client) -> None:
    seller = new_seller(client)
    charge(client, 1000, transfer_data={"destination": seller})
    eventually(lambda: balance_of(client, seller) == (0, 1000))
    with pytest.raises(stripe.InvalidRequestError, match="balance is not zero"):
        client.v1.accounts.delete(seller)
    empty = new_seller(client)
    assert client.v1.accounts.delete(empty).deleted
    assert [each.id for each in client.v1.accounts.list().data] == [seller]
    with pytest.raises(stripe.PermissionError):
        client.v1.balance.retrieve({}, on(empty))


def test_a_rejected_account_is_told_so(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    key = client._requestor.api_key
    answer = sandbox.http.post(f"{sandbox.url}/v1/accounts/{seller}/reject", data={"reason": "fraud_other"}, auth=(key, ""))
    assert answer.json()["requirements"]["disabled_reason"] == "rejected.platform_fraud"
    assert not client.v1.accounts.retrieve(seller).payouts_enabled


def test_links_are_for_accounts_that_may_have_them(client: Client, sandbox: Running) -> None:
    made = _express(client)
    urls = {"refresh_url": "http://127.0.0.1:9/again", "return_url": "http://127.0.0.1:9/back"}
    link = client.v1.account_links.create({"account": made.id, "type": "account_onboarding", **urls})
    assert link.expires_at - link.created == 300
    with pytest.raises(stripe.InvalidRequestError, match="has not completed onboarding"):
        client.v1.accounts.login_links.create(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="does not have access to the Express Dashboard"):
        client.v1.accounts.login_links.create(new_seller(client))
    first = sandbox.http.get(link.url)
    assert (first.status_code, first.headers["location"].startswith("/c/seller/")) == (303, True)
    assert sandbox.http.get(link.url).headers["location"] == urls["refresh_url"]
    late = client.v1.account_links.create({"account": made.id, "type": "account_onboarding", **urls})
    sandbox.advance(301)
    assert sandbox.http.get(late.url).headers["location"] == urls["refresh_url"]


def test_a_session_for_embedded_components_says_what_was_asked_for(client: Client) -> None:
    seller = new_seller(client)
    wanted: Any = {"payouts": {"enabled": True, "features": {"instant_payouts": True}}}
    session = client.v1.account_sessions.create({"account": seller, "components": wanted})
    assert session.account == seller
    assert (session.components.payouts.enabled, session.components.payouts.features.instant_payouts) == (True, True)
    assert session.components.balances.enabled is False


def test_events_of_sellers_go_to_connect_endpoints_only(client: Client, listener: Listener) -> None:
    plain = client.v1.webhook_endpoints.create({"url": f"{listener.url}?plain", "enabled_events": ["*"]})
    client.v1.webhook_endpoints.create({"url": f"{listener.url}?connect", "enabled_events": ["*"], "connect": True})
    seller = new_seller(client)
    client.v1.products.create({"name": "Tea"})
    client.v1.products.create({"name": "Pot"}, on(seller))
    eventually(lambda: len(listener.received) == 4)
    heard = [(json.loads(body)["type"], json.loads(body).get("account")) for _, body in listener.received]
    assert sorted(heard, key=str) == sorted(
        [
            ("account.external_account.created", seller),
            ("person.created", seller),
            ("product.created", None),
            ("product.created", seller),
        ],
        key=str,
    )
    own = [body for headers, body in listener.received if _signed(body, headers, plain.secret)]
    assert [json.loads(body).get("account") for body in own] == [None]


def _signed(body: bytes, headers: dict[str, str], secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body.decode(), headers["stripe-signature"], secret, 300))
    except stripe.SignatureVerificationError:
        return False
