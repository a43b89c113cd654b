"""How a worker connects: directly, for itself, and again for as long as it takes."""

import random
from collections.abc import Iterator
from typing import Any, Final

import psycopg
from psycopg.rows import DictRow, dict_row

SESSION: Final[dict[str, Any]] = {
    "options": "-c statement_timeout=15s -c lock_timeout=5s -c timezone=UTC -c search_path=farthing,public",
    "application_name": "farthing-worker",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""A server that vanished without a word is noticed within half a minute."""


async def connect(dsn: str) -> psycopg.AsyncConnection[DictRow]:
    return await psycopg.AsyncConnection.connect(dsn, autocommit=True, row_factory=dict_row, **SESSION)


def pauses(first: float = 0.1, longest: float = 5.0) -> Iterator[float]:
    """Seconds to wait between tries, for ever: doubling, and spread, so that many workers do not come back at once."""
    pause = first
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311
        pause = min(pause * 2, longest)
