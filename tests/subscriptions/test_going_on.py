"""A subscription that goes on: renewals, payments that fail, ends, refunds, and news in any order."""

import asyncio
import random
from datetime import timedelta

import pytest
from tests.news import happened, hear, sound, tell
from tests.subscriptions.conftest import Ada, subscribe, the_one
from tests.worlds import Account

from farthing import credits, entitlements, invoices, ledger, reconcile, subscriptions, webhooks
from farthing.errors import Conflict, ProviderUnavailable
from farthing.world import World


async def balances(world: World) -> dict[str, int]:
    async with world.db.transaction("test") as tx:
        return {each.account: each.money.amount for each in await ledger.trial_balance(tx)}


async def test_a_renewal_is_paid_and_in_the_books(world: World, account: Account, ada: Ada) -> None:
    first = await subscribe(world, account)
    await ada.later(days=32)
    renewed = await the_one(world)
    assert first.paid_until is not None
    assert renewed.paid_until is not None
    assert (renewed.status, renewed.paid_until > first.paid_until) == ("active", True)
    assert "subscription.renewed" in await happened(world)
    async with world.db.transaction("test") as tx:
        listed = await invoices.of_subscription(tx, first.id)
    assert [(each.status, each.billing_reason, each.total_amount) for each in listed] == [
        ("paid", "subscription_cycle", 2000),
        ("paid", "subscription_create", 2000),
    ]
    await invoices.look_for_fees(world)
    books = await balances(world)
    assert (books["subscriptions"], books["provider:stripe"] + books["provider_fees"]) == (-4000, 4000)
    assert await sound(world)


async def test_access_does_not_blink_between_the_period_and_its_money(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    left = bought.current_period_end - world.clock.now()
    await ada.later(seconds=int(left.total_seconds()) + 600)
    waiting = await the_one(world)
    assert waiting.paid_until is not None
    assert waiting.paid_until < world.clock.now()
    assert await entitlements.check(world.db, "ada", "reports")


async def test_a_renewal_that_fails_keeps_access_through_the_grace_and_no_longer(
    world: World, account: Account, ada: Ada
) -> None:
    first = await subscribe(world, account)
    await ada.card("pm_card_chargeCustomerFail")
    await ada.later(days=32)
    late = await the_one(world)
    assert (late.status, late.paid_until) == ("past_due", first.paid_until)
    assert {"subscription.past_due", "invoice.payment_failed"} <= set(await happened(world))
    assert await entitlements.check(world.db, "ada", "reports")
    await ada.wait(days=8)
    assert not await entitlements.check(world.db, "ada", "reports")
    await ada.card("pm_card_visa")
    newest = (await account.get("/v1/invoices", customer=ada.id))["data"][0]["id"]
    (await account.http.post(f"/v1/invoices/{newest}/pay")).raise_for_status()
    await hear(world, account)
    assert (await the_one(world)).status == "active"
    assert await entitlements.check(world.db, "ada", "reports")
    assert await sound(world)


async def test_what_ends_with_its_period_can_be_used_until_then_and_may_go_on_after_all(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    ending = await subscriptions.cancel(world, bought.id, now=False, comment="too dear", actor="test")
    assert (ending.status, ending.ends_at, ending.grace_until) == ("active", bought.paid_until, None)
    kept = await subscriptions.resume(world, bought.id, actor="test")
    assert (kept.status, kept.ends_at) == ("active", None)
    await subscriptions.cancel(world, bought.id, now=False, actor="test")
    await ada.later(days=32)
    over = await the_one(world)
    assert (over.status, await entitlements.check(world.db, "ada", "reports")) == ("canceled", False)
    with pytest.raises(Conflict, match="is over"):
        await subscriptions.resume(world, bought.id, actor="test")
    assert (await happened(world)).count("subscription.canceled") == 1
    assert await sound(world)


async def test_what_ends_now_can_be_used_as_long_as_it_is_paid(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    over = await subscriptions.cancel(world, bought.id, now=True, comment="moved away", actor="test")
    assert (over.status, over.cancel_comment) == ("canceled", "moved away")
    assert await entitlements.check(world.db, "ada", "reports")
    again = await subscribe(world, account, price="yearly")
    assert (again.status, again.id != bought.id) == ("active", True)


async def test_a_lost_answer_to_an_end_is_asked_for_again(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    await account.fail_next("reset_before", f"/v1/subscriptions/{bought.provider_subscription_id}", times=3)
    with pytest.raises(ProviderUnavailable):
        await subscriptions.cancel(world, bought.id, now=False, actor="test")
    assert (await the_one(world)).ends_at is None
    ada.clock.advance(timedelta(minutes=1))
    await subscriptions.ask_again(world)
    assert (await the_one(world)).ends_at is not None


@pytest.mark.covers("F74")
async def test_events_in_any_order_twice_or_lost_make_the_same_mirror(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    await ada.card("pm_card_chargeCustomerFail")
    await ada.wait(days=32)
    await ada.card("pm_card_visa")
    await ada.wait(days=35)
    told = [each for each in await account.events() if random.Random(each["id"]).random() < 0.6]
    for seed in range(3):
        news = [*told, *told[::2]]
        random.Random(seed).shuffle(news)
        await tell(world, [{**each, "id": f"{each['id']}{seed}"} for each in news])
        while await webhooks.drain(world):
            pass
    theirs = await account.get(f"/v1/subscriptions/{bought.provider_subscription_id}")
    mirror = await the_one(world)
    assert (mirror.status, int(mirror.current_period_end.timestamp())) == (
        theirs["status"],
        theirs["items"]["data"][0]["current_period_end"],
    )
    names = await happened(world)
    async with world.db.transaction("test") as tx:
        paid = [each for each in await invoices.of_subscription(tx, bought.id) if each.status == "paid"]
    assert (names.count("invoice.paid"), names.count("subscription.started")) == (len(paid), 1)
    assert await sound(world)


async def test_a_renewal_that_nobody_told_of_is_found_by_looking(world: World, account: Account, ada: Ada) -> None:
    first = await subscribe(world, account)
    await ada.wait(days=32)
    await subscriptions.look_again(world)
    renewed = await the_one(world)
    assert first.paid_until is not None
    assert renewed.paid_until is not None
    assert renewed.paid_until > first.paid_until


async def test_a_second_one_made_at_the_provider_is_kept_and_marked(world: World, account: Account, ada: Ada) -> None:
    first = await subscribe(world, account)
    await ada.card("pm_card_visa")
    form = {"customer": ada.id, "items[0][price]": first.provider_price_id}
    (await account.http.post("/v1/subscriptions", data=form)).raise_for_status()
    await hear(world, account)
    second = await the_one(world)
    assert (second.status, second.duplicate_of) == ("active", first.id)
    assert "subscription.duplicate_found" in await happened(world)
    await subscriptions.cancel(world, first.id, now=True, actor="test")
    assert (await the_one(world)).duplicate_of is None
    assert await sound(world)


async def test_what_went_back_of_an_invoice_is_in_the_books(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    async with world.db.transaction("test") as tx:
        (invoice,) = await invoices.of_subscription(tx, bought.id)
        (payment,) = await invoices.payments_of(tx, invoice.id)
    form = {"payment_intent": payment.provider_payment_id, "amount": "500"}
    (await account.http.post("/v1/refunds", data=form)).raise_for_status()
    await hear(world, account)
    assert (await balances(world))["refunds"] == 500
    assert "invoice.refunded" in await happened(world)
    assert await sound(world)


async def test_the_provider_and_the_books_agree_on_subscriptions(world: World, account: Account, ada: Ada) -> None:
    await subscribe(world, account)
    await ada.later(days=32)
    while len(await account.events("charge.updated")) < 2:  # the fee is told a moment after the payment
        await asyncio.sleep(0.02)
    await hear(world, account)
    await invoices.look_for_fees(world)
    run = await world.db.run("test", lambda tx: reconcile.start(tx, "stripe", False, since=None, heals=False))
    assert (await reconcile.run(world, run)).found == 0


async def test_credits_come_with_each_paid_period(world: World, account: Account, ada: Ada) -> None:
    tried = await subscribe(world, account, "easy")
    async with world.db.transaction("test") as tx:
        assert (await credits.show(tx, tried.customer_id)).balance == 0
    await ada.later(days=8)
    async with world.db.transaction("test") as tx:
        assert (await credits.show(tx, tried.customer_id)).balance == 100
