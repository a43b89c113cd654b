"""The audit trail: everything that was ever done here, by whom and when. It is only added to."""

from typing import Final, cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from farthing import events
from farthing.errors import NotFound
from farthing.events import EventName
from farthing.ids import EventId
from farthing.timeline import title_of
from farthing.web import staff
from farthing.web.admin.actors import words_of
from farthing.web.page import render
from farthing.web.wiring import asked, reading

SHOWN: Final = 50


async def trail(request: Request) -> Response:
    cursor, type = asked(request, "cursor"), _type(asked(request, "type"))
    async with reading(request) as tx:
        found = await events.list_page(tx, limit=SHOWN, cursor=EventId.parse(cursor) if cursor else None, type=type)
        people = await staff.names(tx)
    return render(
        request,
        "admin/audit.html",
        found=found,
        type=type,
        types=sorted(get_args(EventName)),
        title_of=title_of,
        who=lambda actor: words_of(actor, people),
    )


async def entry(request: Request) -> Response:
    id = EventId.parse(request.path_params["id"])
    async with reading(request) as tx:
        found = await events.find(tx, id)
        people = await staff.names(tx)
    if found is None:
        raise NotFound(f"There is no event {id}.")
    return render(request, "admin/audit_entry.html", event=found, title=title_of(found.type), who=words_of(found.actor, people))


def _type(typed: str | None) -> EventName | None:
    return cast("EventName", typed) if typed in get_args(EventName) else None
