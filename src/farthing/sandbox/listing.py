"""Lists as Stripe pages them: newest first, a limit, a cursor before or after, and a filter on when they were made."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, no_such
from farthing.sandbox.store import Json

LIMIT_DEFAULT = 10
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def page(account: Account, object: str, url: str, params: Json, where: str = "1", *values: Any) -> Json:
    """A list object. `where` and its values narrow it further than the paging parameters do."""
    limit = params.get("limit", LIMIT_DEFAULT)
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
