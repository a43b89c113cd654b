"""Lists as Stripe pages them: newest first, a limit, a cursor before or after, and a filter on when they were made."""

from __future__ import annotations

import re
from typing import Any

from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, malformed, no_such
from farthing.sandbox.store import Json

LIMIT_DEFAULT = 10
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
PAGING = frozenset(("limit", "starting_after", "ending_before", "expand", "created"))

# One clause of Stripe's search language: email:"a@b" · metadata["order"]:"1" · amount>100 · -status:"canceled"
_CLAUSE = re.compile(
    r"""^(?P<not>-)?(?P<field>[a-z_.]+)(\[["'](?P<key>[^"']+)["']\])?\s*(?P<op>:|~|>=|<=|>|<)\s*["']?(?P<value>[^"']*)["']?$"""
)
SEARCHABLE = frozenset(
    "amount created currency customer email name phone status description active lookup_key metadata product".split()
)


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


def search(account: Account, object: str, url: str, params: Json) -> Json:
    """Clauses joined by AND (or OR), each on a field or a metadata key. Unlike Stripe's, it sees what was just written."""
    joined, clauses = _clauses(params["query"])
    tests = [_test(clause) for clause in clauses]
    conditions = f" {joined} ".join(f"({condition})" for condition, _ in tests)
    limit, start = params.get("limit", LIMIT_DEFAULT), _page_number(params)
    found = account.select(
        object,
        f"({conditions}) ORDER BY seq DESC LIMIT {limit + 1} OFFSET {start}",
        *(argument for _, arguments in tests for argument in arguments),
    )
    more = len(found) > limit
    result = listed([each.body for each in found[:limit]], url, has_more=more)
    return result | {"object": "search_result", "next_page": str(start + limit) if more else None}


def _page_number(params: Json) -> int:
    page_token = params.get("page", "0")
    if not page_token.isascii() or not page_token.isdigit():
        raise malformed("Invalid page: pass the next_page of a previous answer.", param="page")
    return int(page_token)


def _clauses(query: str) -> tuple[str, list[str]]:
    found = re.split(r"\s+(AND|OR)\s+", query.strip())
    words = set(found[1::2])
    if len(words) > 1:
        raise malformed("Invalid query: AND and OR cannot be combined.", param="query")
    if not words and re.search(r"[\"']\s+-?[a-z]", query):
        return "AND", re.findall(r"-?[^\s\"']+(?:[\"'][^\"']*[\"']\]?:?)+", query)
    return (words.pop() if words else "AND"), found[::2]


def _test(clause: str) -> tuple[str, list[Any]]:
    match = _CLAUSE.match(clause.strip())
    if match is None or match["field"] not in SEARCHABLE:
        raise malformed(f"We were unable to parse your search query: {clause[:100]}", param="query")
    where = f"$.{match['field']}" + (f'."{match["key"]}"' if match["key"] else "")
    value: Any = match["value"]
    wanted = f"json_extract(body, '{_quoted(where)}')"
    if value == "null":
        condition, arguments = f"{wanted} IS NULL", []
    elif match["op"] == "~":
        condition, arguments = f"instr(lower({wanted}), lower(?)) > 0", [value]
    elif match["op"] == ":":
        condition, arguments = f"lower(CAST({wanted} AS TEXT)) IS lower(?)", [value]
    else:
        condition, arguments = f"{wanted} {match['op']} CAST(? AS INTEGER)", [value]
    return (f"NOT ({condition})" if match["not"] else condition), arguments


def _quoted(path: str) -> str:
    return path.replace("'", "''")
