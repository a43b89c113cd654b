"""Document 004: a signed-in seller of a marketplace is led through onboarding at Stripe."""

from fastapi import APIRouter

from farthing import sellers
from farthing.documents.bodies import CamelShown
from farthing.documents.content_routes import SignedIn
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.sellers import Wanted

router = APIRouter(prefix="/api/v1/sellers", tags=["document 004"])


class OnboardingShown(CamelShown):
    url: str
    account_id: str
    details_submitted: bool
    charges_enabled: bool
    payouts_enabled: bool


@router.post("/stripe-onboard", dependencies=[LIMITED])
async def onboard(world: TheWorld, caller: SignedIn) -> OnboardingShown:
    """The provider's page for whoever is signed in, who becomes a seller if they are none. No body: nothing is taken of one."""
    who = caller.identity
    await sellers.check_may_begin(world, who.external_id)
    told = Wanted(who.external_id, name=who.name, email=who.email)
    seller = await sellers.remember(world, told, actor=caller.actor)
    page = await sellers.onboard(
        world,
        seller.id,
        refresh_url=sellers.address(world, seller.id, "refresh"),
        return_url=sellers.address(world, seller.id, "return"),
        actor=caller.actor,
    )
    async with world.db.transaction(caller.actor) as tx:
        seller = await sellers.get(tx, seller.id)
    assert seller.provider_account_id is not None, "it has a page"
    return OnboardingShown(
        url=page.url,
        account_id=seller.provider_account_id,
        details_submitted=seller.details_submitted,
        charges_enabled=seller.charges_enabled,
        payouts_enabled=seller.payouts_enabled,
    )
