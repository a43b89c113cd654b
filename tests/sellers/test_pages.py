"""The seller's page and the way back to it; staff's pages of sellers; the document's own route."""

from urllib.parse import urlsplit

import httpx
import pytest
from tests.news import happened
from tests.sellers.conftest import Browse
from tests.sellers.selling import begun, goes_through, onboarded, read, theirs, told_of
from tests.worlds import Account, unchanged

from farthing import catalog, config, sellers
from farthing.errors import ConfigError, Forbidden
from farthing.lifecycles import SellerStatus
from farthing.web.staff import Role
from farthing.world import World


def way(world: World, seller: sellers.Seller, back: sellers.Way) -> str:
    parts = urlsplit(sellers.address(world, seller.id, back))
    return f"{parts.path}?{parts.query}"


@pytest.mark.covers("S004-15", "F169")
async def test_a_seller_begins_comes_back_half_done_and_finishes(browse: Browse, world: World, account: Account) -> None:
    async with browse("grace") as grace:
        assert "Sell here" in (await grace.get("/seller")).text
        wrong = await grace.post("/seller", name="Grace", country="Mars")
        assert (wrong.status_code, "two capital letters" in wrong.text) == (400, True)
        assert await theirs(account) == []
        sent = await grace.post("/seller", name="Grace", email="grace@example.com", country="us")
        assert (sent.status_code, urlsplit(sent.headers["location"]).path[:14]) == (303, "/c/onboarding/")
        assert (sent.headers["cache-control"], sent.headers["referrer-policy"]) == ("no-store", "no-referrer")
        async with world.db.transaction("test") as tx:
            seller = await sellers.find_by_external_id(tx, "grace", livemode=False)
        assert seller is not None
        half = await grace.follow(await grace.get(way(world, seller, "return")))
        assert "Your date of birth." in half
        assert "You can sell" not in half
        assert (await read(world, seller.id)).status == SellerStatus.ONBOARDING, "coming back proves nothing"
        again = await grace.get(way(world, seller, "refresh"))
        assert urlsplit(again.headers["location"]).path.startswith("/c/onboarding/")
        await goes_through(account, seller)
        done = await grace.follow(await grace.get(way(world, seller, "return")))
        assert "You can sell" in done
        assert "6789" in done
        opened = await grace.post("/seller/dashboard")
        assert "/c/express/" in opened.headers["location"]
    assert len(await theirs(account)) == 1


@pytest.mark.covers("F169")
async def test_a_way_back_that_is_another_sellers_or_forged_leads_nowhere(
    browse: Browse, world: World, account: Account
) -> None:
    grace, mallory = await begun(world), await begun(world, "mallory")
    await goes_through(account, grace)
    async with browse("mallory") as visitor, browse() as nobody, unchanged(world):
        for forged in (
            way(world, grace, "return"),
            way(world, grace, "refresh"),
            f"{way(world, grace, 'return')}&account={mallory.provider_account_id}",
            f"/seller/return?account={grace.provider_account_id}",
            f"/seller/refresh?account={grace.provider_account_id}",
            "/seller/return",
        ):
            assert (await visitor.get(forged)).status_code == 404, forged
            assert (await nobody.get(forged)).status_code == 401
    async with browse("mallory") as visitor:
        mine = f"{way(world, mallory, 'return')}&account={grace.provider_account_id}"
        assert "You can sell" not in await visitor.follow(await visitor.get(mine))
    assert (await read(world, mallory.id)).provider_account_id == mallory.provider_account_id


async def test_nobody_becomes_a_seller_where_the_shop_has_none(shop: World) -> None:
    with pytest.raises(Forbidden, match="by themselves"):
        await sellers.check_may_begin(shop, "ada")
    await told_of(shop, "ada")
    await sellers.check_may_begin(shop, "ada")


async def test_staff_find_a_seller_ask_the_provider_and_decide(
    browse: Browse, staff: None, world: World, account: Account
) -> None:
    grace = await onboarded(world, account)
    await told_of(world, "ada")
    path = f"/admin/sellers/{grace.id}"
    async with browse() as admin, browse() as support:
        await admin.sign_in(Role.ADMIN)
        await support.sign_in(Role.SUPPORT)
        listed = (await admin.get("/admin/sellers")).text
        assert "grace@example.com" in listed
        assert "ada@example.com" in listed
        for words in (str(grace.provider_account_id), "grace@example.com"):
            assert (await admin.get(f"/admin/search?q={words}")).headers["location"] == path
        page = (await admin.get(path)).text
        assert "6789" in page
        assert "Account made at the provider" in page
        assert (await support.post(f"{path}/suspension", why="x")).status_code == 403
        assert (await support.post(f"{path}/sync")).status_code == 303
        assert "A reason has 1 to 500 characters." in await admin.follow(await admin.post(f"{path}/suspension", why=" "))
        assert (await read(world, grace.id)).suspended_at is None
        assert "Suspended: Sells fakes." in await admin.follow(await admin.post(f"{path}/suspension", why="Sells fakes."))
        await admin.post(f"{path}/reinstatement", why="They were real.")
        assert (await read(world, grace.id)).suspended_at is None
        for question in ("suspension", "rejection", "reinstatement"):
            assert (await admin.get(f"{path}/{question}")).status_code == 200
        told = await admin.follow(await admin.post(f"{path}/rejection", reason="fraud", why="Stolen goods."))
        assert "the provider is being told" in told
    assert (await read(world, grace.id)).rejection_reason == "fraud"
    assert "seller.reinstated" in await happened(world)


@pytest.mark.covers("S004-10", "S004-12", "S004-23")
async def test_the_documents_route_leads_who_is_signed_in_to_onboarding(
    documented: httpx.AsyncClient, world: World, account: Account
) -> None:
    first, second = [await documented.post("/api/v1/sellers/stripe-onboard") for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 200)
    told = first.json()
    assert urlsplit(told["url"]).path.startswith("/c/onboarding/")
    (made,) = await theirs(account)
    assert (told["accountId"], told["chargesEnabled"], second.json()["accountId"]) == (made["id"], False, made["id"])
    documented.headers.pop("x-user")
    stranger = await documented.post("/api/v1/sellers/stripe-onboard", headers={"Authorization": "Bearer fk_test_x"})
    assert (stranger.status_code, stranger.json()["success"]) == (401, False)


@pytest.mark.covers("S004-21")
def test_the_documents_settings_are_taken() -> None:
    """Accounts are made by us and not connected by OAuth: the client id is read by nobody, and is no mistake."""
    given = {"STRIPE_PUBLISHABLE_KEY": "pk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1,whsec_2"}
    settings = config.load(given | {"STRIPE_CONNECT_CLIENT_ID": "ca_1"})
    assert (settings.stripe_publishable_key, len(settings.stripe_webhook_secrets)) == ("pk_test_1", 2)


def test_what_is_kept_of_a_sale_is_read_with_its_line() -> None:
    text = """currency = "usd"

[products.mug]
name = "A mug"
kind = "custom"
price = "12.50 USD"

[marketplace]
country = "AT"
holding_days = 3

[[marketplace.fees]]
platform_basis_points = 1000
platform_amounts = ["0.30 USD", "0.25 EUR"]

[[marketplace.fees]]
category = "books"
from = "100.00 USD"
organization_basis_points = 500
"""
    found = catalog.parse(text).marketplace
    assert (found.open, found.country, found.holding_days, found.payouts, len(found.fees)) == (True, "AT", 3, "manual", 2)
    for old, new, said in (
        ("holding_days = 3", "holding_days = 91", "farthing.toml:10: marketplace.holding_days"),
        ('category = "books"\nfrom = "100.00 USD"\n', "", "is for the same sales as fees[0]"),
        ('"0.25 EUR"', '"0.25 USD"', "names USD twice"),
        ("= 500", "= 10001", "organization_basis_points"),
        ('country = "AT"', 'country = "Austria"', "farthing.toml:9: marketplace.country"),
        ("[marketplace]", "[marketplace]\nopenn = true", "Did you mean 'open'?"),
    ):
        with pytest.raises(ConfigError, match=r"farthing\.toml") as refused:
            catalog.parse(text.replace(old, new, 1))
        assert said in str(refused.value)
