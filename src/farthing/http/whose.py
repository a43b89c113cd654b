"""Whose a thing is, where a route says so by the host's own id of its user."""

from typing import Annotated

import fastapi

from farthing.errors import NotFound
from farthing.http.bodies import Line
from farthing.http.callers import CustomerCaller, Server

Whose = Annotated[Line, fastapi.Path(description="The host's own id of its user. It may hold a slash.")]


def own(caller: Server | CustomerCaller, external_id: str) -> str:
    """A customer asks about themselves; nobody else is there for them."""
    if isinstance(caller, CustomerCaller) and caller.identity.external_id != external_id:
        raise NotFound("There is no such customer.")
    return external_id
