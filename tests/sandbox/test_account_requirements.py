"""What a seller is asked for: people of a company, papers somebody looks at, deadlines, blocks, and an end of it all."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, charge, error_of
from tests.sandbox.connect import CAPABILITIES, DAY, EVERYTHING, PERSON, direct, new_seller, on, seller_events

COMPANY: Any = {
    "business_type": "company",
    "company": {
        "name": "Rosen Teas",
        "phone": "0000000000",
        "tax_id": "000000000",
        "address": PERSON["address"],
        "owners_provided": True,
    },
}
REPRESENTATIVE: Any = {**PERSON, "relationship": {"representative": True, "owner": True, "title": "CEO"}}
URLS: Any = {"refresh_url": "http://127.0.0.1:9/again", "return_url": "http://127.0.0.1:9/back"}
LATER: Any = {**PERSON, "dob": {"day": 1, "month": 1, "year": 1901}}


def _company(client: Client, **params: Any) -> str:
    given = {name: value for name, value in EVERYTHING.items() if name not in ("business_type", "individual")}
    wanted: Any = {"type": "custom", "capabilities": CAPABILITIES, **given, **COMPANY, **params}
    return str(client.v1.accounts.create(wanted).id)


def _standing(client: Client, seller: str) -> tuple[bool, bool, str | None, list[str]]:
    now = client.v1.accounts.retrieve(seller)
    return now.charges_enabled, now.payouts_enabled, now.requirements.disabled_reason, now.requirements.currently_due


def test_a_company_needs_somebody_who_speaks_for_it(client: Client) -> None:
    seller = _company(client)
    owed = client.v1.accounts.retrieve(seller).requirements.currently_due
    assert {"representative.first_name", "representative.relationship.title", "representative.ssn_last_4"} <= set(owed)
    assert all(name.startswith("representative.") for name in owed)
    half = {"first_name": "Jenny", "relationship": {"representative": True}}
    person = client.v1.accounts.persons.create(seller, half)
    owed = client.v1.accounts.retrieve(seller).requirements.currently_due
    assert f"{person.id}.last_name" in owed
    assert f"{person.id}.first_name" not in owed
    assert "last_name" in person.requirements.currently_due
    assert person.verification.status == "unverified"
    told = client.v1.accounts.persons.update(seller, person.id, REPRESENTATIVE)
    assert (told.verification.status, told.ssn_last_4_provided, told.dob.year) == ("verified", True, 1902)
    assert _standing(client, seller) == (True, True, None, [])
    assert seller_events(client, seller) == [
        "account.external_account.created",
        "person.created",
        "account.updated",
        "person.updated",
        "capability.updated",
        "capability.updated",
        "account.updated",
    ]


def test_people_of_a_company_are_listed_by_role_changed_and_removed(client: Client) -> None:
    seller = _company(client)
    speaks = client.v1.accounts.persons.create(seller, REPRESENTATIVE)
    owner = client.v1.accounts.persons.create(
        seller, {"first_name": "Ada", "relationship": {"owner": True, "percent_ownership": 40}, "metadata": {"a": "b"}}
    )
    persons = client.v1.accounts.persons
    assert [each.id for each in persons.list(seller).data] == [owner.id, speaks.id]
    assert [each.id for each in persons.list(seller, {"relationship": {"representative": True}}).data] == [speaks.id]
    with pytest.raises(stripe.InvalidRequestError, match="already has a representative"):
        persons.update(seller, owner.id, {"relationship": {"representative": True}})
    assert persons.update(seller, owner.id, {"email": "ada@example.com", "metadata": {"a": ""}}).metadata.to_dict() == {}
    assert persons.retrieve(seller, owner.id).email == "ada@example.com"
    assert persons.delete(seller, owner.id).deleted
    with pytest.raises(stripe.InvalidRequestError) as refused:
        persons.retrieve(seller, owner.id)
    assert refused.value.code == "resource_missing"
    assert _standing(client, seller) == (True, True, None, [])
    persons.delete(seller, speaks.id)
    assert _standing(client, seller)[:3] == (False, False, "requirements.past_due")


def test_an_individual_is_a_person_and_shown_where_the_platform_collects_papers(client: Client) -> None:
    seller = new_seller(client)
    shown = client.v1.accounts.retrieve(seller)
    person = client.v1.accounts.persons.list(seller).data[0]
    assert (shown.individual.id, shown.individual.first_name, shown.company.name) == (person.id, "Jenny", None)
    assert shown.individual.verification.status == "verified"
    assert "ssn_last_4" not in shown.individual.to_dict()
    assert shown.settings.payouts.debit_negative_balances is False
    changed = client.v1.accounts.persons.update(seller, person.id, {"last_name": "Rose"})
    assert client.v1.accounts.retrieve(seller).individual.last_name == changed.last_name == "Rose"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.accounts.persons.create(seller, {"first_name": "Ada"})
    express = client.v1.accounts.create({"type": "express", "individual": PERSON})
    assert ("individual" in express, "company" in express) == (False, False)
    assert express.settings.payouts.debit_negative_balances is True


def test_papers_that_somebody_looks_at_are_pending_for_a_while(client: Client, sandbox: Running) -> None:
    seller = new_seller(client, individual=LATER)
    waiting = client.v1.accounts.retrieve(seller)
    assert (waiting.charges_enabled, waiting.details_submitted) == (False, True)
    assert waiting.requirements.disabled_reason == "requirements.pending_verification"
    assert waiting.requirements.pending_verification == ["individual.ssn_last_4"]
    assert waiting.capabilities.to_dict() == {"card_payments": "pending", "transfers": "pending"}
    assert waiting.individual.verification.status == "pending"
    with pytest.raises(stripe.InvalidRequestError):
        charge(client, transfer_data={"destination": seller})
    told = len(seller_events(client, seller))
    sandbox.advance(3)
    assert _standing(client, seller) == (True, True, None, [])
    assert seller_events(client, seller)[told:] == [
        "person.updated",
        "capability.updated",
        "capability.updated",
        "account.updated",
    ]
    last = client.v1.events.list({"limit": 1}, on(seller)).data[0]
    assert last.data.previous_attributes["capabilities"].to_dict() == {"card_payments": "pending", "transfers": "pending"}
    assert last.data.previous_attributes["requirements"]["disabled_reason"] == "requirements.pending_verification"


def test_nobody_may_deal_with_somebody_on_a_list(client: Client) -> None:
    seller = new_seller(client, individual={**PERSON, "dob": {"day": 1, "month": 1, "year": 1900}})
    assert _standing(client, seller) == (False, False, "under_review", [])


def test_a_growing_seller_has_two_weeks_to_tell_more(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    assert client.v1.accounts.retrieve(seller).requirements.eventually_due == ["individual.id_number"]
    direct(client, seller, card="pm_card_visa_triggerNextRequirements")
    asked = client.v1.accounts.retrieve(seller)
    deadline = asked.requirements.current_deadline
    assert _standing(client, seller) == (True, True, None, ["individual.id_number"])
    assert abs(deadline - sandbox.http.get(f"{sandbox.url}/_sandbox/clock").json()["now"] - 14 * DAY) < 60
    sandbox.advance(14 * DAY + 1)
    assert _standing(client, seller) == (False, False, "requirements.past_due", ["individual.id_number"])
    late = client.v1.accounts.retrieve(seller).requirements
    assert (late.past_due, late.current_deadline) == (["individual.id_number"], None)
    client.v1.accounts.update(seller, {"individual": {"id_number": "000000000"}})
    assert _standing(client, seller) == (True, True, None, [])
    assert client.v1.accounts.retrieve(seller).requirements.eventually_due == []


@pytest.mark.parametrize(("card", "standing"), [("ChargeBlock", (False, True)), ("PayoutBlock", (True, False))])
def test_a_trigger_card_blocks_charges_or_payouts(client: Client, card: str, standing: tuple[bool, bool]) -> None:
    seller = new_seller(client)
    charge(client, 5000, f"pm_card_visa_trigger{card}", on_behalf_of=seller)
    assert _standing(client, seller) == (*standing, "requirements.past_due", ["individual.id_number"])
    client.v1.accounts.update(seller, {"individual": {"id_number": "000000000"}})
    assert _standing(client, seller) == (True, True, None, [])


def test_a_control_asks_for_anything_with_a_deadline(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    wanted = {"fields": ["business_profile.product_description"], "seconds": DAY}
    assert sandbox.post(f"/accounts/{seller}/ask", **wanted).status_code == 200
    assert _standing(client, seller) == (True, True, None, wanted["fields"])
    client.v1.accounts.update(seller, {"business_profile": {"product_description": "Tea"}})
    sandbox.advance(2 * DAY)
    assert _standing(client, seller) == (True, True, None, [])
    refused: Any = ({"fields": []}, {"fields": [5]}, {"fields": ["a b"]}, {"seconds": 0}, {"blocks": "x"})
    for wrong in refused:
        assert sandbox.post(f"/accounts/{seller}/ask", **wrong).status_code == 400


def test_a_link_to_change_an_account_is_for_those_whose_papers_the_platform_collects(client: Client) -> None:
    wanted: Any = {"type": "account_update", **URLS}
    assert client.v1.account_links.create({"account": new_seller(client), **wanted}).url
    express = client.v1.accounts.create({"type": "express"}).id
    with pytest.raises(stripe.InvalidRequestError, match="Valid account link types") as refused:
        client.v1.account_links.create({"account": express, **wanted})
    assert error_of(refused).param == "type"


def test_the_page_asks_a_company_for_its_speaker_and_for_all_numbers_if_told_to(client: Client, sandbox: Running) -> None:
    seller = client.v1.accounts.create({"type": "express", "business_type": "company", "capabilities": CAPABILITIES}).id
    options = {"collection_options": {"fields": "eventually_due"}}
    link = client.v1.account_links.create({"account": seller, "type": "account_onboarding", **URLS, **options})
    page = sandbox.url + sandbox.http.get(link.url).headers["location"]
    shown = sandbox.http.get(page).text
    assert ("person_id_number" in shown, "person_ssn_last_4" in shown) == (True, False)
    answers = {"name": "Rosen Teas", "phone": "0000000000", "tax_id": "000000000", "url": "https://example.com"}
    speaks = {
        "first_name": "Jenny",
        "last_name": "Rosen",
        "email": "j@example.com",
        "dob": "1902-01-01",
        "id_number": "000000000",
    }
    typed = answers | PERSON["address"] | {f"person_{name}": value for name, value in speaks.items()}
    assert sandbox.http.post(page, data={"step": "1", "press": "next", **typed}).status_code == 303
    bank = {"routing_number": "110000000", "account_number": "000123456789"}
    assert sandbox.http.post(page, data={"step": "2", "press": "next", **bank}).status_code == 303
    assert sandbox.http.post(page, data={"step": "3", "press": "next"}).headers["location"] == URLS["return_url"]
    assert _standing(client, seller) == (True, True, None, [])
    assert client.v1.accounts.persons.list(seller).data[0].relationship.title == "Owner"


def test_a_seller_with_a_dashboard_disconnects(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    assert sandbox.post(f"/accounts/{seller}/deauthorize").status_code == 400
    own = client.v1.accounts.create({"type": "standard", "capabilities": CAPABILITIES}).id
    assert sandbox.post(f"/accounts/{own}/deauthorize").status_code == 200
    assert [each.id for each in client.v1.accounts.list().data] == [seller]
    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve(own)
    with pytest.raises(stripe.PermissionError) as refused:
        client.v1.balance.retrieve({}, on(own))
    assert error_of(refused).code == "account_invalid"


@pytest.mark.parametrize(
    ("reason", "action", "shown", "pays"),
    [
        ("terms_of_service", "pause", "rejected.platform_terms_of_service", False),
        ("fraud_no_intent_to_fulfill", "none", "rejected.platform_fraud", True),
        ("other", None, "rejected.platform_other", False),
    ],
)
def test_a_platform_rejects_for_a_reason(client: Client, reason: str, action: str | None, shown: str, pays: bool) -> None:
    seller = new_seller(client)
    client.raw_request("post", f"/v1/accounts/{seller}/reject", reason=reason, **({"payouts_action": action} if action else {}))
    assert _standing(client, seller) == (False, pays, shown, [])
    with pytest.raises(stripe.InvalidRequestError):
        charge(client, transfer_data={"destination": seller})
