"""The whole state as one JSON document, and back: what a test wants to return to, or a file to hand to somebody."""

from __future__ import annotations

import base64
import sqlite3
import time
import zlib
from collections.abc import Iterator
from typing import Any

import orjson

from farthing.sandbox.errors import malformed
from farthing.sandbox.store import TABLES, Json, Store

VERSION = 1
# Nested, as SQLite promises no order between the sides of an OR, and chokes on the type of what is no JSON.
UNREADABLE = """
    SELECT 1 FROM objects
    WHERE CASE
        WHEN NOT json_valid(body) OR NOT json_valid(inner) THEN 1
        ELSE json_type(body) <> 'object' OR json_type(inner) <> 'object'
            OR json_extract(body, '$.id') IS NOT id OR json_extract(body, '$.object') IS NOT object
        END
    UNION ALL
    SELECT 1 FROM due WHERE typeof(at) NOT IN ('real', 'integer')
    UNION ALL
    SELECT 1 FROM clock_due WHERE typeof(at) NOT IN ('real', 'integer')
    UNION ALL
    SELECT 1 FROM deliveries WHERE typeof(next_at) NOT IN ('real', 'integer', 'null') OR typeof(attempts) <> 'integer'
    LIMIT 1
"""
AHEAD_MAX = 1e11


class Kept:
    """Snapshots by name, in the state file but not part of the state: a reset or a restore leaves them alone."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __iter__(self) -> Iterator[str]:
        return iter([name for (name,) in self._store.rows("SELECT name FROM snapshots ORDER BY taken_at, name")])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return bool(self._store.rows("SELECT 1 FROM snapshots WHERE name = ?", name))

    def __getitem__(self, name: str) -> Json:
        document: Json = orjson.loads(
            zlib.decompress(self._store.rows("SELECT document FROM snapshots WHERE name = ?", name)[0][0])
        )
        return document

    def __setitem__(self, name: str, snapshot: Json) -> None:
        document = zlib.compress(orjson.dumps(snapshot), level=1)
        with self._store.transaction():
            self._store.run(
                "INSERT OR REPLACE INTO snapshots (name, taken_at, document) VALUES (?, ?, ?)", name, time.time(), document
            )


def take(store: Store) -> Json:
    """Signing secrets are in it, as they must be: they are test secrets, but treat the file like one."""
    return {"version": VERSION, "tables": {table: _rows(store, table) for table in TABLES}}


def restore(store: Store, snapshot: Json) -> None:
    """All of it or nothing. What was there before is gone."""
    tables = snapshot.get("tables")
    if snapshot.get("version") != VERSION or not isinstance(tables, dict) or not tables or set(tables) - set(TABLES):
        raise malformed("This is not a snapshot of this sandbox.", param="tables")
    with store.transaction():
        store.clear()
        for table in TABLES:
            _fill(store, table, tables.get(table, []))
        if store.rows(UNREADABLE) or not _is_lead(store.setting("clock.ahead")):
            raise malformed("This snapshot holds something that cannot be read.", param="tables")


def _is_lead(text: str | None) -> bool:
    try:
        return 0 <= float(text or 0) <= AHEAD_MAX
    except ValueError:
        return False


def _fill(store: Store, table: str, rows: Any) -> None:
    columns = _columns(store, table)
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"  # noqa: S608
    try:
        for row in rows:
            if len(row) != len(columns):
                raise ValueError
            store.run(insert, *map(_read, row))
    except (sqlite3.Error, TypeError, ValueError, KeyError, OverflowError):
        raise malformed(f"This snapshot has another shape: look at {table}.", param="tables") from None


def _columns(store: Store, table: str) -> list[str]:
    return [str(row[1]) for row in store.rows(f"PRAGMA table_info({table})")]


def _rows(store: Store, table: str) -> list[list[Any]]:
    columns = ", ".join(_columns(store, table))
    return [[_shown(value) for value in row] for row in store.rows(f"SELECT {columns} FROM {table}")]  # noqa: S608


def _shown(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _read(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value
