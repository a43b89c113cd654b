"""Downloads over HTTP: what a customer may fetch, and a link to each."""

from typing import Annotated

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from farthing import customers
from farthing.downloads import links, store
from farthing.downloads.present import DownloadShown, LinkShown
from farthing.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from farthing.http.bodies import Line, ListShown, Query, listed, refuses
from farthing.http.callers import CustomerCaller
from farthing.http.credentials import Known
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.ids import DownloadId
from farthing.paging import Page

router = APIRouter(prefix="/v1/downloads", tags=["downloads"])


class DownloadQuery(Query):
    customer: Line | None = Field(None, description="The host's own id of its user. A customer leaves it out.")


@router.get("", operation_id="downloads_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_downloads(
    world: TheWorld, caller: Known, query: Annotated[DownloadQuery, fastapi.Query()]
) -> ListShown[DownloadShown]:
    """All that the user may download or once could, newest first."""
    named = query.customer
    if isinstance(caller, CustomerCaller):
        if named not in (None, caller.identity.external_id):
            raise Forbidden("You see your own downloads: leave customer out.")
        named = caller.identity.external_id
    elif named is None:
        raise Invalid("Say whose: send customer, the host's own id of its user.", param="customer")
    async with world.db.transaction(caller.actor) as tx:
        found = await store.of_customer(tx, named)
        return listed(Page(found, None), lambda download: DownloadShown.of(download, tx.now))


@router.post(
    "/{id}/links",
    operation_id="downloads_link",
    status_code=201,
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, NotFound, Conflict, TooMany),
)
async def make_link(world: TheWorld, caller: Known, id: str, response: Response) -> LinkShown:
    """A link that hands out the file for a while. Making one counts nothing; opening it does."""
    download_id = DownloadId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        download = await store.get(tx, download_id)
        if isinstance(caller, CustomerCaller):
            own = await customers.find_by_external_id(tx, caller.identity.external_id)
            if own is None or own.id != download.customer_id:
                raise NotFound(f"There is no download {download_id}.")
    response.headers["Cache-Control"] = "no-store"
    made = links.link(world, download)
    return LinkShown(url=made.url, expires_at=made.expires_at)
