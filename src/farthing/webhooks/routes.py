"""What the provider told us over HTTP, for the shop's own servers, and acting on it once more."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter

from farthing.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from farthing.http.bodies import Line, ListShown, PageQuery, Shown, listed, refuses
from farthing.http.credentials import OnlyServer
from farthing.http.state import TheWorld
from farthing.ids import NoticeId, public
from farthing.lifecycles import NoticeStatus
from farthing.webhooks.inbox import replay
from farthing.webhooks.store import StoredNotice, get, list_page

router = APIRouter(prefix="/v1/provider-events", tags=["provider events"])


class NoticeQuery(PageQuery):
    status: NoticeStatus | None = None
    type: Line | None = None


class ProviderEventShown(Shown):
    id: str
    object: Literal["provider_event"] = "provider_event"
    provider: str
    event: str
    type: str
    status: NoticeStatus
    source: Literal["webhook", "sweep"]
    reason: str | None
    subject: str | None
    order: str | None
    attempts: int
    occurred_at: datetime | None
    received_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, notice: StoredNotice) -> "ProviderEventShown":
        return cls(
            id=str(notice.id),
            provider=notice.provider,
            event=notice.provider_event_id,
            type=notice.type,
            status=notice.status,
            source="sweep" if notice.source == "sweep" else "webhook",
            reason=notice.reason,
            subject=notice.subject_id,
            order=public(notice.order_id),
            attempts=notice.attempts,
            occurred_at=notice.occurred_at,
            received_at=notice.received_at,
            finished_at=notice.finished_at,
        )


@router.get("", operation_id="provider_events_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_events(
    world: TheWorld, caller: OnlyServer, query: Annotated[NoticeQuery, fastapi.Query()]
) -> ListShown[ProviderEventShown]:
    """Newest first. Their bodies stay here: they hold what belongs to buyers."""
    cursor = query.after(NoticeId)
    async with world.db.transaction(caller.actor) as tx:
        page = await list_page(tx, limit=query.limit, cursor=cursor, status=query.status, type=query.type)
    return listed(page, ProviderEventShown.of)


@router.get("/{id}", operation_id="provider_events_get", responses=refuses(Unauthenticated, Forbidden, NotFound))
async def get_event(world: TheWorld, caller: OnlyServer, id: str) -> ProviderEventShown:
    notice = NoticeId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        return ProviderEventShown.of(await get(tx, notice))


@router.post(
    "/{id}/replay", operation_id="provider_events_replay", responses=refuses(Unauthenticated, Forbidden, NotFound, Conflict)
)
async def replay_event(world: TheWorld, caller: OnlyServer, id: str) -> ProviderEventShown:
    """Act on it once more, as if it had just come. Harmless: an event only says where to look."""
    notice_id = NoticeId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        notice = await get(tx, notice_id)
        if notice.subject_id is None:
            raise Conflict(f"{notice_id} concerns nothing here: {notice.reason}.")
        await replay(tx, [notice_id])  # one that waits already is acted on anyway
        return ProviderEventShown.of(await get(tx, notice_id))
