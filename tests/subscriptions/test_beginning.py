"""Beginning a subscription: on the provider's page, directly, with and without a trial, and what is refused."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.news import count, happened, hear, sound
from tests.subscriptions.conftest import Ada, begin, page_of, subscribe, the_one, wanted
from tests.worlds import Account, unchanged

from farthing import catalog, customers, entitlements, subscriptions
from farthing.catalog import CartItem
from farthing.errors import Conflict, FarthingError, Invalid, NotFound
from farthing.http.idempotency import Key
from farthing.world import World


async def test_a_plan_is_bought_on_the_page_and_may_be_used(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account, quantity=3)
    assert (bought.status, bought.plan, bought.price, bought.quantity) == ("active", "pro", "monthly", 3)
    assert (bought.amount.amount, bought.currency, bought.interval) == (6000, "eur", "month")
    assert bought.paid_until == bought.current_period_end
    assert await entitlements.check(world.db, "ada", "reports")
    async with world.db.transaction("test") as tx:
        held = {each.feature: each.limit for each in await entitlements.of_subscription(tx, bought.id)}
        (fact,) = await subscriptions.facts_of(tx, bought.id)
    assert held == {"reports": None, "api": 10000}
    assert (fact.status, fact.changes, fact.amount.amount) == ("active", ("started",), 6000)
    assert {"subscription.started", "invoice.paid"} <= set(await happened(world))
    assert await sound(world)


async def test_a_trial_is_used_before_anything_is_paid_and_its_end_is_told(world: World, account: Account, ada: Ada) -> None:
    tried = await subscribe(world, account, "team")
    assert (tried.status, tried.paid_until) == ("trialing", tried.trial_end)
    assert await entitlements.check(world.db, "ada", "team")
    await ada.later(days=12)
    await subscriptions.tell_of_trials(world)
    assert (await happened(world)).count("trial.ending") == 1
    await ada.later(days=3)
    paid = await the_one(world, "team")
    assert (paid.status, paid.paid_until) == ("active", paid.current_period_end)
    assert await sound(world)


async def test_a_trial_without_a_card_ends_by_itself(world: World, account: Account, ada: Ada) -> None:
    begun = await begin(world, "easy")
    answer = await account.http.post(f"/_sandbox/checkout/sessions/{await page_of(world, begun)}/pay", json={})
    assert answer.status_code == 200, answer.text
    await hear(world, account)
    assert ((await the_one(world, "easy")).status, await entitlements.check(world.db, "ada", "easy")) == ("trialing", True)
    await ada.later(days=8)
    assert ((await the_one(world, "easy")).status, await entitlements.check(world.db, "ada", "easy")) == ("canceled", False)


async def test_a_saved_card_begins_a_plan_without_a_page(world: World, account: Account, ada: Ada) -> None:
    await ada.saves("pm_card_visa")
    begun = await begin(world, success_url=None, cancel_url=None, use_default=True)
    assert begun.subscription is not None
    assert (begun.subscription.status, begun.client_secret) == ("active", None)
    assert await entitlements.check(world.db, "ada", "reports")


async def test_without_a_card_the_browser_gets_a_secret_and_the_same_wish_again_gets_the_same(
    world: World, account: Account, ada: Ada
) -> None:
    first = await begin(world, success_url=None, cancel_url=None)
    again = await begin(world, success_url=None, cancel_url=None)
    assert first.subscription is not None
    assert again.subscription is not None
    assert (first.subscription.status, first.secret_kind) == ("incomplete", "payment")
    assert (again.subscription.id, again.client_secret) == (first.subscription.id, first.client_secret)
    assert not await entitlements.check(world.db, "ada", "reports")
    paged = await subscribe(world, account, price="yearly")
    assert (paged.interval, (await count(world, "subscriptions"))) == ("year", 2)


async def test_a_bank_that_wants_to_see_the_buyer_leaves_the_plan_incomplete(world: World, account: Account, ada: Ada) -> None:
    await ada.saves("pm_card_authenticationRequired")
    begun = await begin(world, success_url=None, cancel_url=None, use_default=True)
    assert begun.subscription is not None
    assert (begun.subscription.status, begun.secret_kind) == ("incomplete", "payment")
    assert not await entitlements.check(world.db, "ada", "reports")


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"plan": "por"}, NotFound, "no plan 'por'"),
        ({"plan": "mug"}, Invalid, "no plan"),
        ({"quantity": 0}, Invalid, "at least 1"),
        ({"quantity": 11}, Invalid, "at most 10"),
        ({"currency": "gbp"}, Invalid, "not in gbp"),
        ({"price": "weekly"}, NotFound, "no price 'weekly'"),
        ({"price": "launch"}, Conflict, "retired"),
        ({"price": None}, Invalid, "Say which price"),
        ({"trial": True}, Invalid, "no trial"),
        ({"success_url": "https://evil.example/"}, Invalid, "success_url"),
        ({"cancel_url": None}, Invalid, "both"),
    ],
)
async def test_what_is_not_sold_so_is_refused_and_changes_nothing(
    world: World, fields: dict[str, Any], error: type[FarthingError], said: str
) -> None:
    async with unchanged(world):
        with pytest.raises(error, match=said):
            await subscriptions.start(world, wanted(**{"plan": "pro", **fields}), actor="test")


async def test_who_has_a_plan_of_the_group_is_told_to_change_it(world: World, account: Account, ada: Ada) -> None:
    await subscribe(world, account)
    with pytest.raises(Conflict, match="change its plan"):
        await begin(world, "team")
    assert (await begin(world, "easy")).url is not None


async def test_a_plan_is_no_part_of_a_cart(world: World) -> None:
    with pytest.raises(Invalid, match="is a plan, which no cart holds"):
        catalog.price(world.catalog, [CartItem("mug"), CartItem("pro")])


async def test_another_plan_closes_the_page_that_was_left(world: World, account: Account, ada: Ada) -> None:
    first = await begin(world)
    page = await page_of(world, first)
    assert (await begin(world)).url == first.url
    second = await begin(world, price="yearly")
    assert second.start_id != first.start_id
    assert (await account.get(f"/v1/checkout/sessions/{page}"))["status"] == "expired"


async def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_key(world: World, account: Account, ada: Ada) -> None:
    key = Key.of("test", "one", [])
    await account.fail_next("lost_response", "/v1/checkout/sessions", times=3)
    with pytest.raises(FarthingError):
        await subscriptions.start(world, wanted(), actor="test", key=key)
    begun = await subscriptions.start(world, wanted(), actor="test", key=key)
    assert begun.url is not None
    assert len((await account.get("/v1/checkout/sessions"))["data"]) == 1


async def test_a_page_whose_time_is_over_can_be_begun_anew(world: World, account: Account, ada: Ada) -> None:
    first = await begin(world)
    ada.clock.advance(timedelta(hours=30))
    await subscriptions.close_due(world)
    async with world.db.transaction("test") as tx:
        (closed,) = await subscriptions.starts_of(tx, (await customers.find(tx, "ada")).id)
    assert (closed.id, closed.status) == (first.start_id, "expired")


@pytest.mark.covers("F50")
async def test_fifty_who_begin_at_once_make_one_subscription(world: World, account: Account, ada: Ada) -> None:
    await ada.saves("pm_card_visa")

    async def try_it(number: int) -> bool:
        try:
            await begin(world, ("pro", "team")[number % 2], success_url=None, cancel_url=None, use_default=True)
        except Conflict:
            return False
        return True

    won = [await asyncio.gather(*(try_it(number) for number in range(at, at + 10))) for at in range(0, 50, 10)]
    assert any(any(each) for each in won)
    live = [each for each in (await account.get("/v1/subscriptions"))["data"] if each["status"] != "canceled"]
    assert len(live) == 1
    assert await count(world, "subscriptions") == 1
