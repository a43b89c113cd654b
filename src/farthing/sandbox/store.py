"""Where the sandbox keeps everything: one SQLite file of JSON documents, written in one transaction at a time.

Killing the process loses nothing that was answered: a request's objects, events, deliveries and idempotency record
are committed together, before the answer leaves.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson

from farthing.sandbox import schema
from farthing.sandbox.errors import Gone
from farthing.sandbox.given import plain
from farthing.sandbox.schema import TABLES, StateUnusable

__all__ = ["TABLES", "Json", "Record", "StateUnusable", "StateUnwritable", "Store"]
Json = dict[str, Any]
T = TypeVar("T")
DISK_PROBLEMS = frozenset((sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN))

# A killed process lets go of the file at once; this is for one that is still ending.
LOCK_SECONDS = 2
CACHE_KIB = 32 * 1024
# Few checkpoints, because each waits for the disk; and a log that is cut back to this after one that was long.
CHECKPOINT_PAGES, LOG_MAX_BYTES = 4_000, 32 * 1024 * 1024
STATEMENTS_KEPT = 512
REMEMBERED_MAX = 10_000
# What is remembered is made of these, and forgotten when one of them changes.
REMEMBERED_OF = ("account", "webhook_endpoint", "Webhook")


@dataclass(slots=True)
class Record:
    """One Stripe object. `body` is what Stripe shows; `inner` is what only the sandbox knows about it."""

    body: Json
    inner: Json = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        try:
            return self.body[name]
        except KeyError:
            if self.body.get("deleted"):
                raise Gone(self.body["object"], self.id) from None
            raise

    def __setitem__(self, name: str, value: Any) -> None:
        self.body[name] = value

    @property
    def id(self) -> str:
        return str(self.body["id"])


class StateUnwritable(Exception):
    """The state cannot be written just now: the disk is full, or somebody took the file away. Nothing was done."""


class Store:
    def __init__(self, path: str) -> None:
        self._path = path
        self._remembered: dict[Any, Any] = {}
        try:
            _keep_private(path)
            self._db = _connect(path)
        except OSError as problem:
            raise StateUnusable(f"The state file {path} cannot be opened: {problem.strerror}") from None
        try:
            _prepare(self._db)
        except sqlite3.DatabaseError as problem:
            self._db.close()
            raise StateUnusable(_told(path, problem)) from None
        except StateUnusable as problem:
            self._db.close()
            raise StateUnusable(f"{path} {problem}") from None

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, or not at all."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as problem:
            self._take_back()
            self._say_if_unwritable(problem)
            raise

    def _say_if_unwritable(self, problem: BaseException) -> None:
        if isinstance(problem, sqlite3.Error) and getattr(problem, "sqlite_errorcode", 0) & 0xFF in DISK_PROBLEMS:
            raise StateUnwritable(f"The state file {self._path} cannot be written: {problem}. Nothing was done.") from None

    def _take_back(self) -> None:
        self._remembered.clear()
        # A full disk may have ended the transaction already.
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a transaction that can be taken back without the rest."""
        self._db.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException as problem:
            self._say_if_unwritable(problem)
            self._remembered.clear()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK TO attempt")
                self._db.execute("RELEASE attempt")
            raise
        self._db.execute("RELEASE attempt")

    def remembered(self, name: Any, find: Callable[[], T]) -> T:
        """What `find` says, until an account or a webhook endpoint changes: asked for with every event, and never new."""
        if name not in self._remembered:
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[name] = find()
        found: T = self._remembered[name]
        return found

    def _wrote(self, object: str) -> None:
        if object in REMEMBERED_OF:
            self._remembered.clear()

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
                record.body.get("created", record.body.get("date", 0)),
                _text(record.body),
                _text(record.inner),
            ),
        )
        self._wrote(record["object"])

    def save(self, account: str, record: Record) -> None:
        changed = self.run(
            "UPDATE objects SET body = ?, inner = ? WHERE id = ? AND account = ?",
            _text(record.body),
            _text(record.inner),
            record.id,
            account,
        )
        assert changed == 1, f"{record.id} was never inserted"
        self._wrote(record["object"])

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

    def owner(self, id: str) -> str | None:
        """Whose object this is; the first one's, where several share an id."""
        rows = self.rows("SELECT account FROM objects WHERE id = ? ORDER BY seq LIMIT 1", id)
        return str(rows[0][0]) if rows else None

    def remove(self, account: str, id: str) -> None:
        self._remembered.clear()
        self.run("DELETE FROM objects WHERE id = ? AND account = ?", id, account)

    def select(self, account: str, object: str, where: str = "1", *values: Any) -> list[Record]:
        """Newest first, unless `where` brings an ORDER BY (and a LIMIT) of its own."""
        order = "" if "ORDER BY" in where else " ORDER BY seq DESC"
        # The kind stands in the text, so that SQLite sees which of the indexes of one kind it may use.
        kind = f"account = ? AND object = '{object}' AND deleted = 0"
        sql = f"SELECT body, inner FROM objects WHERE {kind} AND {where}{order}"  # noqa: S608
        return [_read(body, inner) for body, inner in self.rows(sql, account, *values)]

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
        return self.remembered(("setting", name), lambda: self._setting(name))

    def _setting(self, name: str) -> str | None:
        rows = self.rows("SELECT value FROM settings WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def set_setting(self, name: str, value: str) -> None:
        self._remembered.pop(("setting", name), None)
        self.run("INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)

    def clear(self) -> None:
        self._remembered.clear()
        for table in TABLES:
            self.run(f"DELETE FROM {table}")  # noqa: S608


def _keep_private(path: str) -> None:
    """Whoever reads the secrets in here can sign events: SQLite gives its files beside it the same mode."""
    if path == ":memory:":
        return
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with suppress(OSError):  # Some file systems know no modes.
        os.fchmod(file, 0o600)
    os.close(file)
    for beside in (f"{path}-wal", f"{path}-shm", f"{path}-journal"):
        with suppress(OSError):
            Path(beside).chmod(0o600)


def _connect(path: str) -> sqlite3.Connection:
    """Without a file it is kept in one that has no name and goes with the process: memory stays free for those who test."""
    return sqlite3.connect(
        "" if path == ":memory:" else path,
        timeout=LOCK_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_KEPT,
    )


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA page_size = 8192")
    db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    # Exclusive: two sandboxes on one file would each serve half a truth.
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA journal_mode = WAL")
    # What was committed survives the death of the process. Only that of the machine may take the last moments along.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    db.execute(f"PRAGMA journal_size_limit = {LOG_MAX_BYTES}")
    db.execute("PRAGMA temp_store = MEMORY")
    schema.create(db)


def _told(path: str, problem: sqlite3.DatabaseError) -> str:
    text = str(problem)
    if "locked" in text:
        return f"{path} is open in another sandbox: stop that one, or choose another file"
    if "not a database" in text or "malformed" in text:
        return f"{path} is no state file of the sandbox: choose another file"
    return f"The state file {path} cannot be used: {text}"


def _text(value: Json) -> str:
    return orjson.dumps(value, default=plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _read(body: str, inner: str) -> Record:
    return Record(orjson.loads(body), orjson.loads(inner))


def _record(rows: list[tuple[Any, ...]]) -> Record | None:
    return _read(rows[0][0], rows[0][1]) if rows else None
