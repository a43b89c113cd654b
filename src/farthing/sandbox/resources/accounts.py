"""Accounts: the one behind the key, there from the first request on, and those connected to it.

A connected account is described by an object of its platform; its own objects live under its own id.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from farthing.sandbox.account import Account, Job, blank_as_none, changes, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, no_access, not_here_yet
from farthing.sandbox.ids import random_text
from farthing.sandbox.listing import page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import account_shape, balance, capabilities, external_accounts, persons, requirements
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

NOT_HERE = {"account_token": "account tokens", "documents": "documents of accounts", "groups": "account groups"}
GIVEN = ("business_profile", "company", "individual", "tos_acceptance")
# Which words of the request become which of the account.
REASONS = {"terms_of_service": "platform_terms_of_service", "credit": "platform_other", "other": "platform_other"}
# Papers that somebody looks at take so long.
VERIFIED_AFTER_SECONDS = 2
# When a growing business is asked for more, it has so long to answer.
ASKED_SECONDS = 14 * DAY


def retrieve_own(account: Account, params: Json) -> Record:
    del params
    platform = account.platform()
    if platform:
        return platform.get("account", account.id)
    return account.find("account", account.id) or account.add(
        "account", "acct", account_shape.of_platform(), id=account.id, given={}, capabilities={}
    )


def retrieve(account: Account, id: str, params: Json) -> Record:
    if id == account.id:
        return retrieve_own(account, params)
    return connected(account, id)


def connected(account: Account, id: str, *, param: str | None = None) -> Record:
    """The object of an account connected to this platform."""
    record = account.find("account", id)
    if record is None or record.body.get("deleted") or record.inner.get("deauthorized") or id == account.id:
        if param:
            raise invalid(f"No such destination: '{id}'", param=param, code="resource_missing")
        raise no_access(id)
    return record


# Making and changing


def create(account: Account, params: Json) -> Record:
    if "type" in params and "controller" in params:
        raise exclusive_parameters("type", "controller")
    if account.platform():
        raise invalid("Connected accounts cannot have connected accounts of their own.")
    _check(params)
    id = f"acct_1{random_text(15)}"
    kind, controller = account_shape.controller(params)
    body = account_shape.of_connected(params, kind, controller)
    record = account.add("account", "acct", body, id=id, given={}, capabilities={}, persons={})
    _refuse_terms(record, params)
    _take(account, record, params)
    _stand(account, record)
    persons.refresh(account, record)
    account.save(record)
    return record


def update(account: Account, id: str, params: Json) -> Record:
    if id == account.id:
        raise invalid("You cannot update your own account with the API; use the dashboard.")
    _check(params)
    record = connected(account, id)
    _refuse_terms(record, params)
    change(account, record, params)
    return record


def change(account: Account, record: Record, params: Json) -> None:
    """Take what was given, look again at what is due, and tell of whatever that changed."""
    before = deepcopy(record.body)
    _take(account, record, params)
    tell(account, record, before)


def tell(account: Account, record: Record, before: Json) -> None:
    """Work out the account's standing; capability.updated for each that changed, then account.updated."""
    _stand(account, record)
    persons.refresh(account, record)
    account.save(record)
    seat = account.seat(record.id)
    for name in capabilities.changed(before.get("capabilities") or {}, record["capabilities"]):
        shown = Record(capabilities.shape(record, name))
        old = capabilities.shape(Record(before, record.inner), name)
        seat.emit("capability.updated", shown, before=old)
    if changes(before, record.body):
        seat.emit("account.updated", record, before=before)


def _stand(account: Account, record: Record) -> None:
    """What follows from what was told. The papers of somebody born on Stripe's date for it are looked at for a while."""
    submitted, now = record["details_submitted"], account.clock.now()
    record.body |= requirements.standing(record, now)
    if record["details_submitted"] and not submitted and requirements.born(record) == requirements.VERIFIED_LATER:
        record.inner["verifying"] = True
        account.later(VERIFIED_AFTER_SECONDS, "accounts.verified", record)
        record.body |= requirements.standing(record, now)
    if not record["requirements"]["currently_due"]:
        record.inner |= {"asked": {}, "blocked": None}


def verified(account: Account, record: Record) -> None:
    before = deepcopy(record.body)
    record.inner["verifying"] = False
    if not record.body.get("deleted"):
        tell(account, record, before)


# Asked for more


def ask(account: Account, record: Record, names: list[str], seconds: float = ASKED_SECONDS, *, blocks: str = "") -> None:
    """These are due now, and late when the time is up. `blocks`: late at once, and `charges` or `payouts` stop."""
    before, now = deepcopy(record.body), account.clock.now()
    deadline = int(now if blocks else now + seconds)
    record.inner["asked"] = {**record.inner.get("asked", {}), **dict.fromkeys(names, deadline)}
    if blocks:
        record.inner["asked"] = dict.fromkeys(record.inner["asked"], deadline)
        record.inner["blocked"] = blocks
    else:
        account.at(deadline, "accounts.late", record)
    tell(account, record, before)


def late(account: Account, record: Record) -> None:
    """A deadline has passed; what was given meanwhile is not asked for any more."""
    if not record.body.get("deleted"):
        tell(account, record, deepcopy(record.body))


def trigger(account: Account, record: Record, what: str) -> None:
    """What Stripe's trigger cards do to the account they are charged for."""
    wanted = requirements.next_due(record)
    due = [*record.inner.get("asked", {}), *([wanted] if wanted else [])]
    if record["details_submitted"] and due:
        ask(account, record, due, blocks="" if what == "requirements" else what)


def _check(params: Json) -> None:
    for name, what in NOT_HERE.items():
        if name in params:
            raise not_here_yet(name, what)


def _refuse_terms(record: Record, params: Json) -> None:
    """Where the seller meets our pages, only the seller may agree to our terms."""
    if "tos_acceptance" in params and record["controller"]["requirement_collection"] == "stripe":
        raise invalid(
            "You cannot accept the Terms of Service on behalf of Standard and Express connected accounts.",
            param="tos_acceptance",
        )


def _take(account: Account, record: Record, params: Json) -> None:
    for name in GIVEN:
        if name in params:
            record.inner["given"][name] = merged(record.inner["given"].get(name) or {}, params[name] or {})
    record["metadata"] = merge_metadata(record["metadata"], params.get("metadata"))
    for name in ("email", "business_type", "default_currency"):
        if name in params:
            record[name] = blank_as_none(params[name])
    account_shape.show_given(record)
    if "settings" in params:
        account_shape.take_settings(record, params["settings"])
    persons.follow(account, record)
    if "capabilities" in params:
        capabilities.request(account, record, params["capabilities"])
    if params.get("external_account"):
        external_accounts.replace(account.seat(record.id), record, params["external_account"])


def merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}


# Ending


def delete(account: Account, id: str, params: Json) -> Json:
    del params
    record = connected(account, id)
    if any(each["amount"] for part in ("available", "pending") for each in balance.retrieve(account.seat(id), {})[part]):
        raise invalid(f"You cannot delete account {id}: its balance is not zero.", code="account_invalid")
    record.body = {"id": id, "object": "account", "deleted": True}
    account.store.hide(account.id, record)
    return record.body


def reject(account: Account, id: str, params: Json) -> Record:
    record = connected(account, id)
    stays = params.get("payouts_action") == "none" and record["payouts_enabled"]
    turn_away(account, record, REASONS.get(params["reason"], "platform_fraud"), pays_out=stays)
    return record


def turn_away(account: Account, record: Record, reason: str, *, pays_out: bool = False) -> None:
    before = deepcopy(record.body)
    record.inner |= {"rejected": reason, "pays_out": pays_out}
    tell(account, record, before)


def leave(account: Account, record: Record) -> None:
    """The seller takes the platform's access away: only one with a full dashboard of its own can."""
    if record["controller"]["stripe_dashboard"]["type"] != "full":
        raise invalid(f"Account {record.id} has no dashboard of its own from which it could disconnect.")
    application = {"id": balance.application_of(account), "object": "application", "name": "Farthing sandbox"}
    account.seat(record.id).emit("account.application.deauthorized", Record(application))
    record.inner["deauthorized"] = True
    account.store.hide(account.id, record)


def list_(account: Account, params: Json) -> Json:
    return page(account, "account", "/v1/accounts", params, "id <> ?", account.id)


JOBS: dict[str, tuple[str, Job]] = {"accounts.verified": ("account", verified), "accounts.late": ("account", late)}
OPERATIONS = (
    Operation("GET", "/v1/account", "AccountRetrieveCurrentParams", retrieve_own),
    Operation("POST", "/v1/accounts", "AccountCreateParams", create),
    Operation("GET", "/v1/accounts", "AccountListParams", list_),
    Operation("GET", "/v1/accounts/{id}", "AccountRetrieveParams", retrieve),
    Operation("POST", "/v1/accounts/{id}", "AccountUpdateParams", update),
    Operation("DELETE", "/v1/accounts/{id}", "AccountDeleteParams", delete),
    Operation("POST", "/v1/accounts/{id}/reject", "AccountRejectParams", reject),
)
