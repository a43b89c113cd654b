"""What the sandbox knows of Stripe: one file per object, each with its lifecycle, its verbs and its events."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from farthing.sandbox.account import Job
from farthing.sandbox.operations import Directory, Operation


def _rooms() -> list[ModuleType]:
    """The files here that answer operations or do what falls due; the others only help them."""
    found = [importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]
    return [each for each in found if hasattr(each, "OPERATIONS") or hasattr(each, "JOBS")]


ROOMS = _rooms()
OPERATIONS: list[Operation] = [operation for room in ROOMS for operation in getattr(room, "OPERATIONS", [])]
DIRECTORY = Directory(OPERATIONS)
JOBS: dict[str, tuple[str, Job]] = {}
"""What falls due later: {name: (kind of object, what to do with it)}."""
for _room in ROOMS:
    JOBS |= getattr(_room, "JOBS", {})
