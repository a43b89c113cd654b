"""A changed farthing.toml is read anew while `farthing dev` runs: nobody sells at yesterday's price without knowing it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from farthing import catalog
from farthing.errors import ConfigError

LOOK_SECONDS: Final = 1.0


async def reread(
    path: Path,
    seen: int | None,
    say: Callable[[str], None],
    serve_anew: Callable[[], None],
    kinds: Mapping[str, object] | None = None,
) -> None:
    """Until canceled. `seen` is when it was written, looked at before it was read for the first time: no change is missed.

    A broken catalog is said to be broken, and what was sold before is sold on.
    """
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        found = written_at(path)
        if found == seen:
            continue
        seen = found
        try:
            catalog.load(path, kinds=kinds)
        except ConfigError as error:
            say(f"{error.detail} Until it is repaired, what was sold before is sold.")
        else:
            say(f"{path} was changed: the API and the worker read it anew. `farthing catalog plan` compares it with Stripe.")
            serve_anew()


def written_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
