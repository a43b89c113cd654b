"""Events: what happened, with the object as it was then. They are written by whatever makes things happen."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, malformed
from farthing.sandbox.listing import page
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record

TYPES_MAX = 20


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("event", id)


def list_(account: Account, params: Json) -> Json:
    if "type" in params and "types" in params:
        raise exclusive_parameters("type", "types")
    types = params.get("types") or ([params["type"]] if "type" in params else [])
    if len(types) > TYPES_MAX:
        raise malformed(f"You can list at most {TYPES_MAX} types.", param="types")
    clauses: list[str] = ["1"]
    if types:
        # Said in full, they are found by an index.
        signs = ("GLOB" if set(each) & set("*?[") else "=" for each in types)
        clauses.append("(" + " OR ".join(f"json_extract(body, '$.type') {sign} ?" for sign in signs) + ")")
    if "delivery_success" in params:
        undelivered = "EXISTS (SELECT 1 FROM deliveries WHERE event = objects.id AND status <> 'succeeded')"
        clauses.append(f"NOT {undelivered}" if params["delivery_success"] else undelivered)
    return page(account, "event", "/v1/events", params, " AND ".join(clauses), *types)


OPERATIONS = (
    Operation("GET", "/v1/events", "EventListParams", list_),
    Operation("GET", "/v1/events/{id}", "EventRetrieveParams", retrieve),
)
