"""Sellers as tests need them: told of, onboarded at the provider, and heard of again."""

from typing import Any

from tests.news import tell
from tests.worlds import BASE_URL, Account

from farthing import sellers, webhooks
from farthing.ids import SellerId
from farthing.providers import OnboardingPage
from farthing.sellers import Seller, Wanted
from farthing.world import World


async def told_of(world: World, external_id: str = "grace", **more: Any) -> Seller:
    wanted = Wanted(external_id, **{"email": f"{external_id}@example.com", "name": external_id.capitalize()} | more)
    return await sellers.remember(world, wanted, actor="test")


async def sent_to_onboarding(world: World, id: SellerId) -> OnboardingPage:
    """The provider's page, with our own addresses to come back to."""
    back, again = (sellers.address(world, id, way) for way in ("return", "refresh"))
    return await sellers.onboard(world, id, refresh_url=again, return_url=back, actor="test")


async def begun(world: World, external_id: str = "grace") -> Seller:
    """A seller with an account, who has told nothing yet."""
    seller = await told_of(world, external_id)
    await sent_to_onboarding(world, seller.id)
    return await read(world, seller.id)


async def onboarded(world: World, account: Account, external_id: str = "grace", **ending: Any) -> Seller:
    """A seller who went through onboarding, and we know it."""
    seller = await begun(world, external_id)
    await goes_through(account, seller, **ending)
    return await sellers.sync(world, seller.id, actor="test")


async def goes_through(account: Account, seller: Seller, **ending: Any) -> None:
    await act(account, seller, "onboard", **ending)


async def act(account: Account, seller: Seller, what: str, **fields: Any) -> None:
    """What happens to the account at the provider: `onboard`, `ask`, `deauthorize`. Nothing is told to us yet."""
    answer = await account.http.post(f"/_sandbox/accounts/{seller.provider_account_id}/{what}", json=fields)
    assert answer.status_code == 200, answer.text


async def read(world: World, id: SellerId) -> Seller:
    async with world.db.transaction("test") as tx:
        return await sellers.get(tx, id)


async def theirs(account: Account) -> list[dict[str, Any]]:
    """The connected accounts there are."""
    return list((await account.get("/v1/accounts", limit="100"))["data"])


async def news_of(account: Account, seller: Seller) -> list[dict[str, Any]]:
    """What happened at the seller's account, oldest first, as the endpoint for connected accounts is told."""
    header = {"Stripe-Account": str(seller.provider_account_id)}
    page = (await account.http.get("/v1/events", params={"limit": "100"}, headers=header)).raise_for_status().json()
    return [{**event, "account": seller.provider_account_id} for event in reversed(page["data"])]


async def hear(world: World, events: list[dict[str, Any]]) -> None:
    """Deliver these events, and act on them."""
    await tell(world, events)
    while await webhooks.drain(world):
        pass


async def notices(world: World) -> list[tuple[str, str, str | None]]:
    """(type, status, reason) of all that was delivered."""
    async with world.db.transaction("test") as tx:
        page = await webhooks.list_page(tx, limit=100)
    return [(each.type, each.status, each.reason) for each in reversed(page.items)]


__all__ = ["BASE_URL"]
