"""Persons: who stands behind a connected account, the individual itself or the people of a company."""

from __future__ import annotations

from copy import deepcopy

from farthing.sandbox.account import Account, changes, merge_metadata
from farthing.sandbox.errors import invalid, refuse_not_here
from farthing.sandbox.listing import page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import accounts, requirements
from farthing.sandbox.resources.addresses import address
from farthing.sandbox.store import Json, Record

NOT_HERE = {"person_token": "person tokens", "documents": "documents of persons", "us_cfpb_data": "data for the CFPB"}
TEXTS = (
    "email",
    "first_name",
    "last_name",
    "maiden_name",
    "nationality",
    "phone",
    "political_exposure",
    "gender",
    "full_name_aliases",
)
ROLES = ("authorizer", "director", "executive", "legal_guardian", "owner", "percent_ownership", "representative", "title")
# Where nothing was said of a person, these have their own empty values.
USUAL = {"full_name_aliases": [], "political_exposure": "none"}


def create(account: Account, id: str, params: Json) -> Record:
    record = accounts.connected(account, id)
    if not requirements.is_company(record):
        raise invalid("This account is not a company: its person is told of with `individual`.", code="account_invalid")
    before = deepcopy(record.body)
    person = add(account, record, _told(params))
    accounts.tell(account, record, before)
    return _get(account, id, person.id)


def _told(params: Json) -> Json:
    refuse_not_here(params, NOT_HERE)
    return {name: value for name, value in params.items() if name != "expand"}


def add(platform: Account, record: Record, told: Json) -> Record:
    """The caller tells of the person and of the account."""
    seat = platform.seat(record.id)
    _check_roles(record, told)
    metadata = merge_metadata({}, told.get("metadata"))
    person = seat.add("person", "person", {"account": record.id}, told_of=False, metadata=metadata)
    _remember(record, person.id, told)
    return person


def _check_roles(record: Record, told: Json) -> None:
    """A company has one person who speaks for it."""
    there = requirements.representative(record)
    if there and (told.get("relationship") or {}).get("representative"):
        raise invalid(
            "The account already has a representative. Only one person can have `relationship[representative]`.",
            param="relationship[representative]",
        )


def _remember(record: Record, id: str, told: Json) -> None:
    people = record.inner.setdefault("persons", {})
    kept = {name: value for name, value in told.items() if name != "metadata"}
    people[id] = accounts.merged(people.get(id, {}), kept)


def follow(platform: Account, record: Record) -> None:
    """The individual behind an account is a person as well; what was told of one was told of the other."""
    told = record.inner["given"].get("individual")
    if not told or requirements.is_company(record):
        return
    known = record.inner.get("person")
    relationship = {"relationship": {"representative": True}}
    if known is None:
        record.inner["person"] = add(platform, record, told | relationship).id
    else:
        _remember(record, known, told)


def refresh(platform: Account, record: Record) -> None:
    """Each person's own part of what the account owes; told of when it is new, and where it changed."""
    seat = platform.seat(record.id)
    for person in seat.select("person", "1 ORDER BY seq"):
        before, known = deepcopy(person.body), person.inner["told_of"]
        person.body |= shape(record, person.id) | {"metadata": person.inner["metadata"]}
        person.inner["told_of"] = True
        if changes(before, person.body):
            seat.save(person)
            seat.emit("person.updated" if known else "person.created", person, before=before if known else None)
    if record["controller"]["requirement_collection"] == "application" and (id := record.inner.get("person")):
        record["individual"] = seat.get("person", id).body


def shape(record: Record, id: str) -> Json:
    """Numbers and documents are never shown again, only that they were given."""
    told: Json = record.inner["persons"][id]
    who = "individual" if record.inner.get("person") == id or not requirements.is_company(record) else id
    owes = requirements.about(record, who)
    relationship = told.get("relationship") or {}
    front = ((told.get("verification") or {}).get("document") or {}).get("front")
    return {name: told.get(name) or USUAL.get(name) for name in TEXTS} | {
        "address": address(told.get("address") or {}),
        "dob": {name: (told.get("dob") or {}).get(name) for name in ("day", "month", "year")},
        "future_requirements": {name: [] for name in owes},
        "id_number_provided": bool(told.get("id_number")),
        "id_number_secondary_provided": False,
        "registered_address": address(told.get("registered_address") or {}),
        "relationship": {name: relationship.get(name) for name in ROLES} | _roles(relationship),
        "requirements": owes,
        "ssn_last_4_provided": bool(told.get("ssn_last_4") or told.get("id_number")),
        "verification": {
            "additional_document": {"back": None, "details": None, "details_code": None, "front": None},
            "details": None,
            "details_code": "failed_keyed_identity" if owes["errors"] else None,
            "document": {"back": None, "details": None, "details_code": None, "front": front},
            "status": _status(record, owes),
        },
    }


def _roles(relationship: Json) -> Json:
    share = relationship.get("percent_ownership")
    plain = ("percent_ownership", "title", "legal_guardian")
    return {name: bool(relationship.get(name)) for name in ROLES if name not in plain} | {
        "percent_ownership": float(share) if share else None
    }


def _status(record: Record, owes: Json) -> str:
    if owes["pending_verification"]:
        return "pending"
    return "verified" if record["details_submitted"] and not owes["currently_due"] else "unverified"


# Asked for over the API


def _get(account: Account, owner: str, id: str) -> Record:
    accounts.connected(account, owner)
    return account.seat(owner).get("person", id)


def retrieve(account: Account, owner: str, id: str, params: Json) -> Record:
    del params
    return _get(account, owner, id)


def update(account: Account, owner: str, id: str, params: Json) -> Record:
    change(account, accounts.connected(account, owner), id, _told(params))
    return _get(account, owner, id)


def change(account: Account, record: Record, id: str, told: Json) -> None:
    """Tells of the person and of what that makes of the account."""
    seat = account.seat(record.id)
    person = seat.get("person", id)
    if requirements.representative(record) != id:
        _check_roles(record, told)
    before = deepcopy(record.body)
    _remember(record, id, told)
    if record.inner.get("person") == id:
        known = {name: value for name, value in told.items() if name not in ("metadata", "relationship")}
        record.inner["given"]["individual"] = accounts.merged(record.inner["given"]["individual"], known)
    person.inner["metadata"] = merge_metadata(person["metadata"], told.get("metadata"))
    seat.save(person)
    accounts.tell(account, record, before)


def delete(account: Account, owner: str, id: str, params: Json) -> Json:
    del params
    record, person = accounts.connected(account, owner), _get(account, owner, id)
    if record.inner.get("person") == id:
        raise invalid("You cannot delete the person of an individual's account.", code="account_invalid")
    before, seat = deepcopy(record.body), account.seat(owner)
    del record.inner["persons"][id]
    seat.store.remove(seat.id, id)
    seat.emit("person.deleted", person)
    accounts.tell(account, record, before)
    return {"id": id, "object": "person", "deleted": True}


def list_(account: Account, owner: str, params: Json) -> Json:
    accounts.connected(account, owner)
    clauses, values = ["1"], []
    for role, wanted in (params.get("relationship") or {}).items():
        clauses.append(f"json_extract(body, '$.relationship.{role}') = ?")
        values.append(wanted)
    url = f"/v1/accounts/{owner}/persons"
    return page(account.seat(owner), "person", url, params, " AND ".join(clauses), *values)


OPERATIONS = (
    Operation("POST", "/v1/accounts/{id}/persons", "AccountCreatePersonParams", create),
    Operation("GET", "/v1/accounts/{id}/persons", "AccountListPersonsParams", list_),
    Operation("GET", "/v1/accounts/{id}/persons/{person}", "AccountRetrievePersonParams", retrieve),
    Operation("POST", "/v1/accounts/{id}/persons/{person}", "AccountModifyPersonParams", update),
    Operation("DELETE", "/v1/accounts/{id}/persons/{person}", "AccountDeletePersonParams", delete),
)
