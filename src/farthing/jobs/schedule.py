"""`schedule`: put a job into the queue, in the caller's transaction."""

from farthing.db import Transaction


async def schedule(tx: Transaction, task: str, /, **args: str | int) -> None:
    """The job exists if and only if the transaction commits. It runs soon after, at least once."""
    raise AssertionError("being written")
