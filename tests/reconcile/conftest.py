"""The fixtures of a whole world."""

from tests.worlds import account, outbox, sandbox, settings, world

__all__ = ["account", "outbox", "sandbox", "settings", "world"]
