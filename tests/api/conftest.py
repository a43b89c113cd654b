"""The world that these tests stand in."""

from tests.worlds import account, outbox, sandbox, settings, world

__all__ = ["account", "outbox", "sandbox", "settings", "world"]
