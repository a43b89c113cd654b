"""The database of a test: copied in a moment from one that is migrated once, and dropped with the test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from farthing.db import migrate
from farthing.db.embedded import EmbeddedPostgres, temporary_home

# Tests that are killed need no database afterwards.
FAST: Final = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "100"}


@contextmanager
def embedded() -> Iterator[str]:
    """A PostgreSQL of this run's own, out of the wheel. Raises ConfigError where `farthing[embedded]` is not installed."""
    with temporary_home() as home, EmbeddedPostgres(home, settings=FAST) as server:
        yield server.dsn()


@contextmanager
def template(server: str) -> Iterator[str]:
    """The name of an empty database with our schema. Its own for each run, for runs may share a server."""
    name = f"farthing_template_{uuid.uuid4().hex}"
    _make(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        migrate.upgrade(make_conninfo(server, dbname=name))
        yield name
    finally:
        _drop(server, name)


@contextmanager
def copied(server: str, template: str) -> Iterator[str]:
    """The DSN of a fresh copy."""
    name = f"farthing_test_{uuid.uuid4().hex}"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as connection:
        # Up to PostgreSQL 14 files were always copied, and there was no word for it.
        strategy = sql.SQL(" STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else "")
        connection.execute(copy + strategy)
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        _drop(server, name)


def _make(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _drop(server: str, name: str) -> None:
    _make(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
