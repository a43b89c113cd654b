"""The inbox: what the provider told us, what came of it, and acting on it once more."""

import json
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import webhooks
from farthing.db import Transaction
from farthing.errors import Invalid
from farthing.ids import NoticeId
from farthing.lifecycles import NOTICE, NoticeStatus
from farthing.paging import LIMIT_MAX, Page
from farthing.web.admin.links import provider_name, provider_url
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of
from farthing.webhooks import StoredNotice

SHOWN: Final = 50
_SECRETS: Final = frozenset({"client_secret", "secret"})


async def notice_list(request: Request) -> Response:
    """`?q=evt_…` leads to one event."""
    words = asked(request, "q")
    async with reading(request) as tx:
        if words and (named := await webhooks.find_by_provider_id(tx, words)) is not None:
            return redirect(request, "admin_notice", id=named.id)
        found = await _filtered(request, tx, limit=SHOWN)
        counts = await webhooks.counts(tx)
    return render(
        request,
        "admin/events.html",
        found=found,
        counts=counts,
        statuses=NoticeStatus,
        chosen=_status(request),
        type=asked(request, "type"),
        missed=words,
        types=sorted({notice.type for notice in found.items}),
    )


async def notice_detail(request: Request) -> Response:
    settings = world_of(request).settings
    async with reading(request) as tx:
        notice = await webhooks.get(tx, _id(request))
    return render(
        request,
        "admin/event.html",
        notice=notice,
        payload=_payload(notice),
        replayable=_is_replayable(notice),
        provider_url=partial(provider_url, settings),
        provider_name=provider_name(settings),
    )


async def replay_one(request: Request) -> Response:
    notice_id = _id(request)
    replayed = await world_of(request).db.run(staff_of(request).actor, lambda tx: webhooks.replay(tx, [notice_id]))
    said = "It is acted on once more." if replayed else "There is nothing to act on: it waits already, or concerns nobody here."
    return redirect(request, "admin_notice", id=notice_id, flash=("success" if replayed else "warning", said))


async def ask_replay(request: Request) -> Response:
    """How many of the filtered page would be acted on again."""
    async with reading(request) as tx:
        found = await _filtered(request, tx, limit=SHOWN)
    chosen = [notice for notice in found.items if _is_replayable(notice)]
    return render(request, "admin/replay_confirm.html", chosen=chosen)


async def replay_many(request: Request) -> Response:
    """The events that were shown, by id: those that came meanwhile are not meant."""
    form = await form_of(request)
    ids = [NoticeId.parse(id) for id in form.get("ids", "").split()]
    if not 1 <= len(ids) <= LIMIT_MAX:
        raise Invalid(f"Choose 1 to {LIMIT_MAX} events to replay. Nothing was replayed.")
    replayed = await world_of(request).db.run(staff_of(request).actor, lambda tx: webhooks.replay(tx, ids))
    return redirect(request, "admin_inbox", flash=("success", f"Events acted on once more: {replayed}."))


async def _filtered(request: Request, tx: Transaction, *, limit: int) -> Page[StoredNotice]:
    cursor = asked(request, "cursor")
    return await webhooks.list_page(
        tx,
        limit=limit,
        cursor=NoticeId.parse(cursor) if cursor else None,
        status=_status(request),
        type=asked(request, "type"),
    )


def _status(request: Request) -> NoticeStatus | None:
    typed = asked(request, "status")
    return NoticeStatus(typed) if typed in set(NoticeStatus) else None


def _is_replayable(notice: StoredNotice) -> bool:
    return notice.subject_id is not None and NOTICE.allows(notice.status, "replay")


def _payload(notice: StoredNotice) -> Any:
    """What was signed, without what would let its reader act for the buyer."""
    return _hidden(json.loads(notice.body)) if notice.body else None


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "…" if name in _SECRETS and inner else _hidden(inner) for name, inner in value.items()}
    return [_hidden(each) for each in value] if isinstance(value, list) else value


def _id(request: Request) -> NoticeId:
    return NoticeId.parse(request.path_params["id"])
