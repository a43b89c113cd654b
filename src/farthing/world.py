"""World: all that is impure, in one hand. Flows, jobs and doors get it; models never do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from farthing.carriers import Carrier
from farthing.clock import Clock
from farthing.config import Settings
from farthing.db import Database
from farthing.errors import ConfigError, Conflict
from farthing.events import Event
from farthing.providers import PaymentProvider

if TYPE_CHECKING:
    from farthing.catalog import Catalog, Resolver


class Mailer(Protocol):
    """Sends one message. `key` is the same on every repetition of the same message."""

    async def send(self, *, key: str, recipient: str, subject: str, text: str, html: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Hook:
    """A reaction of the host's own. Runs after the commit, at least once for each event."""

    name: str
    run: Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class World:
    settings: Settings
    db: Database
    provider: PaymentProvider
    catalog: Catalog
    mailer: Mailer
    hooks: dict[str, list[Hook]] = field(default_factory=dict)
    """Event name → hooks that want to be told after the commit."""
    content: Resolver | None = None
    """What the host says of its own content, where it sells some."""
    sign_download: Callable[[str], str | Awaitable[str]] | None = None
    """The host's storage: the key of a file → a URL that is good for a moment. Without it files are in a folder of ours."""
    carrier: Carrier | None = None
    """Who sells labels and follows parcels; without one, sellers do both themselves."""

    @property
    def clock(self) -> Clock:
        return self.db.clock

    def require_carrier(self) -> Carrier:
        if self.carrier is None:
            raise Conflict("Nobody who sells labels is set up: set EASYPOST_API_KEY, or send it with a number of your own.")
        return self.carrier

    def provider_named(self, name: str) -> PaymentProvider:
        """The provider that a stored row belongs to. Raises ConfigError where this process does not know it."""
        if name != self.provider.name:
            raise ConfigError(f"This process has no provider {name!r}.")
        return self.provider
