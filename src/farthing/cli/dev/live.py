"""Events as they happen, for somebody who watches the terminal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from farthing.db import Database, Row, Transaction
from farthing.errors import DatabaseUnavailable

EVERY_SECONDS: Final = 0.4
OVERLAP: Final = 200
"""Transactions commit in another order than they number their events: a late one is still shown."""


@dataclass(frozen=True, slots=True)
class Happened:
    sequence: int
    at: datetime
    type: str
    actor: str
    order: int | None
    data: dict[str, Any]


async def events(db: Database) -> AsyncIterator[Happened]:
    """Everything from now on. While the database is away, there is nothing to tell."""
    last = await _last(db)
    shown = {happened.sequence for happened in await _since(db, last - OVERLAP)}
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        with contextlib.suppress(DatabaseUnavailable):
            for happened in await _since(db, last - OVERLAP):
                if happened.sequence not in shown:
                    yield happened
                shown.add(happened.sequence)
            last = max(shown, default=0)
            shown = {sequence for sequence in shown if sequence > last - OVERLAP}


async def _last(db: Database) -> int:
    async with db.transaction("farthing dev") as tx:
        return await tx.value("SELECT coalesce(max(sequence), 0) FROM events") or 0


async def _since(db: Database, sequence: int) -> list[Happened]:
    async with db.transaction("farthing dev") as tx:
        return await _select(tx, sequence)


async def _select(tx: Transaction, sequence: int) -> list[Happened]:
    return await tx.all(
        _build,
        """
        SELECT event.sequence, event.happened_at, event.type, event.actor, orders.number, event.data
        FROM events event LEFT JOIN orders ON orders.id = event.order_id
        WHERE event.sequence > %(sequence)s ORDER BY event.sequence
        """,
        sequence=sequence,
    )


def _build(row: Row) -> Happened:
    return Happened(row["sequence"], row["happened_at"], row["type"], row["actor"], row["number"], row["data"])
