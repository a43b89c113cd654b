"""The provider's pages for a customer over HTTP. A customer gets their own; a server says whose."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field

from farthing.checkout import off_session, pages
from farthing.checkout.bodies import ITEMS_MAX, NewItem
from farthing.errors import (
    Conflict,
    Forbidden,
    Invalid,
    KeyInUse,
    KeyReused,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    TooMany,
    Unauthenticated,
)
from farthing.http.bodies import Body, Currency, Metadata, Shown, read_id, refuses
from farthing.http.credentials import Known, OnlyServer
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.http.urls import Url
from farthing.http.whose import Whose, own
from farthing.ids import PaymentMethodId
from farthing.lifecycles import ChargeStatus

router = APIRouter(prefix="/customers", tags=["customers"])


class NewSetupSession(Body):
    success_url: Url
    cancel_url: Url
    currency: Currency | None = Field(None, description="By default that of the catalog.")


class NewPortalSession(Body):
    return_url: Url


class NewCharge(Body):
    items: list[NewItem] = Field(min_length=1, max_length=ITEMS_MAX)
    payment_method: str | None = Field(None, description="Ours: payment_method_…; by default the customer's default.")
    currency: Currency | None = Field(None, description="By default that of the catalog.")
    metadata: Metadata = Field(default_factory=dict)


class ChargeShown(Shown):
    object: Literal["off_session_charge"] = "off_session_charge"
    order: str
    payment: str | None
    status: ChargeStatus
    code: str | None = Field(description="Why it is not paid, in the provider's word.")


class SetupSessionShown(Shown):
    object: Literal["setup_session"] = "setup_session"
    url: str = Field(description="Send the customer here.")


class PortalSessionShown(Shown):
    object: Literal["portal_session"] = "portal_session"
    url: str = Field(description="Send the customer here, now: it is short-lived.")


@router.post(
    "/{external_id:path}/setup-sessions",
    operation_id="setup_sessions_create",
    status_code=201,
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, NotFound, Invalid, TooMany, ProviderError, ProviderUnavailable),
)
async def create_setup_session(
    world: TheWorld, caller: Known, external_id: Whose, wanted: NewSetupSession, header: IdempotencyKey = None
) -> SetupSessionShown:
    """Open a page on which the customer saves a way to pay, to be charged later while they are away."""
    whose = own(caller, external_id)
    url = await pages.setup_page(
        world,
        whose,
        success_url=wanted.success_url,
        cancel_url=wanted.cancel_url,
        currency=wanted.currency,
        actor=caller.actor,
        key=key_of(header, caller, "setup", [whose, wanted.model_dump()]),
    )
    return SetupSessionShown(url=url)


@router.post(
    "/{external_id:path}/charges",
    operation_id="off_session_charges_create",
    status_code=201,
    responses=refuses(
        Unauthenticated, Forbidden, NotFound, Conflict, KeyInUse, Invalid, KeyReused, ProviderError, ProviderUnavailable
    ),
)
async def create_charge(
    world: TheWorld,
    caller: OnlyServer,
    external_id: Whose,
    wanted: NewCharge,
    response: Response,
    header: IdempotencyKey = None,
) -> ChargeShown:
    """Place an order and charge a saved payment method for it while the customer is away."""
    method = wanted.payment_method
    charged = await off_session.charge(
        world,
        external_id=external_id,
        items=[item.item() for item in wanted.items],
        method=None if method is None else read_id(PaymentMethodId, method, param="payment_method"),
        currency=wanted.currency,
        metadata=wanted.metadata,
        actor=caller.actor,
        key=key_of(header, caller, "charge", [external_id, wanted.model_dump()]),
    )
    if charged.replayed:
        mark_replayed(response)
    payment = None if charged.payment_id is None else str(charged.payment_id)
    return ChargeShown(order=str(charged.order_id), payment=payment, status=charged.status, code=charged.code)


@router.post(
    "/{external_id:path}/portal-sessions",
    operation_id="portal_sessions_create",
    status_code=201,
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, NotFound, Invalid, TooMany, ProviderError, ProviderUnavailable),
)
async def create_portal_session(
    world: TheWorld, caller: Known, external_id: Whose, wanted: NewPortalSession
) -> PortalSessionShown:
    """Open the provider's page where the customer looks after their payment methods and invoices."""
    url = await pages.portal_page(world, own(caller, external_id), return_url=wanted.return_url, actor=caller.actor)
    return PortalSessionShown(url=url)
