"""`farthing jobs`: how the queue is doing, and what to do about what failed for good."""

from farthing import jobs as room
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.errors import Invalid


async def list_() -> int:
    """How many jobs wait, run, are delayed for a retry, or are dead; and how long the longest waiting has waited.

    For example:

        farthing jobs list
        farthing jobs list --json
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        counts = await room.counts(tx)
    waits = "" if counts.oldest is None else f"{counts.oldest.total_seconds():.1f} s"
    document = {name: getattr(counts, name) for name in ("ready", "running", "delayed", "dead")}
    table = show.table(
        ("Ready", "Running", "Delayed", "Dead", "Longest wait"),
        [(counts.ready, counts.running, counts.delayed, counts.dead, waits)],
    )
    terminal().show(document | {"oldest_seconds": counts.oldest}, table)
    return 0


async def dead() -> int:
    """List the jobs that failed for good, the last one first.

    For example:

        farthing jobs dead
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await room.dead(tx)
    documents = [
        {"id": job.id, "task": job.task, "args": job.args, "attempts": job.attempts, "error": job.error, "died_at": job.died_at}
        for job in found
    ]
    rows = [(job.id, job.task, job.attempts, job.error, show.at(job.died_at)) for job in found]
    if rows:
        terminal().show({"data": documents}, show.table(("Job", "Task", "Attempts", "Error", "Died"), rows))
    else:
        terminal().show({"data": []}, "No job is dead.")
    return 0


async def retry(*ids: int) -> int:
    """Run dead jobs again, with all their attempts before them.

    For example:

        farthing jobs retry 42
        farthing jobs retry $(farthing jobs dead --json | jq '.data[].id')

    Parameters
    ----------
    ids
        The jobs; `farthing jobs dead` shows them.
    """

    if not ids:
        raise Invalid("Name at least one job: `farthing jobs dead` shows them.")

    async def work(tx: Transaction) -> None:
        for id in ids:
            await room.retry(tx, id)

    async with opening.database() as db:
        await db.run(ACTOR, work)
    terminal().show({"retried": list(ids)}, f"{len(ids)} {'job runs' if len(ids) == 1 else 'jobs run'} again.")
    return 0
