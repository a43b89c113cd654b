"""The inbox does not keep what people are called for ever."""

from datetime import timedelta
from typing import Final

from farthing.webhooks.store import forget_bodies
from farthing.world import World

BATCH: Final = 500


async def forget(world: World) -> int:
    """Sweep: drop the words of events that were acted on long ago. Their ids stay, so that none is taken for new."""
    async with world.db.transaction("sweep") as tx:
        return await forget_bodies(tx, before=tx.now - timedelta(days=world.settings.inbox_days), limit=BATCH)
