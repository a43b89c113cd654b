"""How the queue is doing, for doctor, metrics and staff."""

from dataclasses import dataclass
from datetime import timedelta

from farthing.db import Row, Transaction


@dataclass(frozen=True, slots=True)
class Counts:
    """`oldest` is how long the longest waiting of the `ready` has been ready; None where nothing waits."""

    ready: int
    running: int
    delayed: int
    dead: int
    oldest: timedelta | None


async def counts(tx: Transaction) -> Counts:
    # By the server's clock, as the queue itself: `tx.now` may have traveled.
    found = await tx.find(
        _build,
        """
        SELECT
            count(*) FILTER (WHERE status = 'queued' AND execute_after <= clock_timestamp()) AS ready,
            count(*) FILTER (WHERE status = 'picked') AS running,
            count(*) FILTER (WHERE status = 'queued' AND execute_after > clock_timestamp()) AS delayed,
            count(*) FILTER (WHERE status = 'failed') AS dead,
            clock_timestamp() - min(execute_after)
                FILTER (WHERE status = 'queued' AND execute_after <= clock_timestamp()) AS oldest
        FROM jobs
        """,
    )
    assert found is not None, "an aggregate has a row"
    return found


def _build(row: Row) -> Counts:
    return Counts(row["ready"], row["running"], row["delayed"], row["dead"], row["oldest"])
