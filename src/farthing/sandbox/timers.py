"""What happens by itself: sessions expire, refunds end, money becomes available, when the sandbox's clock says so."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from farthing.sandbox.world import Sandbox

PAUSE_MAX_SECONDS = 1.0
PAUSE_MIN_SECONDS = 0.02


async def run(sandbox: Sandbox) -> None:
    while True:
        next_at = sandbox.store.next_due()
        left = PAUSE_MAX_SECONDS if next_at is None else next_at - sandbox.clock.now()
        if left <= 0:
            sandbox.do_what_is_due()
            continue
        with suppress(TimeoutError):
            await asyncio.sleep(max(min(left, PAUSE_MAX_SECONDS), PAUSE_MIN_SECONDS))
