"""The provider's pages for a customer over HTTP. A customer gets their own; a server says whose."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from farthing.checkout import pages
from farthing.checkout.model import URL_MAX
from farthing.customers import Whose, own
from farthing.errors import Invalid, NotFound, ProviderError, ProviderUnavailable, TooMany, Unauthenticated
from farthing.http.bodies import Body, Currency, Shown, refuses
from farthing.http.credentials import Known
from farthing.http.headers import IdempotencyKey, key_of
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld

router = APIRouter(prefix="/customers", tags=["customers"])

Url = Annotated[str, StringConstraints(min_length=1, max_length=URL_MAX), Field(examples=["https://shop.example/thanks"])]


class NewSetupSession(Body):
    success_url: Url
    cancel_url: Url
    currency: Currency | None = Field(None, description="By default that of the catalog.")


class NewPortalSession(Body):
    return_url: Url


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
