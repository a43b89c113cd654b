"""Sellers over HTTP: a server tells who sells; a seller sees themselves, and goes to the provider's pages."""

from typing import Annotated

import fastapi
from fastapi import APIRouter
from pydantic import Field

from farthing.db import Transaction
from farthing.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    TooMany,
    Unauthenticated,
)
from farthing.http.bodies import Body, Email, Line, ListShown, PageQuery, Storable, listed, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known, OnlyServer
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.http.urls import Url, checked_url
from farthing.http.whose import Whose
from farthing.ids import SellerId
from farthing.lifecycles import SellerStatus
from farthing.providers import RejectionReason
from farthing.sellers import actions, flow, returning, store
from farthing.sellers.model import HOLDING_DAYS_MAX, Seller, Wanted
from farthing.sellers.present import LoginLinkShown, OnboardingLinkShown, SellerShown
from farthing.shares import WHOLE
from farthing.world import World

router = APIRouter(prefix="/v1/sellers", tags=["sellers"])

ASKED = (Unauthenticated, NotFound, Conflict, Invalid, TooMany, ProviderError, ProviderUnavailable)
DECIDED = (Unauthenticated, Forbidden, NotFound, Conflict, Invalid)

Note = Annotated[Line, Storable, Field(description="For the audit trail.", examples=["Sells what is not theirs."])]


class NewSeller(Body):
    id: Annotated[Line, Field(examples=["user_4711"])] | None = Field(
        None, description="The host's own id of its user. A seller who is signed in leaves it out."
    )
    name: Line | None = None
    email: Email | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["US"])] | None = Field(
        None, description="By default that of the marketplace. It cannot be changed once there is an account."
    )
    holding_days: int | None = Field(None, ge=0, le=HOLDING_DAYS_MAX, description="For the shop's servers alone.")
    fee_basis_points: int | None = Field(None, ge=0, le=WHOLE, description="For the shop's servers alone.")


class SellerQuery(PageQuery):
    status: SellerStatus | None = None
    suspended: bool | None = None
    search: Line | None = Field(None, description="The beginning of an email or name, or a whole id: yours, ours, theirs.")


class NewOnboardingLink(Body):
    return_url: Url | None = Field(None, description="Where the seller comes back to: by default our page of them.")
    refresh_url: Url | None = Field(
        None, description="Where a seller comes whose link was too old: by default a page of ours that makes a new one."
    )


class Decision(Body):
    reason: Note


class NewRejection(Body):
    reason: RejectionReason = "other"
    note: Note


@router.post("", operation_id="sellers_remember", responses=refuses(Unauthenticated, Forbidden, Conflict, Invalid))
async def remember(world: TheWorld, caller: Known, wanted: NewSeller) -> SellerShown:
    """Find or make the seller, and keep what is new. Nobody is called: an account is made with the first onboarding link."""
    told = _told(caller, wanted)
    if isinstance(caller, CustomerCaller):
        await flow.check_may_begin(world, told.external_id)
    return _shown(await flow.remember(world, told, actor=caller.actor), caller)


def _told(caller: Server | CustomerCaller, wanted: NewSeller) -> Wanted:
    given = wanted.model_dump(exclude={"id"})
    if isinstance(caller, Server):
        if wanted.id is None:
            raise Invalid("Say whose seller it is: your own id of your user.", param="id")
        return Wanted(external_id=wanted.id, **given)
    own = caller.identity
    if wanted.id not in (None, own.external_id):
        raise Forbidden("A seller who is signed in is themselves: leave `id` out.")
    if wanted.holding_days is not None or wanted.fee_basis_points is not None:
        raise Forbidden("What is agreed with a seller is said by the shop's own servers.")
    return Wanted(external_id=own.external_id, **{**given, "name": wanted.name or own.name, "email": wanted.email or own.email})


@router.get("", operation_id="sellers_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_sellers(
    world: TheWorld, caller: OnlyServer, query: Annotated[SellerQuery, fastapi.Query()]
) -> ListShown[SellerShown]:
    """Newest first."""
    async with world.db.transaction(caller.actor) as tx:
        page = await store.list_page(
            tx,
            livemode=world.provider.livemode,
            limit=query.limit,
            cursor=query.after(SellerId),
            status=query.status,
            suspended=query.suspended,
            search=query.search,
        )
    return listed(page, lambda seller: _shown(seller, caller))


@router.post(
    "/{external_id:path}/onboarding-links",
    operation_id="onboarding_links_create",
    status_code=201,
    dependencies=[LIMITED],
    responses=refuses(*ASKED),
)
async def create_onboarding_link(
    world: TheWorld, caller: Known, external_id: Whose, wanted: NewOnboardingLink
) -> OnboardingLinkShown:
    """Open the provider's page where the seller tells what is asked for. Their account is made if need be: once."""
    seller = await _own(world, caller, external_id)
    hosts = world.settings.hosts
    back = wanted.return_url and checked_url(wanted.return_url, hosts, param="return_url")
    again = wanted.refresh_url and checked_url(wanted.refresh_url, hosts, param="refresh_url")
    page = await flow.onboard(
        world,
        seller.id,
        refresh_url=again or returning.address(world, seller.id, "refresh"),
        return_url=back or returning.address(world, seller.id, "return"),
        actor=caller.actor,
    )
    return OnboardingLinkShown.of(page)


@router.post(
    "/{external_id:path}/login-links",
    operation_id="login_links_create",
    status_code=201,
    dependencies=[LIMITED],
    responses=refuses(*ASKED),
)
async def create_login_link(world: TheWorld, caller: Known, external_id: Whose) -> LoginLinkShown:
    """Open the provider's page where the seller sees their payouts."""
    seller = await _own(world, caller, external_id)
    return LoginLinkShown(url=await flow.open_dashboard(world, seller.id, actor=caller.actor))


@router.post(
    "/{external_id:path}/sync",
    operation_id="sellers_sync",
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, NotFound, TooMany, ProviderError, ProviderUnavailable),
)
async def sync(world: TheWorld, caller: Known, external_id: Whose) -> SellerShown:
    """Ask the provider how their account stands, and record it."""
    seller = await _own(world, caller, external_id)
    return _shown(await flow.sync(world, seller.id, actor=caller.actor), caller)


@router.post("/{external_id:path}/suspension", operation_id="sellers_suspend", responses=refuses(*DECIDED))
async def suspend(world: TheWorld, caller: OnlyServer, external_id: Whose, decision: Decision) -> SellerShown:
    """Stop them from selling and from being paid, whatever the provider says."""
    seller = await _own(world, caller, external_id)
    return _shown(await world.db.run(caller.actor, lambda tx: actions.suspend(tx, seller.id, decision.reason)), caller)


@router.post("/{external_id:path}/reinstatement", operation_id="sellers_reinstate", responses=refuses(*DECIDED))
async def reinstate(world: TheWorld, caller: OnlyServer, external_id: Whose, decision: Decision) -> SellerShown:
    """Let a suspended seller go on."""
    seller = await _own(world, caller, external_id)
    return _shown(await world.db.run(caller.actor, lambda tx: actions.reinstate(tx, seller.id, decision.reason)), caller)


@router.post("/{external_id:path}/rejection", operation_id="sellers_reject", responses=refuses(*DECIDED))
async def reject(world: TheWorld, caller: OnlyServer, external_id: Whose, wanted: NewRejection) -> SellerShown:
    """Have nothing to do with them any more; a job tells the provider at once. It cannot be taken back."""
    seller = await _own(world, caller, external_id)

    async def work(tx: Transaction) -> Seller:
        return await actions.request_rejection(tx, seller.id, wanted.reason, wanted.note)

    return _shown(await world.db.run(caller.actor, work), caller)


# The last, for an id may hold a slash.
@router.get("/{external_id:path}", operation_id="sellers_get", responses=refuses(Unauthenticated, NotFound))
async def get(world: TheWorld, caller: Known, external_id: Whose) -> SellerShown:
    """The seller, as we last saw them at the provider."""
    return _shown(await _own(world, caller, external_id), caller)


async def _own(world: World, caller: Server | CustomerCaller, external_id: str) -> Seller:
    """A seller asks about themselves; nobody else is there for them."""
    mine = not isinstance(caller, CustomerCaller) or caller.identity.external_id == external_id
    async with world.db.transaction(caller.actor) as tx:
        found = await store.find_by_external_id(tx, external_id, livemode=world.provider.livemode) if mine else None
    if found is None:
        raise NotFound("There is no such seller.")
    return found


def _shown(seller: Seller, caller: Server | CustomerCaller) -> SellerShown:
    return SellerShown.of(seller, for_staff=isinstance(caller, Server))
