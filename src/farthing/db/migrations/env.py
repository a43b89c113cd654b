"""How Alembic reaches the database: by our DSN, in our schema, one migration at a time."""

from typing import Any

import psycopg
from alembic import context
from sqlalchemy import create_engine, pool, text

SETTINGS: dict[str, Any] = {
    "version_table": "schema_version",
    "version_table_schema": "farthing",
    "transaction_per_migration": False,
}
LOCK = 4_242_424_242


def online(dsn: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=pool.NullPool)
    with engine.connect() as connection:
        # Nobody waits for ever behind a lock that a migration waits for.
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS farthing"))
        connection.execute(text("SET search_path = farthing, public"))
        context.configure(connection=connection, **SETTINGS)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


def offline() -> None:
    # The style of its parameters: with the driver's own, every % of our SQL would be written twice.
    style = {"paramstyle": "named"}
    context.configure(url="postgresql+psycopg://", literal_binds=True, dialect_opts=style, **SETTINGS)
    with context.begin_transaction():
        context.execute("CREATE SCHEMA IF NOT EXISTS farthing")
        context.execute("SET search_path = farthing, public")
        context.run_migrations()


if context.is_offline_mode():
    offline()
else:
    online(context.config.attributes["dsn"])
