"""Collecting what a subscription owes over HTTP."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from farthing.dunning import flow
from farthing.dunning.debts import Attempt
from farthing.errors import Conflict, NotFound, ProviderError, ProviderUnavailable, TooMany, Unauthenticated
from farthing.http.bodies import Shown, refuses
from farthing.http.credentials import Known
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.ids import SubscriptionId
from farthing.lifecycles import InvoiceAttemptStatus
from farthing.subscriptions import find_for

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])


class AttemptShown(Shown):
    id: str
    object: Literal["invoice_attempt"] = "invoice_attempt"
    status: InvoiceAttemptStatus
    code: str | None = Field(description="Why it is not paid, in the provider's word.")
    invoice: str
    subscription: str

    @classmethod
    def of(cls, made: Attempt) -> "AttemptShown":
        return cls(
            id=str(made.id),
            status=made.status,
            code=made.code,
            invoice=str(made.invoice_id),
            subscription=str(made.subscription_id),
        )


@router.post(
    "/{id}/retry",
    operation_id="subscriptions_retry",
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, NotFound, Conflict, TooMany, ProviderError, ProviderUnavailable),
)
async def retry(world: TheWorld, caller: Known, id: str) -> AttemptShown:
    """Try now to collect what a subscription owes. A decline is an answer; one try at a time."""
    async with world.db.transaction(caller.actor) as tx:
        found = await find_for(tx, caller, SubscriptionId.parse(id))
    return AttemptShown.of(await flow.retry(world, found.id, actor=caller.actor))
