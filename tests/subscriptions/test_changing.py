"""Changing a running subscription: what was quoted is what is charged, or nothing happens."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.news import happened, hear, sound
from tests.subscriptions.conftest import PLANS, Ada, subscribe, the_one
from tests.worlds import Account

from farthing import catalog, entitlements, invoices, subscriptions
from farthing.clock import TravelClock
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, ProviderUnavailable, QuoteChanged, TooMany
from farthing.subscriptions import Change, Committed, Subscription, Wish
from farthing.world import World


async def quoted(world: World, found: Subscription, **wish: Any) -> Change:
    return await subscriptions.preview_change(world, found.id, Wish(**wish), actor="test")


async def committed(world: World, quote: Change) -> Committed:
    return await subscriptions.commit_change(world, quote.subscription_id, quote.id, actor="test")


async def now(world: World, found: Subscription) -> Subscription:
    async with world.db.transaction("test") as tx:
        return await subscriptions.get(tx, found.id)


async def newest(world: World, found: Subscription) -> invoices.Invoice:
    async with world.db.transaction("test") as tx:
        return (await invoices.of_subscription(tx, found.id))[0]


async def change_of(world: World, quote: Change) -> Change:
    async with world.db.transaction("test") as tx:
        return next(each for each in await subscriptions.changes_of(tx, quote.subscription_id) if each.id == quote.id)


@pytest.mark.covers("S001-10", "S003-31")
async def test_what_an_upgrade_was_quoted_at_is_what_is_charged(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    await ada.later(days=10, seconds=12_345)
    quote = await quoted(world, bought, plan="team")
    assert (quote.kind, quote.effective, quote.renewal.amount, len(quote.lines)) == ("upgrade", "now", 5000, 2)
    assert 0 < quote.due.amount < 3000
    await ada.later(minutes=7)
    done = await committed(world, quote)
    invoice = await newest(world, bought)
    assert (done.change.status, done.subscription.plan, invoice.status) == ("done", "team", "paid")
    assert (invoice.total, invoice.tax_amount) == (quote.total, quote.tax.amount)
    assert done.subscription.paid_until == bought.paid_until
    assert await entitlements.check(world.db, "ada", "team")
    await ada.later(days=30)
    assert (await newest(world, bought)).total == quote.renewal
    assert await sound(world)


@pytest.mark.covers("F24")
async def test_a_double_click_is_one_change(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    quote = await quoted(world, bought, quantity=3)
    done = await asyncio.gather(*(committed(world, quote) for _ in range(2)))
    assert {each.change.id for each in done} == {quote.id}
    await committed(world, quote)
    assert (await now(world, bought)).quantity == 3
    async with world.db.transaction("test") as tx:
        assert len(await invoices.of_subscription(tx, bought.id)) == 2


async def test_the_second_click_of_a_double_click_is_never_told_that_the_quote_does_not_hold(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)

    async def click(quote: Change, after: float) -> Committed:
        await asyncio.sleep(after)
        return await committed(world, quote)

    for quantity in range(2, 11):
        quote = await quoted(world, bought, quantity=quantity)
        done = await asyncio.gather(click(quote, 0), click(quote, quantity * 0.01))
        assert {each.change.id for each in done} == {quote.id}
        assert (await now(world, bought)).quantity == quantity


async def test_a_card_that_declines_leaves_the_old_plan_and_a_way_to_pay(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    await ada.card("pm_card_chargeCustomerFail")
    waits = await committed(world, await quoted(world, bought, plan="team"))
    assert (waits.change.status, waits.subscription.plan, waits.subscription.status) == ("waiting", "pro", "active")
    assert waits.client_secret
    assert waits.url
    assert not await entitlements.check(world.db, "ada", "team")
    await ada.card("pm_card_visa")
    invoice = await newest(world, bought)
    (await account.http.post(f"/v1/invoices/{invoice.provider_invoice_id}/pay")).raise_for_status()
    await hear(world, account)
    assert ((await now(world, bought)).plan, (await change_of(world, waits.change)).status) == ("team", "done")
    assert "subscription.change_waiting" in await happened(world)
    assert await sound(world)


async def test_a_change_that_nobody_pays_is_given_up_and_another_takes_its_place(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    await ada.card("pm_card_chargeCustomerFail")
    first = await committed(world, await quoted(world, bought, plan="team"))
    second = await committed(world, await quoted(world, bought, quantity=2))
    assert (await change_of(world, first.change)).status == "dropped"
    assert second.change.status == "waiting"
    await ada.wait(days=1)
    await subscriptions.apply_due(world)
    assert (await change_of(world, second.change)).status == "failed"
    assert ((await now(world, bought)).plan, (await now(world, bought)).quantity) == ("pro", 1)
    assert "subscription.change_failed" in await happened(world)
    assert await sound(world)


async def test_a_quote_that_expired_or_does_not_hold_changes_nothing_and_says_the_new_figure(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    await ada.wait(days=3)
    old = await quoted(world, bought, plan="team")
    await ada.wait(days=1)
    with pytest.raises(QuoteChanged, match="has expired") as expired:
        await committed(world, old)
    shown = expired.value.extra["quote"]
    assert isinstance(shown, dict)
    assert (shown["status"], shown["due"]["amount"] < old.due.amount) == ("quoted", True)
    quote = await quoted(world, bought, plan="team")
    form = {"items[0][id]": bought.provider_item_id, "items[0][quantity]": "2"}
    (await account.http.post(f"/v1/subscriptions/{bought.provider_subscription_id}", data=form)).raise_for_status()
    with pytest.raises(QuoteChanged, match="does not hold"):
        await committed(world, quote)
    assert (await now(world, bought)).plan == "pro"


async def test_a_lost_answer_to_a_change_is_asked_for_again_with_the_same_key(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    quote = await quoted(world, bought, plan="team")
    await account.fail_next("lost_response", f"/v1/subscriptions/{bought.provider_subscription_id}", times=3)
    with pytest.raises(ProviderUnavailable):
        await committed(world, quote)
    ada.clock.advance(timedelta(minutes=1))
    await subscriptions.apply_due(world)
    assert ((await change_of(world, quote)).status, (await now(world, bought)).plan) == ("done", "team")
    async with world.db.transaction("test") as tx:
        assert len(await invoices.of_subscription(tx, bought.id)) == 2


async def test_a_downgrade_comes_with_the_next_period_and_can_be_called_off(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account, quantity=5)
    called_off = await committed(world, await quoted(world, bought, quantity=4))
    assert (called_off.change.status, called_off.change.total.amount) == ("scheduled", 0)
    with pytest.raises(Conflict, match="is planned"):
        await committed(world, await quoted(world, bought, plan="team", quantity=1, effective="now"))
    await subscriptions.drop_change(world, bought.id, called_off.change.id, actor="test")
    planned = await committed(world, await quoted(world, bought, quantity=2))
    left = bought.current_period_end - world.clock.now()
    await ada.later(seconds=int(left.total_seconds()) - 600)
    await subscriptions.apply_due(world)
    assert (await change_of(world, planned.change)).status == "done"
    await ada.later(days=1)
    renewal = await newest(world, bought)
    assert (renewal.total, renewal.billing_reason) == (planned.change.renewal, "subscription_cycle")
    assert await sound(world)


async def test_what_was_paid_for_can_be_used_to_its_end_though_a_cheaper_plan_is_asked_for_a_little_before(
    world: World, account: Account, ada: Ada
) -> None:
    """The renewal's invoice is for the new price only where that is asked for before it."""
    bought = await subscribe(world, account, "team")
    await ada.later(days=16)
    paid = await now(world, bought)
    await committed(world, await quoted(world, bought, plan="pro", price="monthly"))
    left = paid.current_period_end - world.clock.now()
    await ada.later(seconds=int(left.total_seconds()) - 1200)
    await subscriptions.apply_due(world)
    assert (await now(world, bought)).plan == "pro"
    may = [await entitlements.check(world.db, "ada", each) for each in ("team", "reports", "api")]
    assert may == [True, True, True]
    ada.clock.advance(timedelta(minutes=21))
    assert not await entitlements.check(world.db, "ada", "team")
    await ada.later(hours=2)
    may = [await entitlements.check(world.db, "ada", each) for each in ("team", "reports", "api")]
    assert may == [False, True, True]
    assert (await happened(world)).count("entitlement.revoked") == 1
    assert await sound(world)


async def test_a_downgrade_that_nobody_made_in_time_counts_from_the_first_second_of_the_period(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account, quantity=5)
    planned = await committed(world, await quoted(world, bought, quantity=2))
    await ada.later(days=33)
    await subscriptions.apply_due(world)
    assert (await change_of(world, planned.change)).status == "done"
    given_back = await newest(world, bought)
    assert (given_back.total_amount, (await now(world, bought)).quantity) == (4000 - 10_000, 2)
    assert await sound(world)


async def test_a_downgrade_now_becomes_credit(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account, quantity=5)
    await ada.later(days=5)
    quote = await quoted(world, bought, quantity=1, effective="now")
    assert (quote.due.amount, quote.total.amount < 0, quote.renewal.amount) == (0, True, 2000)
    done = await committed(world, quote)
    assert (done.change.status, (await newest(world, bought)).total) == ("done", quote.total)
    assert done.subscription.paid_until == bought.paid_until


@pytest.mark.covers("S000-56")
async def test_months_become_years_at_once_and_years_months_with_their_end(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    await ada.later(days=10)
    quote = await quoted(world, bought, price="yearly")
    done = await committed(world, quote)
    assert (quote.kind, done.change.status, (await newest(world, bought)).total) == ("interval", "done", quote.total)
    assert done.subscription.paid_until == done.subscription.current_period_end
    assert done.subscription.current_period_end - world.clock.now() > timedelta(days=364)
    back = await quoted(world, bought, price="monthly")
    assert (back.effective, back.renewal_at) == ("period_end", done.subscription.current_period_end)
    planned = await committed(world, back)
    left = back.renewal_at - world.clock.now()
    await ada.later(seconds=int(left.total_seconds()) - 600)
    await subscriptions.apply_due(world)
    assert (await change_of(world, planned.change)).status == "done"
    assert (await newest(world, bought)).total == back.renewal
    assert await sound(world)


async def test_a_trial_is_changed_without_a_charge(world: World, account: Account, ada: Ada) -> None:
    tried = await subscribe(world, account, "team")
    quote = await quoted(world, tried, plan="pro", price="monthly")
    assert (quote.due.amount, quote.effective, quote.renewal.amount) == (0, "now", 2000)
    done = await committed(world, quote)
    assert (done.change.status, done.subscription.status, done.subscription.plan) == ("done", "trialing", "pro")
    assert done.subscription.trial_end == tried.trial_end


async def test_who_bought_a_price_keeps_it_until_somebody_moves_them(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    dearer = replace(world, catalog=catalog.parse(PLANS.replace('"20.00 EUR", "22.00 USD"', '"25.00 EUR", "27.00 USD"')))
    await catalog.apply(dearer)
    assert (await quoted(dearer, bought, quantity=2)).renewal.amount == 4000
    quote = await quoted(dearer, bought, current_price=True)
    assert (quote.kind, quote.renewal.amount) == ("price", 2500)
    moved = await committed(dearer, quote)
    assert (moved.change.status, moved.subscription.unit_amount) == ("done", 2500)


async def test_a_coupon_is_put_on_and_taken_off(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    form = {"id": "half", "percent_off": "50", "duration": "forever"}
    (await account.http.post("/v1/coupons", data=form)).raise_for_status()
    quote = await quoted(world, bought, coupon="half")
    assert (quote.due.amount, quote.renewal.amount) == (0, 1000)
    done = await committed(world, quote)
    assert (done.change.status, done.subscription.discount_amount) == ("done", 1000)
    off = await committed(world, await quoted(world, bought, coupon=""))
    assert (off.change.status, off.subscription.discount_amount) == ("done", 0)
    with pytest.raises(NotFound, match="no coupon"):
        await quoted(world, bought, coupon="unheard of")


BAD: list[tuple[dict[str, Any], type[FarthingError], str]] = [
    ({"plan": "unheard-of"}, NotFound, "no plan"),
    ({"plan": "mug"}, Invalid, "is no plan"),
    ({"plan": "pro"}, Conflict, "nothing would change"),
    ({"plan": "pro", "price": "monthly", "quantity": 1}, Conflict, "nothing would change"),
    ({"current_price": True}, Conflict, "nothing would change"),
    ({"plan": "easy"}, Conflict, "of the group"),
    ({"currency": "usd"}, Invalid, "another currency"),
    ({"price": "launch"}, Conflict, "is retired"),
    ({"price": "weekly"}, NotFound, "no price"),
    ({"quantity": 0}, Invalid, "at least 1"),
    ({"quantity": 11}, Invalid, "at most 10"),
    ({"plan": "team", "quantity": 2}, Invalid, "at most 1"),
    ({"coupon": "half", "plan": "team"}, Invalid, "by itself"),
]


async def test_what_it_cannot_become_is_refused_and_changes_nothing(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    told = len(await happened(world))
    for wish, error, words in BAD:
        with pytest.raises(error, match=words):
            await quoted(world, bought, **wish)
    assert (await now(world, bought), len(await happened(world))) == (bought, told)


async def test_one_that_ends_or_is_over_or_owes_money_is_not_changed(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    quote = await quoted(world, bought, plan="team")
    await subscriptions.cancel(world, bought.id, now=False, actor="test")
    with pytest.raises(Conflict, match="let it go on before"):
        await committed(world, quote)
    await subscriptions.resume(world, bought.id, actor="test")
    await ada.card("pm_card_chargeCustomerFail")
    await ada.later(days=32)
    with pytest.raises(Conflict, match="is past_due"):
        await quoted(world, bought, plan="team")
    await subscriptions.cancel(world, bought.id, now=True, actor="test")
    with pytest.raises(Conflict, match="is over"):
        await quoted(world, bought, plan="team")


@pytest.mark.covers("F24")
async def test_a_subscription_is_changed_only_so_often_within_a_day(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    for turn in range(10):
        await committed(world, await quoted(world, bought, quantity=2 + turn % 2, effective="now"))
    with pytest.raises(TooMany, match="within a day"):
        await committed(world, await quoted(world, bought, quantity=5))


async def test_a_clock_that_is_off_does_not_make_the_provider_refuse(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    await replace(ada, clock=TravelClock()).wait(days=32)
    quote = await quoted(world, bought, plan="team")
    renewed = await now(world, bought)
    assert quote.prorated_at == renewed.current_period_start > world.clock.now()
    assert (await committed(world, quote)).change.status == "done"


async def test_changes_at_once_leave_one_and_a_cancel_wins_over_a_change(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    quotes = [await quoted(world, bought, quantity=each) for each in (2, 3, 4)]
    done = await asyncio.gather(*(committed(world, each) for each in quotes), return_exceptions=True)
    assert all(isinstance(each, Committed | FarthingError) for each in done)
    made = [each.change for each in done if isinstance(each, Committed)]
    async with world.db.transaction("test") as tx:
        listed = await subscriptions.changes_of(tx, bought.id)
    assert (len(made), [each.id for each in listed]) == (1, [made[0].id])
    assert (await now(world, bought)).quantity == made[0].quantity
    assert await sound(world)


async def test_a_paused_one_costs_nothing_and_begins_a_new_period_when_it_goes_on(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    paused = await subscriptions.pause(world, bought.id, until=world.clock.now() + timedelta(days=50), actor="test")
    assert (paused.is_paused, paused.status, paused.paid_until) == (True, "active", bought.paid_until)
    with pytest.raises(Conflict, match="is paused"):
        await quoted(world, bought, plan="team")
    assert await entitlements.check(world.db, "ada", "reports")
    await ada.later(days=40)
    assert (await newest(world, bought)).status == "void"
    assert not await entitlements.check(world.db, "ada", "reports")
    await subscriptions.resume_due(world)
    assert (await now(world, bought)).is_paused
    await ada.later(days=11)
    await subscriptions.resume_due(world)
    resumed = await the_one(world)
    assert (resumed.is_paused, resumed.resume_at, (await newest(world, bought)).status) == (False, None, "paid")
    assert resumed.paid_until == resumed.current_period_end
    assert await entitlements.check(world.db, "ada", "reports")
    async with world.db.transaction("test") as tx:
        facts = await subscriptions.facts_of(tx, bought.id)
    assert [each.paused for each in facts if "paused" in each.changes] == [True, False]
    assert await sound(world)


async def test_a_pause_within_what_is_paid_changes_no_date(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    await subscriptions.pause(world, bought.id, actor="test")
    await ada.later(days=5)
    resumed = await subscriptions.resume(world, bought.id, actor="test")
    assert (resumed.is_paused, resumed.current_period_end) == (False, bought.current_period_end)
    await ada.later(days=30)
    assert (await newest(world, bought)).status == "paid"
