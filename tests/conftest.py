"""What every test stands on: one real PostgreSQL for the run, and a fresh, migrated database for each test."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from farthing.clock import TravelClock
from farthing.db import Database, migrate
from farthing.db.embedded import EmbeddedPostgres

TEMPLATE = "farthing_template"
# What tests do not prove they need not wait for; the crash tests start servers of their own.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder that all processes of one test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def postgres(run_folder: Path) -> Iterator[str]:
    """The DSN of the server of this run, which all workers share."""
    with EmbeddedPostgres(run_folder / "postgres", settings=SETTINGS) as server:
        yield server.dsn()


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """A migrated database that is copied for each test. The first worker makes it, the others wait."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone() is None:
            connection.execute("CREATE DATABASE farthing_draft")
            migrate.upgrade(make_conninfo(postgres, dbname="farthing_draft"))
            connection.execute(f"ALTER DATABASE farthing_draft RENAME TO {TEMPLATE}")
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
