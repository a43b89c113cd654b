"""The REST API under /v1: the rooms' routes behind one door."""

from farthing.api.assembly import build

__all__ = ["build"]
