"""How a customer stands, over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import Field

from farthing.errors import NotFound, Unauthenticated
from farthing.http.bodies import Line, Shown, refuses
from farthing.http.callers import CustomerCaller
from farthing.http.credentials import Known
from farthing.http.state import TheWorld
from farthing.ids import public
from farthing.subscriptions import state
from farthing.subscriptions.present import InvoiceShown, SubscriptionShown

router = APIRouter(prefix="/v1/customers", tags=["customers"])


class RightShown(Shown):
    feature: str
    limit: int | None = Field(description="How much of it; null where it is not limited.")
    until: datetime | None


class CustomerStateShown(Shown):
    object: Literal["customer_state"] = "customer_state"
    external_id: str
    customer: str | None = Field(description="Null for one whom we do not know.")
    subscriptions: list[SubscriptionShown] = Field(description="Those that live, newest first.")
    features: list[RightShown] = Field(description="What may be used now, whether bought or with a subscription.")
    credits: int
    open_invoices: list[InvoiceShown] = Field(description="What is not paid yet.")


@router.get("/{external_id:path}/state", operation_id="customers_state", responses=refuses(Unauthenticated, NotFound))
async def get_state(world: TheWorld, caller: Known, external_id: Annotated[Line, fastapi.Path()]) -> CustomerStateShown:
    """Subscriptions, features with limits, credits and unpaid invoices in one answer. A customer asks about themselves."""
    if isinstance(caller, CustomerCaller) and caller.identity.external_id != external_id:
        raise NotFound("There is no such customer.")
    async with world.db.transaction(caller.actor) as tx:
        found = await state.state_of(tx, external_id)
    return CustomerStateShown(
        external_id=found.external_id,
        customer=public(found.customer),
        subscriptions=[SubscriptionShown.of(each) for each in found.subscriptions],
        features=[RightShown(feature=each.feature, limit=each.limit, until=each.until) for each in found.features.values()],
        credits=found.credits,
        open_invoices=[InvoiceShown.of(each) for each in found.open_invoices],
    )
