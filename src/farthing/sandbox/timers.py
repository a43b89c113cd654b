"""What happens by itself: sessions expire, refunds end, money becomes available, when the sandbox's clock says so."""

from __future__ import annotations

import asyncio
import logging
import time

from farthing.sandbox import idempotency
from farthing.sandbox.store import StateUnwritable
from farthing.sandbox.world import Sandbox

LOG = logging.getLogger("farthing.sandbox")
PAUSE_MAX_SECONDS = 1.0
PAUSE_MIN_SECONDS = 0.001
PRUNE_SECONDS = 60.0
ATTEMPTS_KEPT_SECONDS = 30 * 86_400


async def run(sandbox: Sandbox) -> None:
    pruned = 0.0
    while True:
        try:
            next_at = sandbox.store.next_due()
            left = PAUSE_MAX_SECONDS if next_at is None else next_at - sandbox.clock.now()
            if left <= 0:
                sandbox.do_what_is_due()
            if time.monotonic() - pruned > PRUNE_SECONDS:
                prune(sandbox)
                pruned = time.monotonic()
        except StateUnwritable as problem:
            LOG.error("%s", problem)
            left = PAUSE_MAX_SECONDS
        await asyncio.sleep(max(min(left, PAUSE_MAX_SECONDS), PAUSE_MIN_SECONDS))


def prune(sandbox: Sandbox) -> None:
    """Forget the answers of keys that are no longer valid, and what was said to webhooks a month ago."""
    store = sandbox.store
    with store.transaction():
        store.run("DELETE FROM answers WHERE at < ?", sandbox.clock.now() - idempotency.KEPT_SECONDS)
        store.run("DELETE FROM attempts WHERE at < ?", time.time() - ATTEMPTS_KEPT_SECONDS)
