"""The queue's tables come and go with our migrations, and are those that PgQueuer itself would install."""

import psycopg

from farthing.db import migrate


def _objects(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            """
            SELECT relname FROM pg_class WHERE relnamespace = 'farthing'::regnamespace AND relname LIKE 'job%'
            UNION SELECT typname FROM pg_type WHERE typnamespace = 'farthing'::regnamespace AND typname = 'job_status'
            """
        )
        return {row[0] for row in rows}


def test_down_takes_everything_away_and_up_brings_it_back(dsn: str) -> None:
    before = _objects(dsn)
    assert {"jobs", "jobs_log", "job_status"} <= before
    migrate.downgrade(dsn, "0001")
    assert _objects(dsn) == set()
    migrate.upgrade(dsn)
    assert _objects(dsn) == before
    migrate.downgrade(dsn, "base")
    migrate.upgrade(dsn)
    assert _objects(dsn) == before


def test_a_job_survives_a_crash_of_the_server(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        tables = "SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relname LIKE 'jobs%'"
        unlogged = connection.execute(tables).fetchall()
    assert unlogged == []
