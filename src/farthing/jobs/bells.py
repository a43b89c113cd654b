"""One connection that listens for bells: whoever subscribed is called at once when one is rung after a commit.

A bell may get lost with the connection. Nobody depends on it: sweeps and the queue look by themselves too.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Final

import psycopg
import structlog

from farthing.jobs.direct import connect, pauses

CHANNEL: Final = "farthing"

log = structlog.get_logger()


class Bells:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._subscribers: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def on(self, bell: str, call: Callable[[], None]) -> Callable[[], None]:
        """Call when the bell rings; returns what ends that."""
        self._subscribers[bell].append(call)
        return lambda: self._subscribers[bell].remove(call)

    async def listen(self) -> None:
        """Listen until canceled, connecting again for as long as it takes."""
        waits = pauses()
        while True:
            try:
                async with await connect(self._dsn) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._ring_all()  # whatever was rung while nobody listened
                    waits = pauses()
                    async for note in connection.notifies():
                        self._ring(note.payload)
            except psycopg.Error as error:
                log.warning("bells.lost", error=type(error).__name__)
            await asyncio.sleep(next(waits))

    def _ring(self, bell: str) -> None:
        for call in list(self._subscribers.get(bell, ())):
            call()

    def _ring_all(self) -> None:
        for bell in list(self._subscribers):
            self._ring(bell)
