"""Changes at once, in every order of faults, and across the odd days of the calendar."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.news import happened, hear, sound, work
from tests.subscriptions.conftest import PLANS, Ada, begin, subscribe, the_one
from tests.subscriptions.test_changing import change_of, committed, newest, now, quoted
from tests.worlds import Account

from farthing import catalog, entitlements, invoices, reconcile, subscriptions
from farthing.errors import Conflict, FarthingError, ProviderUnavailable
from farthing.subscriptions import Committed, Wish
from farthing.world import World


@pytest.mark.covers("F24")
async def test_a_dozen_rounds_of_changes_and_ends_at_once_leave_what_the_provider_has(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    for turn in range(12):
        others = [each for each in (1, 2, 3, 4, 5, 6) if each != (await now(world, bought)).quantity]
        first = await quoted(world, bought, quantity=others[turn % 5], effective="now")
        if turn % 2:
            second = await quoted(world, bought, quantity=others[(turn + 1) % 5], effective="now")
            rival = committed(world, second)
        else:
            rival = subscriptions.cancel(world, bought.id, now=False, actor="test")  # type: ignore[assignment]
        done = await asyncio.gather(committed(world, first), rival, return_exceptions=True)
        assert all(isinstance(each, Committed | FarthingError | subscriptions.Subscription) for each in done), done
        ada.clock.advance(timedelta(hours=3))
        await subscriptions.apply_due(world)
        await subscriptions.ask_again(world)
        seen = await account.get(f"/v1/subscriptions/{bought.provider_subscription_id}")
        mirror = await now(world, bought)
        assert (mirror.quantity, mirror.ends_at is None) == (seen["items"]["data"][0]["quantity"], seen["cancel_at"] is None)
        assert turn % 2 or mirror.ends_at is not None
        await subscriptions.resume(world, bought.id, actor="test")
    async with world.db.transaction("test") as tx:
        listed = await subscriptions.changes_of(tx, bought.id)
        billed = await invoices.of_subscription(tx, bought.id)
    assert {str(each.status) for each in listed} == {"done"}
    assert sorted(each.total.amount for each in listed) == sorted(each.total_amount for each in billed[:-1])
    assert await sound(world)


@pytest.mark.parametrize("kind", ["reset_before", "lost_response"])
async def test_whatever_call_of_a_change_is_lost_it_is_charged_once(
    kind: str, world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    theirs = bought.provider_subscription_id
    calls = [
        ("GET", f"/v1/subscriptions/{theirs}"),
        ("GET", "/v1/invoices"),
        ("POST", "/v1/invoices/create_preview"),
        ("POST", f"/v1/subscriptions/{theirs}"),
    ]
    for turn, (method, path) in enumerate(calls):
        quote = await quoted(world, bought, quantity=turn + 2)
        await account.fail_next(kind, path, method=method, times=3)
        with pytest.raises(ProviderUnavailable):
            await committed(world, quote)
        ada.clock.advance(timedelta(minutes=1))
        await subscriptions.apply_due(world)
        done = await committed(world, quote)
        assert (done.change.status, done.subscription.quantity) == ("done", turn + 2)
        async with world.db.transaction("test") as tx:
            assert len(await invoices.of_subscription(tx, bought.id)) == turn + 2
    assert await sound(world)


async def test_a_provider_that_remembers_its_own_mistake_does_not_leave_a_change_open(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    quote = await quoted(world, bought, plan="team")
    await account.fail_next("500_sticky", f"/v1/subscriptions/{bought.provider_subscription_id}")
    with pytest.raises(ProviderUnavailable):
        await committed(world, quote)
    ada.clock.advance(timedelta(minutes=1))
    await subscriptions.apply_due(world)
    assert ((await change_of(world, quote)).status, (await now(world, bought)).plan) == ("done", "team")


async def test_a_bank_that_wants_to_see_the_buyer_of_an_upgrade_gets_a_secret_for_the_browser(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    await ada.card("pm_card_authenticationRequired")
    waits = await committed(world, await quoted(world, bought, plan="team"))
    assert (waits.change.status, waits.subscription.plan) == ("waiting", "pro")
    assert waits.client_secret
    intent = waits.client_secret.split("_secret_")[0]
    waiting = await account.get(f"/v1/payment_intents/{intent}")
    method = (await account.get(f"/v1/subscriptions/{bought.provider_subscription_id}"))["default_payment_method"]
    assert waiting["status"] != "succeeded"
    confirmed = await account.http.post(f"/v1/payment_intents/{intent}/confirm", data={"payment_method": method})
    assert confirmed.json()["status"] == "requires_action"
    (await account.http.post(f"/_sandbox/payment_intents/{intent}/authenticate", json={})).raise_for_status()
    await hear(world, account)
    assert (await change_of(world, waits.change)).status == "done"
    assert (await now(world, bought)).plan == "team"


ODD_DAYS = [
    # From the last of January in a leap year, over a change to summer time, and from the leap day itself.
    ("2028-01-31T09:00Z", "2028-02-29T09:00Z", "2028-03-31T09:00Z"),
    ("2027-03-28T00:30Z", "2027-04-28T00:30Z", "2027-05-28T00:30Z"),
    ("2028-02-29T23:00Z", "2028-03-29T23:00Z", "2028-04-29T23:00Z"),
]


@pytest.mark.parametrize(("begins", "first_end", "second_end"), ODD_DAYS, ids=["month ends", "summer time", "leap day"])
async def test_an_upgrade_is_settled_to_the_second_whatever_the_calendar_does(
    begins: str, first_end: str, second_end: str, world: World, account: Account, ada: Ada
) -> None:
    await ada.later(seconds=int((datetime.fromisoformat(begins) - world.clock.now()).total_seconds()))
    await ada.saves("pm_card_visa")
    await begin(world, success_url=None, cancel_url=None, use_default=True)
    bought = await the_one(world)
    assert abs(bought.current_period_end - datetime.fromisoformat(first_end)) < timedelta(minutes=1)
    await ada.later(days=11, seconds=4_321)
    quote = await quoted(world, bought, plan="team")
    assert quote.prorated_at is not None
    length = (bought.current_period_end - bought.current_period_start) // timedelta(seconds=1)
    left = (bought.current_period_end - quote.prorated_at) // timedelta(seconds=1)
    rest = [(2 * amount * left + length) // (2 * length) for amount in (5000, 2000)]
    assert quote.due.amount == rest[0] - rest[1]
    await committed(world, quote)
    assert (await newest(world, bought)).total == quote.due
    await ada.later(days=25)
    renewed = await now(world, bought)
    assert abs(renewed.current_period_end - datetime.fromisoformat(second_end)) < timedelta(minutes=1)
    assert (await newest(world, bought)).total_amount == 5000


async def test_a_retired_price_is_kept_by_who_has_it_and_cannot_be_moved_to(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    monthly = '\ninterval = "month"'
    sold, kept = f'prices = ["20.00 EUR", "22.00 USD"]{monthly}', f'price = "20.00 EUR"{monthly}\nactive = false'
    retired = PLANS.replace(sold, kept)
    shop = replace(world, catalog=catalog.parse(retired))
    await catalog.apply(shop)
    assert (await committed(shop, await quoted(shop, bought, quantity=2))).subscription.unit_amount == 2000
    yearly = await committed(shop, await quoted(shop, bought, price="yearly"))
    assert yearly.change.status == "done"
    with pytest.raises(Conflict, match="is retired"):
        await quoted(shop, bought, price="monthly")


async def test_a_shop_may_leave_a_paused_plan_open_all_the_time(world: World, account: Account, ada: Ada) -> None:
    generous = replace(world, catalog=catalog.parse(PLANS.replace("grace_days = 7", 'grace_days = 7\npaused_access = "all"')))
    bought = await subscribe(generous, account)
    await subscriptions.pause(generous, bought.id, comment="holidays", actor="test")
    await replace(ada, world=generous).later(days=45)
    assert await entitlements.check(world.db, "ada", "reports")


async def test_a_lost_answer_to_a_pause_is_asked_for_again(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    await account.fail_next("lost_response", f"/v1/subscriptions/{bought.provider_subscription_id}", times=3)
    with pytest.raises(ProviderUnavailable):
        await subscriptions.pause(world, bought.id, actor="test")
    ada.clock.advance(timedelta(minutes=1))
    await subscriptions.ask_again(world)
    assert (await now(world, bought)).is_paused
    assert "subscription.pause_requested" in await happened(world)


async def test_a_change_that_was_charged_at_another_figure_than_its_quote_waits_for_somebody_to_decide(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    quote = await subscriptions.preview_change(world, bought.id, Wish(plan="team"), actor="test")
    await account.fail_next("reset_before", f"/v1/subscriptions/{bought.provider_subscription_id}", times=3)
    with pytest.raises(ProviderUnavailable):
        await subscriptions.commit_change(world, bought.id, quote.id, actor="test")
    coupon = (await account.http.post("/v1/coupons", data={"percent_off": "10", "duration": "forever"})).json()["id"]
    put_on = {"discounts[0][coupon]": coupon}
    (await account.http.post(f"/v1/subscriptions/{bought.provider_subscription_id}", data=put_on)).raise_for_status()
    done = await subscriptions.commit_change(world, bought.id, quote.id, actor="test")
    assert (done.change.status, done.subscription.plan) == ("done", "team")
    assert (await happened(world)).count("subscription.charged_otherwise") == 1
    await work(world)
    async with world.db.transaction("test") as tx:
        (found,) = (await reconcile.list_page(tx, limit=10)).items
        billed = next(each for each in await invoices.of_subscription(tx, bought.id) if each.total != bought.amount)
    assert (found.difference.subject_kind, found.difference.subject) == ("quote", billed.provider_invoice_id)
    assert (found.difference.ours, found.difference.theirs) == (str(quote.total), str(billed.total))
    run = await world.db.run("test", lambda tx: reconcile.start(tx, "stripe", False, since=None, heals=True))
    await reconcile.run(world, run)
    async with world.db.transaction("test") as tx:
        assert (await reconcile.get(tx, found.id)).status == "open"
    assert await sound(world)
