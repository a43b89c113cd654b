"""What every test stands on: one real PostgreSQL for the run, and a fresh, migrated database for each test."""

import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.quick import collect_rarely, forget_what_stays, hash_passwords_quickly, log_crashes_plainly
from tests.spreading import Spread, longest_first
from tests.tls import read_certificates_once

from farthing.clock import TravelClock
from farthing.db import Database, migrate
from farthing.db.embedded import EmbeddedPostgres, temporary_home

# Every sandbox that a test starts, in this process or another, compares what it says with the SDK's types.
os.environ.setdefault("FARTHING_STRICT", "1")
collect_rarely()
read_certificates_once()
hash_passwords_quickly()
log_crashes_plainly()
TEMPLATE = "farthing_template"
IN_MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2 * 1024**3
# What tests do not prove they need not wait for; the crash tests start servers of their own.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spread:
    config.option.loadscopereorder = False  # the order is the one of the collection
    return Spread(config, log)


def pytest_collection_finish() -> None:
    forget_what_stays()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of a server of this process's own, gone with the run."""
    with temporary_home(_quick_folder()) as home, EmbeddedPostgres(home, settings=SETTINGS) as server:
        yield server.dsn()


def _quick_folder() -> Path | None:
    """Each test copies a database of a thousand files and drops it: where memory can hold them, no disk has to."""
    if os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ENOUGH_BYTES:
        return IN_MEMORY
    return None


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """A migrated database that is copied for each test."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate.upgrade(make_conninfo(postgres, dbname=TEMPLATE))
    return TEMPLATE


@pytest.fixture
def dsn(postgres: str, template: str) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        yield make_conninfo(postgres, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
async def db(dsn: str, clock: TravelClock) -> AsyncIterator[Database]:
    database = Database(dsn, clock=clock, pool_max=8)
    await database.open()
    yield database
    await database.close()
