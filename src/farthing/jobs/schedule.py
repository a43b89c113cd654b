"""`schedule`: put a job into the queue, in the caller's transaction."""

from collections.abc import Sequence
from typing import Final

import orjson

from farthing.db import Transaction

BELL: Final = "jobs"
"""Rung after the commit, so that a worker looks at once. A lost ring costs at most a second: workers look by themselves."""

ARGS_MAX: Final = 2_000
"""Bytes of JSON. A job carries ids; what they stand for is read when it runs."""


async def schedule(tx: Transaction, task: str, /, **args: str | int) -> None:
    """The job exists if and only if the transaction commits. It runs soon after, at least once.

    Arguments are kept, shown to staff and logged nowhere: ids and small words only, never a secret or personal data.
    """
    await schedule_all(tx, task, [args])


async def schedule_all(tx: Transaction, task: str, of: Sequence[dict[str, str | int]]) -> None:
    """One job with each of these arguments."""
    if not of:
        return
    # One statement, and no row in the log yet: PgQueuer's own enqueue writes both and costs twice as much.
    await tx.run(
        """
        INSERT INTO jobs (priority, status, entrypoint, payload)
        SELECT 0, 'queued', %(task)s, convert_to(payload, 'UTF8') FROM json_array_elements_text(%(payloads)s::json) AS payload
        """,
        task=task,
        payloads=orjson.dumps([_written(task, args) for args in of]).decode(),
    )
    tx.ring(BELL)


def _written(task: str, args: dict[str, str | int]) -> str:
    wrong = [name for name, value in args.items() if type(value) not in (str, int)]
    assert not wrong, f"{task}: a job's arguments are str or int, which {', '.join(wrong)} is not"
    payload = orjson.dumps(args).decode()
    assert len(payload) <= ARGS_MAX, f"{task}: {len(payload)} bytes of arguments, of at most {ARGS_MAX}: pass ids"
    return payload
