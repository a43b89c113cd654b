"""Purchases over HTTP: what a customer owns, what was sold at all, and whether somebody may see a content now."""

from datetime import datetime
from typing import Annotated, Final, Literal

import fastapi
from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError
from starlette.routing import Match, Route
from starlette.types import Scope

from farthing import customers
from farthing.catalog import checked_reference
from farthing.errors import Forbidden, Invalid, NotFound, Unauthenticated
from farthing.http.bodies import Line, ListShown, PageQuery, Query, Shown, listed, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known, OnlyServer, find_caller, require_known
from farthing.http.state import TheWorld, world_of
from farthing.ids import PurchaseId
from farthing.lifecycles import PurchaseStatus
from farthing.paging import Page
from farthing.purchases import reading, store
from farthing.purchases.present import PurchaseShown, SellerSalesShown

router = APIRouter(prefix="/v1", tags=["purchases"])

LINE: Final[TypeAdapter[str]] = TypeAdapter(Line)


class PurchaseQuery(PageQuery):
    status: PurchaseStatus | None = None
    content: Line | None = None
    customer: Line | None = Field(None, description="The host's own id of its user. A customer leaves it out.")
    seller: Line | None = Field(None, description="Only servers may ask by seller.")


class SalesQuery(Query):
    seller: Line | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class AccessShown(Shown):
    object: Literal["access_check"] = "access_check"
    customer: str
    content: str
    access: bool


@router.get("/purchases", operation_id="purchases_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_purchases(
    world: TheWorld, caller: Known, query: Annotated[PurchaseQuery, fastapi.Query()]
) -> ListShown[PurchaseShown]:
    """Newest first. A customer sees their own."""
    cursor, for_staff = query.after(PurchaseId), isinstance(caller, Server)
    named = query.customer
    if isinstance(caller, CustomerCaller):
        if named not in (None, caller.identity.external_id) or query.seller is not None:
            raise Forbidden("You see your own purchases: leave customer and seller out.")
        named = caller.identity.external_id
    async with world.db.transaction(caller.actor) as tx:
        buyer = None if named is None else await customers.find_by_external_id(tx, named)
        if named is not None and buyer is None:
            return listed(Page((), None), lambda purchase: PurchaseShown.of(purchase, for_staff=for_staff))
        page = await store.list_page(
            tx,
            limit=query.limit,
            cursor=cursor,
            customer=None if buyer is None else buyer.id,
            content=query.content,
            seller=query.seller,
            status=query.status,
        )
    return listed(page, lambda purchase: PurchaseShown.of(purchase, for_staff=for_staff))


@router.get("/purchases/{id}", operation_id="purchases_get", responses=refuses(Unauthenticated, NotFound))
async def get_purchase(world: TheWorld, caller: Known, id: str) -> PurchaseShown:
    """One purchase. Somebody else's does not exist."""
    purchase_id = PurchaseId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        purchase = await store.get(tx, purchase_id)
        if isinstance(caller, CustomerCaller):
            own = await customers.find_by_external_id(tx, caller.identity.external_id)
            if own is None or own.id != purchase.customer_id:
                raise NotFound(f"There is no purchase {purchase_id}.")
    return PurchaseShown.of(purchase, for_staff=isinstance(caller, Server))


@router.get("/sales", operation_id="sales_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_sales(
    world: TheWorld, caller: OnlyServer, query: Annotated[SalesQuery, fastapi.Query()]
) -> ListShown[SellerSalesShown]:
    """What each seller sold of the content, and how it was shared: one row for each seller and currency."""
    since: datetime | None = query.since
    async with world.db.transaction(caller.actor) as tx:
        found = await reading.sales_by_seller(tx, seller=query.seller, since=since, until=query.until)
    return listed(Page(found, None), SellerSalesShown.of)


@router.get(
    # An id of the host's may hold a slash.
    "/access/{content:path}",
    operation_id="access_check",
    response_model=AccessShown,
    responses=refuses(Unauthenticated, Forbidden, Invalid),
)
async def check_access(
    world: TheWorld, caller: Known, content: Annotated[Line, fastapi.Path()], customer: Line | None = None
) -> Response:
    """Whether the user owns the content now. A signed-in customer who does not is refused with 403; a server is told."""
    checked_reference(content)
    if isinstance(caller, CustomerCaller):
        own = caller.identity.external_id
        if customer not in (None, own) or not await store.owns(world.db, own, content):
            raise Forbidden("You do not own this content.")
        return _shown(own, content, access=True)
    if customer is None:
        raise Invalid("Say whose access: send customer, the host's own id of its user.", param="customer")
    return _shown(customer, content, access=await store.owns(world.db, customer, content))


def _shown(customer: str, content: str, *, access: bool) -> Response:
    """Written at once: this is asked for every piece of a stream."""
    shown = AccessShown(customer=customer, content=content, access=access)
    return Response(shown.model_dump_json(), media_type="application/json")


class _WellFormed(Route):
    """Takes well-formed questions alone; the others go on to the route that says what is wrong with them."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] != "GET":
            return Match.NONE, {}
        match, found = super().matches(scope)
        if match is not Match.FULL or not _is_well_formed(scope, found["path_params"]["content"]):
            return Match.NONE, {}
        return match, found


def _is_well_formed(scope: Scope, content: str) -> bool:
    try:
        LINE.validate_python(content)
        customer = Request(scope).query_params.get("customer")
        if customer is not None:
            LINE.validate_python(customer)
    except ValidationError:
        return False
    return True


async def _answer(request: Request) -> Response:
    world = world_of(request)
    caller = await require_known(await find_caller(request))
    return await check_access(world, caller, request.path_params["content"], request.query_params.get("customer"))


QUICK: Final = _WellFormed("/v1/access/{content:path}", _answer, methods=["GET"], include_in_schema=False)
"""The same, ahead of FastAPI: a player asks it for every piece of a stream. Answered by the same function."""
