"""Onboarding: how a seller's papers come together. The hosted page and its API twin both come through here."""

from __future__ import annotations

from copy import deepcopy

from farthing.sandbox.account import Account
from farthing.sandbox.errors import malformed
from farthing.sandbox.resources import accounts, external_accounts, persons, requirements
from farthing.sandbox.store import Json, Record

OUTCOMES = ("complete", "pending", "document", "rejected", "half")
ADDRESS = {"line1": "address_full_match", "city": "Springfield", "state": "IL", "postal_code": "62701"}
BUSINESS = {"mcc": "5734", "url": "https://accessible.stripe.com"}
PERSON = {
    "first_name": "Jenny",
    "last_name": "Rosen",
    "email": "jenny.rosen@example.com",
    "phone": "0000000000",
    "dob": {"day": 1, "month": 1, "year": 1902},
    "ssn_last_4": "0000",
    "address": ADDRESS,
}
COMPANY = {"name": "Rosen Teas", "phone": "0000000000", "tax_id": "000000000", "address": ADDRESS}
MISMATCH = "1111"
LATER = {"dob": {"day": 1, "month": 1, "year": 1901}}


def is_company(record: Record) -> bool:
    return requirements.is_company(record)


def tell_business(platform: Account, record: Record, given: Json) -> None:
    """The first step: who sells, and what. `given` is the person or the company, `url` the website, `person` who speaks."""
    given = dict(given)
    url, person = given.pop("url", None), given.pop("person", None)
    kind = "company" if is_company(record) else "individual"
    if person:
        _speak_for(platform, record, person)
        given |= {"owners_provided": True}
    params: Json = {"business_type": record["business_type"] or "individual", kind: given}
    if url:
        params["business_profile"] = {"mcc": BUSINESS["mcc"], "url": url}
    accounts.change(platform, record, params)


def _speak_for(platform: Account, record: Record, person: Json) -> None:
    """The company's representative, made or told more of."""
    roles = {"relationship": {"representative": True, "owner": True, "title": "Owner"}}
    before, known = deepcopy(record.body), requirements.representative(record)
    if known:
        persons.change(platform, record, known, person)
    else:
        persons.add(platform, record, person | roles)
        accounts.tell(platform, record, before)


def give_bank(platform: Account, record: Record, routing: str, number: str) -> None:
    """The second step: where the money goes."""
    bank = {"object": "bank_account", "country": record["country"], "account_number": number, "routing_number": routing}
    before = deepcopy(record.body)
    external_accounts.put(platform.seat(record.id), record, bank, {"default_for_currency": True})
    accounts.tell(platform, record, before)


def agree(platform: Account, record: Record, *, needs_document: bool = False) -> None:
    """The third step: the terms. `needs_document`: as if the name did not match what the records say."""
    params: Json = {"tos_acceptance": {"date": platform.clock.seconds(), "ip": "127.0.0.1", "user_agent": "sandbox"}}
    if needs_document and is_company(record):
        params["company"] = {"tax_id": 9 * MISMATCH[0]}
    elif needs_document:
        params["individual"] = {"ssn_last_4": MISMATCH}
    accounts.change(platform, record, params)


def upload_document(platform: Account, record: Record) -> None:
    """Of whoever one is asked."""
    shows: Json = {"verification": {"document": {"front": requirements.GOOD_DOCUMENT}}}
    for name in [each for each in record["requirements"]["currently_due"] if requirements.is_document(each)]:
        who = name.partition(".")[0]
        if who in ("individual", "company"):
            accounts.change(platform, record, {who: shows})
        else:
            _speak_for(platform, record, shows)


def go_through(platform: Account, record: Record, outcome: str, number: str = external_accounts.GOOD) -> None:
    """All the steps at once, up to this end: `half` stops after the first."""
    if outcome not in OUTCOMES:
        raise malformed(f"`outcome` must be one of {', '.join(OUTCOMES)}.", param="outcome")
    person = PERSON | (LATER if outcome == "pending" else {})
    told = {**COMPANY, "person": person} if is_company(record) else person
    tell_business(platform, record, {**told, "url": BUSINESS["url"]})
    if outcome == "half":
        return
    give_bank(platform, record, external_accounts.ROUTING, number)
    agree(platform, record, needs_document=outcome == "document")
    if outcome == "rejected":
        accounts.turn_away(platform, record, "other")
