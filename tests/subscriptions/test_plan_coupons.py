"""Our own codes on plans: what they take off and how long, who gets the last use, and who gives one back."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.news import count, happened, hear, sound
from tests.pages.visitor import Visitor
from tests.subscriptions.conftest import PLANS, Ada, begin, page_of, subscribe, the_one, wanted
from tests.subscriptions.test_changing_door import door
from tests.subscriptions.test_plan_pages import field, visitor
from tests.worlds import Account, unchanged

from farthing import analytics, catalog, discounts, invoices, subscriptions
from farthing.discounts import Uses
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, ProviderError
from farthing.subscriptions import Subscription, Wish
from farthing.world import World

__all__ = ["door", "visitor"]

COUPONS = """
[coupons.first]
name = "First month"
percent = 50
codes = ["FIRST"]

[coupons.two]
name = "Two months"
percent = "12.5"
codes = ["TWO"]
duration = "repeating"
duration_months = 2

[coupons.friend]
name = "For friends"
amounts = ["5.00 EUR"]
codes = ["FRIEND"]
duration = "forever"
products = ["pro", "mug"]

[coupons.single]
name = "The only one"
percent = 100
codes = ["SINGLE"]
max_redemptions = 1

[coupons.mine]
name = "Once each"
percent = 10
codes = ["MINE"]
once_per_customer = true

[coupons.newcomer]
name = "Newcomers"
percent = 10
codes = ["NEWCOMER"]
first_purchase = true

[coupons.big]
name = "Big plans"
percent = 10
codes = ["BIG"]
minimum = "100.00 EUR"

[coupons.over]
name = "Over"
percent = 10
codes = ["OVER"]
valid_until = 2020-01-01T00:00:00Z
"""


@pytest.fixture
async def world(plain_world: World) -> World:
    sells = replace(plain_world, catalog=catalog.parse(PLANS + COUPONS))
    await catalog.apply(sells)
    return sells


async def uses(world: World, key: str) -> Uses:
    async with world.db.transaction("test") as tx:
        return (await discounts.get_coupon(tx, world.catalog.coupons, key))[1]


async def totals(world: World, found: Subscription) -> list[int]:
    """Of its invoices, oldest first."""
    async with world.db.transaction("test") as tx:
        return [each.total.amount for each in reversed(await invoices.of_subscription(tx, found.id))]


async def worth(world: World) -> int:
    """MRR in minor units."""
    async with world.db.transaction("test") as tx:
        (found,) = await analytics.mrr_from_facts(tx, world.clock.now().date(), livemode=False)
    return found.amount.amount


async def test_half_off_the_first_month_and_a_full_second_one(world: World, account: Account, ada: Ada) -> None:
    begun = await begin(world, promotion_code=" first ")
    assert begun.discount is not None
    assert (begun.amount.amount, begun.first_amount.amount, begun.discount.duration) == (2000, 1000, "once")
    page = await account.get(f"/v1/checkout/sessions/{await page_of(world, begun)}")
    assert (page["amount_total"], await uses(world, "first")) == (1000, Uses(reserved=1))
    assert (await account.pay(page["id"])).status_code == 200
    await hear(world, account)
    bought = await the_one(world)
    assert (await uses(world, "first"), bought.discount_amount, bought.discounts) == (Uses(redeemed=1), 0, ())
    await ada.later(days=32)
    assert await totals(world, bought) == [1000, 2000]
    assert {"coupon.reserved", "coupon.redeemed"} <= set(await happened(world))
    assert await sound(world)


async def test_two_months_are_cheaper_and_the_third_is_not(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account, promotion_code="TWO", quantity=3)
    (seen,) = bought.discounts
    assert (seen.coupon, seen.name, seen.off, seen.duration, bought.discount_amount) == (
        "two",
        "Two months",
        750,
        "repeating",
        750,
    )
    assert seen.ends_at is not None
    assert await worth(world) == 5250
    await ada.later(days=32)
    await ada.later(days=30)
    after = await the_one(world)
    assert (await totals(world, bought), after.discounts, after.discount_amount) == ([5250, 5250, 6000], (), 0)
    assert await worth(world) == 6000
    assert await sound(world)


async def test_a_trial_comes_first_and_the_coupon_counts_for_what_is_paid(world: World, account: Account, ada: Ada) -> None:
    tried = await subscribe(world, account, "team", promotion_code="FIRST")
    assert (tried.status, await uses(world, "first")) == ("trialing", Uses(redeemed=1))
    assert [(each.off, each.duration) for each in tried.discounts] == [(2500, "once")]
    await ada.later(days=15)
    await ada.later(days=31)
    assert await totals(world, tried) == [0, 2500, 5000]


async def test_an_amount_for_ever_leaves_with_the_plan_it_is_for(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account, promotion_code="FRIEND")
    assert bought.discount_amount == 500
    quote = await subscriptions.preview_change(world, bought.id, Wish(plan="team"), actor="test")
    done = await subscriptions.commit_change(world, bought.id, quote.id, actor="test")
    assert (done.subscription.plan, done.subscription.discount_amount, quote.renewal.amount) == ("team", 0, 5000)
    assert await sound(world)


@pytest.mark.parametrize(
    ("code", "fields", "error", "said"),
    [
        ("NOSUCH", {}, NotFound, "no promotion code NOSUCH"),
        ("';--", {}, NotFound, "no such promotion code"),
        ("OVER", {}, Conflict, "has expired"),
        ("FRIEND", {"plan": "team"}, Invalid, "'For friends' is not for the plan 'team'"),
        ("FRIEND", {"currency": "usd"}, Invalid, "not for plans in usd, but for eur"),
        ("BIG", {}, Invalid, "for plans of 100.00 EUR or more; this one costs 20.00 EUR"),
    ],
)
async def test_a_code_that_does_not_fit_leaves_the_open_page_and_all_else_as_it_is(
    world: World, ada: Ada, code: str, fields: dict[str, Any], error: type[FarthingError], said: str
) -> None:
    await begin(world)
    async with unchanged(world):
        with pytest.raises(error, match=said) as refused:
            await begin(world, promotion_code=code, **fields)
        with pytest.raises(error, match=said):
            await subscriptions.preview_start(world, wanted(promotion_code=code, **fields), actor="test")
    assert refused.value.param == "promotion_code"


async def test_the_last_use_goes_to_one_of_two_and_comes_back_from_a_page_that_nobody_pays(
    world: World, account: Account
) -> None:
    def who(name: str) -> dict[str, Any]:
        return {"external_id": name, "email": f"{name}@example.com", "promotion_code": "SINGLE"}

    for _ in range(3):
        both = await asyncio.gather(*(begin(world, **who(name)) for name in ("bea", "cem")), return_exceptions=True)
        (won,) = (each for each in both if isinstance(each, subscriptions.Begun))
        (lost,) = (each for each in both if isinstance(each, BaseException))
        assert "SINGLE is used up" in str(lost)
        assert await uses(world, "single") == Uses(reserved=1)
        await account.http.post(f"/v1/checkout/sessions/{await page_of(world, won)}/expire")
        await hear(world, account)
        assert await uses(world, "single") == Uses()
    assert (await count(world, "redemptions"), await sound(world)) == (3, True)


async def test_another_page_takes_over_the_use_of_the_one_it_closes(world: World, account: Account, ada: Ada) -> None:
    first = await begin(world, promotion_code="MINE")
    assert (await begin(world, promotion_code="mine")).start_id == first.start_id
    second = await begin(world, promotion_code="MINE", price="yearly")
    assert (second.first_amount.amount, await uses(world, "mine")) == (18000, Uses(reserved=1))
    assert (await account.pay(await page_of(world, second))).status_code == 200
    await hear(world, account)
    async with unchanged(world):
        with pytest.raises(Conflict, match="You have used the code MINE already"):
            await begin(world, "easy", promotion_code="MINE")
        with pytest.raises(Conflict, match="first purchase only"):
            await begin(world, "easy", promotion_code="NEWCOMER")
    assert await sound(world)


async def test_what_begins_without_a_page_counts_with_its_first_payment_or_gives_its_use_back(
    world: World, account: Account, ada: Ada
) -> None:
    direct: dict[str, Any] = {"success_url": None, "cancel_url": None}
    waits = await begin(world, promotion_code="FIRST", **direct)
    assert waits.subscription is not None
    assert (waits.subscription.status, await uses(world, "first")) == ("incomplete", Uses(reserved=1))
    other = await begin(world, promotion_code="TWO", **direct)
    assert (await uses(world, "first"), await uses(world, "two")) == (Uses(), Uses(reserved=1))
    assert other.start_id != waits.start_id
    await ada.later(days=1, hours=1)
    assert await uses(world, "two") == Uses()
    await ada.saves("pm_card_visa")
    free = await begin(world, promotion_code="SINGLE", use_default=True, **direct)
    assert free.subscription is not None
    assert (free.subscription.status, free.first_amount.amount, await uses(world, "single")) == ("active", 0, Uses(redeemed=1))
    assert await sound(world)


async def test_a_copy_of_a_coupon_is_made_once_and_again_where_somebody_took_it_away(
    world: World, account: Account, ada: Ada
) -> None:
    await account.fail_next("lost_response", "/v1/coupons", times=3)
    with pytest.raises(FarthingError):
        await begin(world, promotion_code="TWO")
    begun = await begin(world, promotion_code="TWO")
    await begin(world, promotion_code="TWO", price="yearly")
    (made,) = (await account.get("/v1/coupons"))["data"]
    assert (made["percent_off"], made["duration"], made["duration_in_months"]) == (12.5, "repeating", 2)
    assert (made["metadata"], made["id"].startswith("farthing_two_")) == ({"farthing_coupon": "two"}, True)
    assert begun.discount is not None
    await account.http.delete(f"/v1/coupons/{made['id']}")
    with pytest.raises(ProviderError):
        await begin(world, promotion_code="TWO", quantity=2)
    assert (await begin(world, promotion_code="TWO", quantity=2)).url is not None
    assert (await uses(world, "two"), await sound(world)) == (Uses(reserved=1), True)


async def test_a_subscriber_types_a_code_and_sees_what_it_takes_off_before(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    wish = Wish(promotion_code="single")
    quote = await subscriptions.preview_change(world, bought.id, wish, actor="test")
    assert (quote.kind, quote.due.amount, quote.renewal.amount, await uses(world, "single")) == ("coupon", 0, 0, Uses())
    rival = await begin(world, external_id="bea", email="bea@example.com", promotion_code="SINGLE")
    async with unchanged(world):
        with pytest.raises(Conflict, match="SINGLE is used up"):
            await subscriptions.commit_change(world, bought.id, quote.id, actor="test")
    await account.http.post(f"/v1/checkout/sessions/{await page_of(world, rival)}/expire")
    await hear(world, account)
    done = await subscriptions.commit_change(world, bought.id, quote.id, actor="test")
    assert (done.change.status, [each.coupon for each in done.subscription.discounts]) == ("done", ["single"])
    assert await uses(world, "single") == Uses(redeemed=1)
    await ada.later(days=32)
    await ada.later(days=30)
    assert await totals(world, bought) == [2000, 0, 2000]
    for wrong, said in ((Wish(promotion_code="FIRST", quantity=2), "by itself"), (Wish(promotion_code="OVER"), "expired")):
        with pytest.raises(FarthingError, match=said):
            await subscriptions.preview_change(world, bought.id, wrong, actor="test")
    assert await sound(world)


async def test_the_interface_and_the_page_say_the_price_before_it_is_paid(
    world: World, account: Account, ada: Ada, door: httpx.AsyncClient, visitor: Visitor
) -> None:
    wish = {"plan": "pro", "price": "monthly", "promotion_code": "TWO"}
    shown = (await door.post("/v1/subscriptions/preview", json=wish)).raise_for_status().json()
    assert (shown["amount"]["amount"], shown["first_amount"]["amount"], shown["discount"]["duration_months"]) == (2000, 1750, 2)
    refused = await door.post("/v1/subscriptions/preview", json=wish | {"promotion_code": "OVER"})
    assert (refused.status_code, refused.json()["param"]) == (409, "promotion_code")
    urls = {"success_url": "http://testserver/ok", "cancel_url": "http://testserver/no"}
    begun = (await door.post("/v1/subscriptions/checkout", json=wish | urls)).raise_for_status().json()
    assert (begun["first_amount"]["amount"], begun["discount"]["code"]) == (1750, "TWO")
    session = begun["url"].rpartition("/")[2].partition("#")[0]
    assert "−€2.50" in (await visitor.get(f"/checkout/success?session_id={session}")).text
    assert (await account.pay(session)).status_code == 200
    await hear(world, account)
    bought = await the_one(world)
    mirrored = (await door.get(f"/v1/subscriptions/{bought.id}")).json()["discounts"]
    assert [(each["coupon"], each["amount"]["amount"], each["ends_at"] is None) for each in mirrored] == [("two", 250, False)]
    path = f"/account/subscriptions/{bought.id}"
    assert "Two months, until" in (await visitor.get(path)).text
    assert "has expired" in (await visitor.post(f"{path}/change/preview", code="OVER")).text
    asked = (await visitor.post(f"{path}/change/preview", code="friend")).text
    assert "Use FRIEND for Pro?" in asked
    assert "off every invoice from now on" in asked
    assert "€15.00" in asked
    assert "Your plan is changed." in await visitor.follow(await visitor.post(f"{path}/change", quote=field("quote", asked)))
    assert "For friends, every period" in (await visitor.get(path)).text
    assert await sound(world)
