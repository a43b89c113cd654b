"""A worker as a process of its own, to be killed: `python -m tests.jobs.worker_process DSN SILENCE`."""

import asyncio
import sys
from datetime import timedelta

from tests.jobs.tasks import TASKS, World

from farthing.db import Database
from farthing.jobs import Worker


async def main(dsn: str, silence: timedelta) -> None:
    database = Database(dsn)
    await database.open()
    await Worker(dsn, World(database), TASKS, silence=silence).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], timedelta(seconds=float(sys.argv[2]))))
