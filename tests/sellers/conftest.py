"""A world with sellers, and the API over it."""

from tests.api.conftest import ada, api, connect, eve, guest, secret, server
from tests.worlds import account, outbox, sandbox, settings, world

__all__ = ["account", "ada", "api", "connect", "eve", "guest", "outbox", "sandbox", "secret", "server", "settings", "world"]
