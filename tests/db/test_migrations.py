"""The schema: up and down and up again it is the same, and code never meets a version it does not know."""

import subprocess
import sys
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.conninfo import make_conninfo

from farthing.db import migrate
from farthing.errors import ConfigError, DatabaseUnavailable

QUESTIONS = (
    """
    SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity, character_maximum_length
    FROM information_schema.columns WHERE table_schema = 'farthing'
    """,
    """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, condeferred
    FROM pg_constraint WHERE connamespace = 'farthing'::regnamespace
    """,
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'farthing'",
    "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'farthing'::regnamespace",
    """
    SELECT typname, typtype, array(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = pg_type.oid ORDER BY enumsortorder)
    FROM pg_type WHERE typnamespace = 'farthing'::regnamespace
    """,
    "SELECT sequencename, start_value, increment_by FROM pg_sequences WHERE schemaname = 'farthing'",
    "SELECT version_num FROM farthing.schema_version",
)


def described(dsn: str) -> list[list[tuple[object, ...]]]:
    """All there is to know of our schema."""
    with psycopg.connect(dsn) as connection:
        return [sorted(connection.execute(question).fetchall(), key=repr) for question in QUESTIONS]


@pytest.fixture
def empty(postgres: str) -> Iterator[str]:
    """A database in which nothing was ever done."""
    name = f"empty_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield make_conninfo(postgres, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.covers("S003-7")
def test_down_to_nothing_and_up_again_is_the_same_schema(dsn: str) -> None:
    before = described(dsn)
    assert len(before[0]) > 150
    walk = ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions()
    versions = [script.revision for script in walk if script.revision != migrate.latest()]
    for version in [*versions, "base"]:
        migrate.downgrade(dsn, version)
        assert migrate.current(dsn) == (None if version == "base" else version)
    assert {row[0] for row in described(dsn)[0]} == {"schema_version"}
    migrate.upgrade(dsn)
    assert described(dsn) == before


def test_the_sql_for_those_who_run_it_by_hand_makes_the_same_schema(dsn: str, empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(migrate.upgrade_sql().encode())
    assert described(empty) == described(dsn)
    migrate.check(empty)


def test_two_who_upgrade_at_once_do_it_once(dsn: str, empty: str) -> None:
    program = "import sys; from farthing.db import migrate; migrate.upgrade(sys.argv[1])"
    both = [subprocess.Popen([sys.executable, "-c", program, empty], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for each in both:
        _, errors = each.communicate(timeout=60)
        assert each.returncode == 0, errors
    assert described(empty) == described(dsn)


def test_upgrading_what_is_up_to_date_changes_nothing(dsn: str) -> None:
    before = described(dsn)
    migrate.upgrade(dsn)
    assert described(dsn) == before


@pytest.mark.covers("F76")
def test_a_migration_that_fails_leaves_the_version_it_found(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA farthing CREATE TABLE staff (id int)")
    with pytest.raises(Exception, match="already exists"):
        migrate.upgrade(empty)
    assert migrate.current(empty) is None
    with psycopg.connect(empty) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'farthing'").fetchall()
    assert tables == [("staff",)]


def test_a_database_of_this_version_is_taken(dsn: str) -> None:
    migrate.check(dsn)
    assert migrate.current(dsn) == migrate.latest()


def _at(dsn: str, version: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE farthing.schema_version SET version_num = %s", [version])


def test_a_database_without_our_schema_is_refused_with_what_to_do(empty: str) -> None:
    with pytest.raises(ConfigError, match="no Farthing schema yet: run `farthing db upgrade`"):
        migrate.check(empty)


def test_an_older_database_is_refused_with_what_to_do(dsn: str) -> None:
    _at(dsn, "0001")
    with pytest.raises(
        ConfigError, match=f"schema version 0001, this code needs {migrate.latest()}: run `farthing db upgrade`"
    ):
        migrate.check(dsn)


def test_a_newer_database_is_refused_with_what_to_do(dsn: str) -> None:
    _at(dsn, "9999")
    with pytest.raises(ConfigError, match=rf"9999, newer than this code \({migrate.latest()}\): upgrade farthing"):
        migrate.check(dsn)


def test_a_server_that_is_down_is_said_to_be(postgres: str) -> None:
    for dsn in ("postgresql://u:hunter2@127.0.0.1:1/x", make_conninfo(postgres, dbname="there_is_no_such_database")):
        with pytest.raises(DatabaseUnavailable, match="cannot be reached") as refusal:
            migrate.check(dsn)
        assert "hunter2" not in refusal.value.detail


def test_the_newest_version_is_that_of_the_newest_file() -> None:
    assert ScriptDirectory(str(migrate.SCRIPTS)).get_heads() == [migrate.latest()]
