"""Migrations by Alembic, with SQL inside: each version is a pair of files, up and down.

Alembic and SQLAlchemy are imported only here and only when called: together they cost 0.8 s.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from farthing.errors import ConfigError, DatabaseUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS: Final = Path(__file__).parent / "migrations"


def upgrade(dsn: str, to: str = "head") -> None:
    """Bring the schema up. Two at once are one after the other."""
    from alembic import command

    command.upgrade(_config(dsn), to)


def downgrade(dsn: str, to: str) -> None:
    """Bring the schema down to a revision, or to "base": drops tables with what is in them."""
    from alembic import command

    command.downgrade(_config(dsn), to)


def upgrade_sql() -> str:
    """The SQL of all migrations, for those who run it by hand."""
    from alembic import command

    buffer = io.StringIO()
    config = _config("")
    config.output_buffer = buffer
    command.upgrade(config, "head", sql=True)
    return buffer.getvalue()


def latest() -> str:
    """The newest version this code knows: read off the file names, for Alembic is slow to import."""
    return max(path.stem.split("_")[0] for path in (SCRIPTS / "versions").glob("*.py"))


def current(dsn: str) -> str | None:
    """The version the database is at, None where there is none yet. Raises DatabaseUnavailable."""
    try:
        with (
            psycopg.connect(dsn, connect_timeout=5, autocommit=True) as connection,
            contextlib.suppress(psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName),
        ):
            row = connection.execute("SELECT version_num FROM farthing.schema_version").fetchone()
            return None if row is None else str(row[0])
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable("The database cannot be reached: is it running, and is DATABASE_URL right?") from error
    return None


def check(dsn: str) -> None:
    """Refuse a database at another version: older code must not write to it, newer code cannot."""
    found, wanted = current(dsn), latest()
    if found == wanted:
        return
    if found is None:
        raise ConfigError("The database has no Farthing schema yet: run `farthing db upgrade`.")
    if found > wanted:
        raise ConfigError(f"The database is at schema version {found}, newer than this code ({wanted}): upgrade farthing.")
    raise ConfigError(f"The database is at schema version {found}, this code needs {wanted}: run `farthing db upgrade`.")


def _config(dsn: str) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["dsn"] = dsn
    return config
