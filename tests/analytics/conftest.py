"""Figures of a shop with plans at the provider, whose customer lives on a clock of their own."""

from tests.subscriptions.conftest import account, ada, outbox, plain_world, sandbox, settings, world

__all__ = ["account", "ada", "outbox", "plain_world", "sandbox", "settings", "world"]
