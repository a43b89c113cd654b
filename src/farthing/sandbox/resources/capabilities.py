"""Capabilities: what a connected account asked to be allowed, and whether it is."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid, no_such, not_here_yet
from farthing.sandbox.listing import listed
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import accounts, requirements
from farthing.sandbox.store import Json, Record

# What a seller may be paid by from a bank account.
DEBITS = {"sepa_debit": "sepa_debit_payments", "us_bank_account": "us_bank_account_ach_payments"}
MODELED = ("card_payments", "transfers", *DEBITS.values())


def request(account: Account, record: Record, wanted: Json) -> None:
    for name, each in wanted.items():
        if name not in MODELED:
            raise not_here_yet(f"capabilities[{name}]", f"the capability {name}")
        if "requested" in (each or {}):
            asked = bool(each["requested"])
            record.inner["capabilities"][name] = {
                "requested": asked,
                "requested_at": account.clock.seconds() if asked else None,
            }
    state = record.inner["capabilities"]
    if state.get("card_payments", {}).get("requested") and not state.get("transfers", {}).get("requested"):
        raise invalid(
            "You cannot request the `card_payments` capability without the `transfers` capability.", param="capabilities"
        )


def changed(before: Json, after: Json) -> list[str]:
    return [name for name in MODELED if before.get(name) != after.get(name)]


def shape(record: Record, name: str) -> Json:
    state = record.inner["capabilities"].get(name, {"requested": False, "requested_at": None})
    shown: dict[str, Any] = deepcopy(record["requirements"]) if state["requested"] else requirements.requirements([], None)
    shown["disabled_reason"] = _of_capability(shown["disabled_reason"])
    return {
        "account": record["id"],
        "future_requirements": requirements.requirements([], None),
        "id": name,
        "object": "capability",
        "requested": state["requested"],
        "requested_at": state["requested_at"],
        "requirements": shown,
        "status": record["capabilities"].get(name, "unrequested"),
    }


def _of_capability(reason: str | None) -> str | None:
    """A capability has words of its own for why it does not work."""
    if reason is None:
        return None
    if reason.startswith("rejected"):
        return "rejected.other"
    return "requirements.fields_needed" if reason == "requirements.past_due" else "pending.review"


def retrieve(account: Account, id: str, name: str, params: Json) -> Json:
    del params
    return shape(_owner(account, id), _known(name))


def update(account: Account, id: str, name: str, params: Json) -> Json:
    record = _owner(account, id)
    if "requested" in params:
        accounts.change(account, record, {"capabilities": {_known(name): {"requested": params["requested"]}}})
    return shape(record, name)


def list_(account: Account, id: str, params: Json) -> Json:
    del params
    record = _owner(account, id)
    return listed([shape(record, name) for name in record.inner["capabilities"]], f"/v1/accounts/{id}/capabilities")


def _owner(account: Account, id: str) -> Record:
    return accounts.connected(account, id)


def _known(name: str) -> str:
    if name not in MODELED:
        raise no_such("capability", name)
    return name


OPERATIONS = (
    Operation("GET", "/v1/accounts/{id}/capabilities", "AccountListCapabilitiesParams", list_),
    Operation("GET", "/v1/accounts/{id}/capabilities/{name}", "AccountRetrieveCapabilityParams", retrieve),
    Operation("POST", "/v1/accounts/{id}/capabilities/{name}", "AccountModifyCapabilityParams", update),
)
