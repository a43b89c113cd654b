"""Lists as Stripe pages them: newest first, a limit, a cursor before or after, and a filter on when they were made."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import KINDS, Account
from farthing.sandbox.errors import exclusive_parameters, no_such
from farthing.sandbox.store import Json

LIMIT_DEFAULT = 10
# An unknown id in a filter is a mistake, not an empty list.
FILTERS = {
    "charge": "charge",
    "customer": "customer",
    "invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "price": "price",
    "product": "product",
    "subscription": "subscription",
    "test_clock": "test_helpers.test_clock",
}
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def page(account: Account, object: str, url: str, params: Json, where: str = "1", *values: Any) -> Json:
    """A list object. `where` and its values narrow it further than the paging parameters do."""
    limit = params.get("limit", LIMIT_DEFAULT)
    # An application fee's charge is on the seller's account.
    if object != "application_fee":
        _refuse_filters_by_nothing(account, params)
    clauses, arguments = [where], list(values)
    _created(params, clauses, arguments)
    if "starting_after" in params and "ending_before" in params:
        raise exclusive_parameters("starting_after", "ending_before")
    backwards = "ending_before" in params
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if name in params:
            clauses.append(f"seq {sign} ?")
            arguments.append(_place_of(account, object, params[name], name))
    order = f"ORDER BY seq {'ASC' if backwards else 'DESC'} LIMIT {limit + 1}"
    found = account.select(object, f"{' AND '.join(clauses)} {order}", *arguments)
    shown = found[:limit]
    return listed([each.body for each in (reversed(shown) if backwards else shown)], url, has_more=len(found) > limit)


def listed(objects: list[Json], url: str, *, has_more: bool = False) -> Json:
    return {"object": "list", "data": objects, "has_more": has_more, "url": url}


def cut(objects: list[Json], url: str, params: Json) -> Json:
    """A list that is already in memory (the lines of a session), paged the same way, oldest first as it stands."""
    start = 0
    if after := params.get("starting_after"):
        start = next((place + 1 for place, each in enumerate(objects) if each["id"] == after), len(objects))
    limit = params.get("limit", LIMIT_DEFAULT)
    return listed(objects[start : start + limit], url, has_more=len(objects) > start + limit)


def equals(params: Json, *names: str) -> tuple[str, list[Any]]:
    """A filter on the fields named, for those that were given."""
    given = [name for name in names if name in params]
    clauses = [f"json_extract(body, '$.{name}') = ?" for name in given]
    return " AND ".join(clauses) or "1", [params[name] for name in given]


def _refuse_filters_by_nothing(account: Account, params: Json) -> None:
    """What belonged to somebody who was deleted can still be looked for."""
    for name, kind in FILTERS.items():
        # Without the notice that a look at the request would be: whether the list is filtered by it is seen elsewhere.
        id = dict.get(params, name)
        if isinstance(id, str) and account.find(kind, id) is None:
            raise no_such(KINDS.get(kind, kind), id, param=name)


def compared(path: str, given: Any) -> tuple[str, list[Any]]:
    """A filter on the moment at this path of the body: exactly then, or within {gt, gte, lt, lte}."""
    bounds = given.items() if isinstance(given, dict) else [("eq", given)]
    clauses, values = [f"json_extract(body, '{path}') IS NOT NULL"], []
    for name, moment in bounds:
        clauses.append(f"json_extract(body, '{path}') {COMPARISONS.get(name, '=')} ?")
        values.append(moment)
    return " AND ".join(clauses), values


def _created(params: Json, clauses: list[str], arguments: list[Any]) -> None:
    created = params.get("created")
    if isinstance(created, int):
        created = {"gte": created, "lte": created}
    for name, moment in (created or {}).items():
        clauses.append(f"created {COMPARISONS[name]} ?")
        arguments.append(moment)


def _place_of(account: Account, object: str, id: str, param: str) -> int:
    rows = account.store.rows("SELECT seq FROM objects WHERE id = ? AND account = ? AND object = ?", id, account.id, object)
    if not rows:
        raise no_such(object, id, param=param)
    return int(rows[0][0])
