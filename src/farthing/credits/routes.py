"""Credits over HTTP: the balance and the statement; spending, giving back and granting, for the shop's own servers."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import AwareDatetime, Field, StringConstraints

from farthing import customers
from farthing.credits import actions, store
from farthing.credits.actions import AMOUNT_MAX, NOTE_MAX
from farthing.credits.model import CreditEntry, CreditGrant, CreditSpend
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, KeyReused, Malformed, NotFound, Unauthenticated
from farthing.http.bodies import Body, Line, Shown, Storable, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known, OnlyServer
from farthing.http.state import TheWorld
from farthing.ids import CreditSpendId, public
from farthing.lifecycles import CreditSpendStatus

STATEMENT_MAX = 100

router = APIRouter(prefix="/v1", tags=["credits"])

ExternalId = Annotated[Line, fastapi.Path(description="The host's own id of its user.")]
Amount = Annotated[int, Field(ge=1, le=AMOUNT_MAX)]
Reference = Annotated[Line, Field(description="What for, in your own words: the same again does nothing twice.")]
Note = Annotated[str, StringConstraints(max_length=NOTE_MAX), Storable]


class GrantShown(Shown):
    id: str
    object: Literal["credit_grant"] = "credit_grant"
    amount: int
    remaining: int
    order: str | None = Field(description="The order they were bought with.")
    note: str | None
    granted_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, grant: CreditGrant) -> "GrantShown":
        return cls(
            id=str(grant.id),
            amount=grant.amount,
            remaining=grant.remaining,
            order=public(grant.order_id),
            note=grant.note,
            granted_at=grant.granted_at,
            expires_at=grant.expires_at,
        )


class EntryShown(Shown):
    object: Literal["credit_entry"] = "credit_entry"
    change: int = Field(description="What it did to the balance.")
    source: str
    target: str
    grant: str
    reference: str | None
    posted_at: datetime

    @classmethod
    def of(cls, entry: CreditEntry) -> "EntryShown":
        return cls(
            change=entry.change,
            source=entry.source,
            target=entry.target,
            grant=str(entry.grant_id),
            reference=entry.reference,
            posted_at=entry.posted_at,
        )


class CreditsShown(Shown):
    object: Literal["credits"] = "credits"
    customer: str
    balance: int = Field(description="What can be spent now.")
    grants: list[GrantShown] = Field(description="Where it comes from, in the order it is spent in.")
    statement: list[EntryShown] = Field(description=f"The last {STATEMENT_MAX} movements, newest first.")


class SpendShown(Shown):
    id: str
    object: Literal["credit_spend"] = "credit_spend"
    reference: str
    amount: int
    status: CreditSpendStatus
    note: str | None
    spent_at: datetime
    released_at: datetime | None

    @classmethod
    def of(cls, spend: CreditSpend) -> "SpendShown":
        return cls(
            id=str(spend.id),
            reference=spend.reference,
            amount=spend.amount,
            status=spend.status,
            note=spend.note,
            spent_at=spend.spent_at,
            released_at=spend.released_at,
        )


class NewSpend(Body):
    amount: Amount
    reference: Reference
    note: Note | None = None


class NewGrant(NewSpend):
    expires_at: AwareDatetime | None = Field(
        None, description="Until when they can be spent; for ever if left out.", strict=False
    )


@router.get(
    # An id of the host's may hold a slash.
    "/customers/{external_id:path}/credits",
    operation_id="credits_get",
    responses=refuses(Unauthenticated, NotFound, Invalid),
)
async def get_credits(world: TheWorld, caller: Known, external_id: ExternalId) -> CreditsShown:
    """How many credits a user can spend, and what became of them. A customer asks about themselves."""
    _check_whose(caller, external_id)
    async with world.db.transaction(caller.actor) as tx:
        customer = await actions.customer_of(tx, external_id)
        held = await actions.show(tx, customer)
        entries = await store.statement(tx, customer, limit=STATEMENT_MAX)
    return CreditsShown(
        customer=external_id,
        balance=held.balance,
        grants=[GrantShown.of(grant) for grant in held.grants],
        statement=[EntryShown.of(entry) for entry in entries],
    )


@router.post(
    "/customers/{external_id:path}/credit-spends",
    operation_id="credit_spends_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid, KeyReused),
)
async def spend(world: TheWorld, caller: OnlyServer, external_id: ExternalId, wanted: NewSpend) -> SpendShown:
    """Spend credits, those that end first before the others. The reference is the idempotency key."""

    async def work(tx: Transaction) -> CreditSpend:
        customer = await actions.customer_of(tx, external_id)
        return await actions.spend(tx, customer, wanted.amount, reference=wanted.reference, note=wanted.note)

    return SpendShown.of(await world.db.run(caller.actor, work))


@router.post(
    "/credit-spends/{id}/release",
    operation_id="credit_spends_release",
    responses=refuses(Unauthenticated, Forbidden, NotFound),
)
async def release(world: TheWorld, caller: OnlyServer, id: str) -> SpendShown:
    """Give back what was spent. Harmless when repeated."""
    spend_id = CreditSpendId.parse(id)
    return SpendShown.of(await world.db.run(caller.actor, lambda tx: actions.release(tx, spend_id)))


@router.post(
    "/customers/{external_id:path}/credit-grants",
    operation_id="credit_grants_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, Invalid, KeyReused),
)
async def grant(world: TheWorld, caller: OnlyServer, external_id: ExternalId, wanted: NewGrant) -> GrantShown:
    """Give a user credits that nobody paid for. The reference is the idempotency key."""

    async def work(tx: Transaction) -> CreditGrant:
        customer = await customers.remember(tx, external_id=external_id, email=None)
        return await actions.give(
            tx, customer.id, wanted.amount, reference=wanted.reference, note=wanted.note, expires_at=wanted.expires_at
        )

    return GrantShown.of(await world.db.run(caller.actor, work))


def _check_whose(caller: Server | CustomerCaller, external_id: str) -> None:
    if isinstance(caller, CustomerCaller) and caller.identity.external_id != external_id:
        raise NotFound("There is no such customer.")
