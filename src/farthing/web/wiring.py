"""What a page works with: the world, a transaction to read in, and the fields of the form that was sent."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, cast

from starlette.requests import Request

from farthing.db import Transaction
from farthing.errors import Malformed
from farthing.web.frame import Person
from farthing.world import World

FIELDS_MAX: Final = 200
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def world_of(request: Request) -> World:
    return cast("World", request.app.state.world)


def person_of(request: Request) -> Person | None:
    """Who was found to be signed in, for the frame around the page."""
    return getattr(request.state, "person", None)


@asynccontextmanager
async def reading(request: Request) -> AsyncIterator[Transaction]:
    async with world_of(request).db.transaction("pages") as tx:
        yield tx


async def form_of(request: Request) -> Mapping[str, str]:
    """The text fields of a form, trimmed but for passwords. Raises Malformed for characters that no field of ours holds."""
    async with request.form(max_fields=FIELDS_MAX) as form:
        fields = {
            name: value if name == "password" else value.strip() for name, value in form.items() if isinstance(value, str)
        }
    # Browsers end the lines of a text with both: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html.
    fields = {name: value.replace("\r\n", "\n") for name, value in fields.items()}
    if any(_CONTROL.search(value) for value in fields.values()):
        raise Malformed("A field holds a character that cannot be stored, so nothing was changed.")
    return fields


def asked(request: Request, name: str) -> str | None:
    """A query parameter, or None where it is missing, empty or cannot be searched for."""
    value = request.query_params.get(name, "").strip()
    return value[:200] if value and not _CONTROL.search(value) else None
