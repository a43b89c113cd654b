"""Every night what may have been missed is compared and healed; a night that nobody was up for is made up for once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from farthing import jobs
from farthing.db import Transaction
from farthing.ids import ReconciliationId
from farthing.reconcile import cursors, flow, store
from farthing.reconcile.missed import EVERY
from farthing.world import World

AT: Final = timedelta(hours=2)
"""After midnight, UTC: no night is skipped or comes twice when clocks are changed."""

BACK: Final = timedelta(days=30)
"""How far a night looks back; where events were lost for good, everything is compared."""

TASK: Final = "reconcile.run"


async def nightly_due(world: World) -> int:
    """Sweep: order the reconciliation of this night, unless it is ordered. A unique row makes it one, whoever is up.

    What somebody ran themselves, in a process that died, is closed.
    """
    provider = world.provider

    async def order(tx: Transaction) -> None:
        await flow.close_interrupted(tx)
        cursor = await cursors.ensure(tx, provider.name, provider.livemode, every=EVERY)
        night = _last_night(tx.now)
        if cursor.created_at >= night:
            return
        since = None if cursor.lost_since is not None else tx.now - BACK
        id = await store.insert_run(tx, provider.name, provider.livemode, since=since, heals=True, night=night.date())
        if id is not None:
            await jobs.schedule(tx, TASK, reconciliation=str(id))

    await world.db.run("sweep", order)
    return 0


async def run_task(world: World, args: Mapping[str, str | int]) -> None:
    """Task: compare and heal. Run again it begins anew, and finds less."""
    await flow.run(world, ReconciliationId.parse(str(args["reconciliation"])))


def _last_night(now: datetime) -> datetime:
    tonight = now.replace(hour=0, minute=0, second=0, microsecond=0) + AT
    return tonight if tonight <= now else tonight - timedelta(days=1)
