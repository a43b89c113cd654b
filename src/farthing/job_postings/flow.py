"""The sweep: postings whose time is over, and owners who want to be told before."""

from functools import partial
from typing import Final

import structlog

from farthing.db import Transaction
from farthing.errors import DatabaseUnavailable
from farthing.ids import JobPostingId
from farthing.job_postings import actions, store
from farthing.world import World

SWEEP_MAX: Final = 100

log = structlog.get_logger("farthing.job_postings")


async def expire_due(world: World) -> int:
    """Each in a transaction of its own, with the host's hooks in it: one that raises holds up no other."""
    async with world.db.transaction("sweep") as tx:
        due = await store.due(tx, limit=SWEEP_MAX)
    done = 0
    for id in due:
        try:
            done += await world.db.run("sweep", partial(_expire, id))
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("job_posting.not_expired", job_posting=str(id))
    return done


async def _expire(id: JobPostingId, tx: Transaction) -> bool:
    return await actions.expire(tx, id)
