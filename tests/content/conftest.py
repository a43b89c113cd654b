"""The fixtures of a whole world."""

from tests.worlds import account, lone_sandbox, outbox, sandbox, settings, world

__all__ = ["account", "lone_sandbox", "outbox", "sandbox", "settings", "world"]
