"""Where the sandbox keeps everything: one SQLite file of JSON documents, written in one transaction at a time.

Killing the process loses nothing that was answered: a request's objects, events, deliveries and idempotency record
are committed together, before the answer leaves.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from farthing.sandbox.given import plain

Json = dict[str, Any]

# A killed process lets go of the file at once; this is for one that is still ending.
LOCK_SECONDS = 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    object TEXT NOT NULL,
    created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL,
    inner TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS objects_by_id ON objects (id, account);
CREATE INDEX IF NOT EXISTS objects_newest_first ON objects (account, object, seq);
CREATE INDEX IF NOT EXISTS objects_by_customer
    ON objects (account, object, json_extract(body, '$.customer'), seq);
CREATE INDEX IF NOT EXISTS objects_by_payment_intent
    ON objects (account, object, json_extract(body, '$.payment_intent'), seq);
CREATE INDEX IF NOT EXISTS objects_by_charge
    ON objects (account, object, json_extract(body, '$.charge'), seq);
CREATE INDEX IF NOT EXISTS objects_by_source
    ON objects (account, object, json_extract(body, '$.source'), seq);
CREATE INDEX IF NOT EXISTS objects_by_lookup_key
    ON objects (account, object, json_extract(body, '$.lookup_key'), seq);
CREATE TABLE IF NOT EXISTS due (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    at REAL NOT NULL,
    job TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS due_next ON due (at, seq);
CREATE TABLE IF NOT EXISTS clock_due (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    clock TEXT NOT NULL,
    at REAL NOT NULL,
    job TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS clock_due_next ON clock_due (clock, at, seq);
CREATE TABLE IF NOT EXISTS answers (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL
);
CREATE INDEX IF NOT EXISTS deliveries_next ON deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS attempts (
    delivery INTEGER NOT NULL,
    at REAL NOT NULL,
    status INTEGER,
    problem TEXT,
    took_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS attempts_by_delivery ON attempts (delivery);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
TABLES = ("objects", "due", "clock_due", "answers", "deliveries", "attempts", "settings")


@dataclass(slots=True)
class Record:
    """One Stripe object. `body` is what Stripe shows; `inner` is what only the sandbox knows about it."""

    body: Json
    inner: Json = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.body[name] = value

    @property
    def id(self) -> str:
        return str(self.body["id"])


class StateInUse(Exception):
    """Another process has this state file open."""


def _keep_private(path: str) -> None:
    """Whoever reads the secrets in here can sign events: SQLite gives its files beside it the same mode."""
    if path != ":memory:":
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


class Store:
    def __init__(self, path: str) -> None:
        _keep_private(path)
        self._db = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            # Exclusive: two sandboxes on one file would each serve half a truth.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(SCHEMA)
        except sqlite3.OperationalError as problem:
            self._db.close()
            if "locked" in str(problem):
                raise StateInUse(f"{path} is open in another sandbox: stop that one, or choose another file") from None
            raise

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a transaction that can be taken back without the rest."""
        self._db.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO attempt")
            self._db.execute("RELEASE attempt")
            raise
        self._db.execute("RELEASE attempt")

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, values).fetchall()

    def run(self, sql: str, *values: Any) -> int:
        """How many rows it changed."""
        return self._db.execute(sql, values).rowcount

    # Objects

    def insert(self, account: str, record: Record) -> None:
        self._db.execute(
            "INSERT INTO objects (account, id, object, created, body, inner) VALUES (?, ?, ?, ?, ?, ?)",
            (
                account,
                record.id,
                record["object"],
                record.body.get("created", 0),
                _text(record.body),
                _text(record.inner),
            ),
        )

    def save(self, account: str, record: Record) -> None:
        changed = self.run(
            "UPDATE objects SET body = ?, inner = ? WHERE id = ? AND account = ?",
            _text(record.body),
            _text(record.inner),
            record.id,
            account,
        )
        assert changed == 1, f"{record.id} was never inserted"

    def find(self, account: str, id: str) -> Record | None:
        return _record(self.rows("SELECT body, inner FROM objects WHERE id = ? AND account = ?", id, account))

    def find_anywhere(self, id: str) -> tuple[str, Record] | None:
        """For pages, which know an unguessable id and no key."""
        rows = self.rows("SELECT account, body, inner FROM objects WHERE id = ? ORDER BY seq LIMIT 1", id)
        return (rows[0][0], _read(rows[0][1], rows[0][2])) if rows else None

    def hide(self, account: str, record: Record) -> None:
        """Deleted, but still answers to its id (as a deleted customer does)."""
        self.save(account, record)
        self.run("UPDATE objects SET deleted = 1 WHERE id = ? AND account = ?", record.id, account)

    def remove(self, account: str, id: str) -> None:
        self.run("DELETE FROM objects WHERE id = ? AND account = ?", id, account)

    def select(self, account: str, object: str, where: str = "1", *values: Any) -> list[Record]:
        """Newest first, unless `where` brings an ORDER BY (and a LIMIT) of its own."""
        order = "" if "ORDER BY" in where else " ORDER BY seq DESC"
        sql = f"SELECT body, inner FROM objects WHERE account = ? AND object = ? AND deleted = 0 AND {where}{order}"  # noqa: S608
        return [_read(body, inner) for body, inner in self.rows(sql, account, object, *values)]

    # What falls due later

    def later(self, account: str, at: float, job: str, subject: str) -> None:
        self.run("INSERT INTO due (account, at, job, subject) VALUES (?, ?, ?, ?)", account, at, job, subject)

    def next_due(self) -> float | None:
        at = self.rows("SELECT min(at) FROM due")[0][0]
        return None if at is None else float(at)

    def take_due(self, now: float) -> tuple[str, str, str] | None:
        rows = self.rows("SELECT seq, account, job, subject FROM due WHERE at <= ? ORDER BY at, seq LIMIT 1", now)
        if not rows:
            return None
        seq, account, job, subject = rows[0]
        self.run("DELETE FROM due WHERE seq = ?", seq)
        return account, job, subject

    def later_on(self, account: str, clock: str, at: float, job: str, subject: str) -> None:
        """Due when that test clock says so, whatever the sandbox's own time is."""
        self.run(
            "INSERT INTO clock_due (account, clock, at, job, subject) VALUES (?, ?, ?, ?, ?)", account, clock, at, job, subject
        )

    def take_due_on(self, clock: str, now: float) -> tuple[float, str, str] | None:
        rows = self.rows(
            "SELECT seq, at, job, subject FROM clock_due WHERE clock = ? AND at <= ? ORDER BY at, seq LIMIT 1", clock, now
        )
        if not rows:
            return None
        seq, at, job, subject = rows[0]
        self.run("DELETE FROM clock_due WHERE seq = ?", seq)
        return at, job, subject

    def forget_due_on(self, clock: str) -> None:
        self.run("DELETE FROM clock_due WHERE clock = ?", clock)

    # Settings and reset

    def setting(self, name: str) -> str | None:
        rows = self.rows("SELECT value FROM settings WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def set_setting(self, name: str, value: str) -> None:
        self.run("INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)

    def clear(self) -> None:
        for table in TABLES:
            self.run(f"DELETE FROM {table}")  # noqa: S608


def _text(value: Json) -> str:
    return orjson.dumps(value, default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _read(body: str, inner: str) -> Record:
    return Record(orjson.loads(body), orjson.loads(inner))


def _record(rows: list[tuple[Any, ...]]) -> Record | None:
    return _read(rows[0][0], rows[0][1]) if rows else None
