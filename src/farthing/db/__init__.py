"""The database: connections, transactions that know the time and the actor, and migrations.

Lock order, for everybody: order, its payments, their refunds, then the ledger. Whoever takes two locks takes them in this
order, so that no two transactions wait for each other.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from farthing.db.database import Connection, Database, InTransactionHook, Row, Transaction

__all__ = ["Connection", "Database", "InTransactionHook", "Row", "Transaction"]


def __getattr__(name: str) -> Any:
    # The embedded server's supervisor lives in this room too, and must not wait for psycopg to load.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from farthing.db import database

    return getattr(database, name)
