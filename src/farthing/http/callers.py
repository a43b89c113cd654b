"""Who is asking: a server with an API key, a customer whom the host knows, or a guest."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from farthing.ids import ApiKeyId

if TYPE_CHECKING:
    from starlette.requests import Request

EXTERNAL_ID_MAX: Final = 255
NAME_MAX: Final = 255
_ATOM: Final = r"[^@\s\x00-\x1f\x7f-\x9f()<>\[\]:;,\\\"]"
EMAIL: Final = re.compile(rf"{_ATOM}{{1,64}}@{_ATOM}{{1,189}}")
"""One address. A comma or a colon would make a list of several for a mail server, and quoted ones are used by nobody."""


@dataclass(frozen=True, slots=True)
class CustomerIdentity:
    """A user of the host. `external_id` is the host's own id, and the only thing that says whose an order is."""

    external_id: str
    email: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for what could not be stored: a mistake of the host's, not of its user."""
        if not 1 <= len(self.external_id) <= EXTERNAL_ID_MAX or not self.external_id.isprintable():
            raise ValueError(f"an external_id has 1 to {EXTERNAL_ID_MAX} printable characters")
        if self.email is not None and not EMAIL.fullmatch(self.email):
            raise ValueError("the email of a customer is not an email address")
        if self.name is not None and (len(self.name) > NAME_MAX or not self.name.isprintable()):
            raise ValueError(f"the name of a customer has at most {NAME_MAX} printable characters")


@dataclass(frozen=True, slots=True)
class Server:
    """A program of the shop, with an API key: sees everything."""

    key_id: ApiKeyId

    @property
    def actor(self) -> str:
        return f"api_key:{self.key_id}"


@dataclass(frozen=True, slots=True)
class CustomerCaller:
    """A user of the host: sees what is theirs."""

    identity: CustomerIdentity

    @property
    def actor(self) -> str:
        return f"customer:{self.identity.external_id}"


@dataclass(frozen=True, slots=True)
class Guest:
    """Nobody we know: may look at the products and buy."""

    actor: str = "guest"


Caller = Server | CustomerCaller | Guest

Authenticate = Callable[["Request"], Awaitable[CustomerIdentity | None]]
"""The host's own answer to who is signed in; None for nobody."""
