"""A form that was sent twice at once: the second waits for what the first is doing, and leads to the same page."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from farthing.errors import Conflict, KeyInUse

LOOKS_MAX: Final = 60
LOOK_EVERY: Final = 0.2
"""A second click looks so often, so many seconds apart."""

T = TypeVar("T")


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Raises Conflict where the first is not done in time."""
    for _ in range(LOOKS_MAX):
        try:
            return await ask()
        except KeyInUse:
            await asyncio.sleep(LOOK_EVERY)
    raise Conflict("This is being done already. See how your order stands before you try again.")
