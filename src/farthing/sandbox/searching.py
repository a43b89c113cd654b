"""Stripe's search language, as far as tests need it: `metadata["order"]:"1" AND -status:"canceled"`.

Unlike Stripe's, this search sees what was written a moment ago. Do not rely on that: the real one lags behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from farthing.sandbox.account import Account
from farthing.sandbox.errors import malformed
from farthing.sandbox.listing import LIMIT_DEFAULT, listed
from farthing.sandbox.store import Json

CLAUSES_MAX = 10
FIELDS = frozenset(
    (
        "amount created currency customer email name phone status description active lookup_key metadata product shippable url"
    ).split()
)
_CLAUSE = re.compile(
    r"""\s*((?P<joined>AND|OR)\s+)?(?P<negated>-)?(?P<field>[a-z_.]+)
    (\[(?P<mark>["'])(?P<key>.+?)(?P=mark)\])?\s*(?P<sign>:|~|>=|<=|>|<)\s*
    ("(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s"']+))\s*""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    joined: str
    condition: str
    values: list[Any]


def search(account: Account, object: str, url: str, params: Json) -> Json:
    clauses = _parse(params["query"])
    words = {each.joined for each in clauses[1:] if each.joined} or {"AND"}
    if len(words) > 1:
        raise malformed("Invalid query: AND and OR cannot be combined.", param="query")
    where = f" {words.pop()} ".join(f"({each.condition})" for each in clauses)
    limit, start = params.get("limit", LIMIT_DEFAULT), _start(params)
    found = account.select(
        object,
        f"({where}) ORDER BY seq DESC LIMIT {limit + 1} OFFSET {start}",
        *(value for each in clauses for value in each.values),
    )
    more = len(found) > limit
    result = listed([each.body for each in found[:limit]], url, has_more=more)
    return result | {"object": "search_result", "next_page": str(start + limit) if more else None}


def _start(params: Json) -> int:
    token = params.get("page", "0")
    if not re.fullmatch(r"[0-9]{1,6}", token):
        raise malformed("Invalid page: pass the next_page of a previous answer.", param="page")
    return int(token)


def _parse(query: str) -> list[Clause]:
    clauses: list[Clause] = []
    place = 0
    while place < len(query):
        match = _CLAUSE.match(query, place)
        if match is None or not _makes_sense(match, first=not clauses) or len(clauses) == CLAUSES_MAX:
            raise malformed(f"We were unable to parse your search query: {query[place : place + 100]}", param="query")
        clauses.append(_clause(match))
        place = match.end()
    if not clauses:
        raise malformed("The search query is empty.", param="query")
    return clauses


def _makes_sense(match: re.Match[str], *, first: bool) -> bool:
    """Clauses are joined by a word, only numbers are compared by size, and no key can hold the quote that ends it."""
    if match["field"] not in FIELDS or '"' in (match["key"] or "") or first is bool(match["joined"]):
        return False
    return match["sign"] in ":~" or (match["bare"] or match["double"] or match["single"] or "").isdecimal()


def _clause(match: re.Match[str]) -> Clause:
    key = match["key"]
    path = f"$.{match['field']}" + (f'."{key}"' if key else "")
    quoted = match["double"] if match["double"] is not None else match["single"]
    value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else match["bare"]
    condition, values = _condition(match["sign"], path, value, is_null=match["bare"] == "null")
    return Clause(match["joined"] or "", f"NOT ({condition})" if match["negated"] else condition, values)


def _condition(sign: str, path: str, value: str, *, is_null: bool) -> tuple[str, list[Any]]:
    if is_null:
        return "json_extract(body, ?) IS NULL", [path]
    if sign == "~":
        return "instr(lower(json_extract(body, ?)), lower(?)) > 0", [path, value]
    if sign == ":":
        # SQLite takes JSON's true out as 1.
        said = "CASE WHEN json_type(body, ?) IN ('true', 'false') THEN json_type(body, ?) ELSE json_extract(body, ?) END"
        return f"lower(CAST({said} AS TEXT)) IS lower(?)", [path, path, path, value]
    return f"json_extract(body, ?) {sign} CAST(? AS INTEGER)", [path, value]
