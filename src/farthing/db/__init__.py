"""The database: connections, transactions that know the time and the actor, and migrations.

Lock order, for everybody: order, its payments, their refunds, then the ledger. Whoever takes two locks takes them in this
order, so that no two transactions wait for each other.
"""

from farthing.db.database import Database, Row, Transaction

__all__ = ["Database", "Row", "Transaction"]
