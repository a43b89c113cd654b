"""Entitlements over HTTP: may this user use that feature, and what was granted at all."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import Field

from farthing.entitlements import store
from farthing.entitlements.store import Entitlement
from farthing.errors import Invalid, NotFound, Unauthenticated
from farthing.http.bodies import Line, ListShown, Query, Shown, listed, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.state import TheWorld
from farthing.ids import public
from farthing.paging import Page

router = APIRouter(prefix="/v1", tags=["entitlements"])


class EntitlementQuery(Query):
    feature: Line
    customer: Line | None = Field(None, description="The host's own id of its user. A customer leaves it out.")


class CheckShown(Shown):
    object: Literal["entitlement_check"] = "entitlement_check"
    customer: str
    feature: str
    entitled: bool


class EntitlementShown(Shown):
    id: str
    object: Literal["entitlement"] = "entitlement"
    feature: str
    order: str | None = Field(description="Which order granted it; null where it comes with a subscription.")
    subscription: str | None = Field(description="Which subscription grants it, for as long as it is paid.")
    limit: int | None = Field(description="How much of it, where that is limited.")
    active: bool
    granted_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, held: Entitlement, now: datetime) -> "EntitlementShown":
        return cls(
            id=str(held.id),
            feature=held.feature,
            order=public(held.order_id),
            subscription=public(held.subscription_id),
            limit=held.limit,
            active=held.revoked_at is None and (held.expires_at is None or held.expires_at > now),
            granted_at=held.granted_at,
            expires_at=held.expires_at,
            revoked_at=held.revoked_at,
        )


@router.get("/entitlements", operation_id="entitlements_check", responses=refuses(Unauthenticated, NotFound, Invalid))
async def check(world: TheWorld, caller: Known, query: Annotated[EntitlementQuery, fastapi.Query()]) -> CheckShown:
    """Whether the user may use the feature now."""
    customer = _whose(caller, query.customer)
    entitled = await store.check(world.db, customer, query.feature)
    return CheckShown(customer=customer, feature=query.feature, entitled=entitled)


@router.get(
    # An id of the host's may hold a slash.
    "/customers/{external_id:path}/entitlements",
    operation_id="entitlements_list",
    responses=refuses(Unauthenticated, NotFound, Invalid),
)
async def list_entitlements(
    world: TheWorld, caller: Known, external_id: Annotated[Line, fastapi.Path()]
) -> ListShown[EntitlementShown]:
    """Everything the user was ever granted; empty for one who never bought."""
    customer = _whose(caller, external_id)
    async with world.db.transaction(caller.actor) as tx:
        held = await store.of_user(tx, customer)
        return listed(Page(held, None), lambda each: EntitlementShown.of(each, tx.now))


def _whose(caller: Server | CustomerCaller, named: str | None) -> str:
    """A customer asks about themselves; nobody else is there for them."""
    if isinstance(caller, CustomerCaller):
        own = caller.identity.external_id
        if named not in (None, own):
            raise NotFound("There is no such customer.")
        return own
    if named is None:
        raise Invalid("Say whose: send customer, the host's own id of its user.", param="customer")
    return named
