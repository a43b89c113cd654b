"""A recipe: an event type, a sentence on how it comes about, and the steps that make it happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from farthing.sandbox.triggers.hand import Hand


@dataclass(frozen=True, slots=True)
class Recipe:
    event: str
    says: str
    run: Callable[[Hand], object]
