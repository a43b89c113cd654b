"""Job postings: published with the payment, for as long as was paid, and off the board when the money goes back."""

from datetime import timedelta
from typing import Any

import pytest
from tests.boards import ADA, BOB, board, days_pass, post_job, posted, posting
from tests.fulfillment.conftest import give_back
from tests.news import happened, sound, work
from tests.worlds import Account, Outbox, buy, session_of, start, unchanged

from farthing import Farthing, checkout, fulfillment, job_postings, orders, payments
from farthing.catalog import CartItem
from farthing.clock import TravelClock
from farthing.config import Settings
from farthing.customers import Customer
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid
from farthing.job_postings import JobPosting
from farthing.lifecycles import JobPostingStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.world import World

DAYS = timedelta(days=1)


async def used(world: World, order: Order) -> Money:
    async with world.db.transaction("test") as tx:
        return await fulfillment.used(tx, order, order.lines[0])


async def decide(world: World, verb: str, found: JobPosting, *more: str) -> JobPosting:
    return await world.db.run("staff:ann", lambda tx: getattr(job_postings, verb)(tx, found.id, *more))


@pytest.mark.covers("S000-4", "S000-42", "S000-54", "C16")
async def test_a_paid_posting_is_published_for_its_days_with_its_add_ons(shop: World, account: Account) -> None:
    before = shop.clock.now()
    order = await post_job(shop, account, CartItem("email-blast", 1, {"job": "job-1"}))
    found = await posted(shop)
    assert found.status == "published"
    assert found.published_at is not None
    assert found.expires_at is not None
    assert found.published_at >= before
    assert found.expires_at - found.published_at == 30 * DAYS
    assert (found.selected, found.paid, found.order_id) == (("email-blast",), (Money(9900, "usd"),), order.id)
    async with shop.db.transaction("test") as tx:
        told = await tx.value("SELECT data FROM events WHERE type = 'job.published'")
    assert told == {
        "job_posting": str(found.id),
        "job": "job-1",
        "customer": str(order.customer_id),
        "status": "published",
        "published_at": found.published_at.isoformat(),
        "expires_at": found.expires_at.isoformat(),
        "addons": ["email-blast"],
        "paid": [{"amount": 9900, "currency": "usd"}],
    }
    async with shop.db.transaction("test") as tx:
        await fulfillment.grant(tx, order)
    assert await posted(shop) == found, "granting twice grants once"
    assert await sound(shop)


async def test_a_job_is_named_by_whoever_orders(shop: World) -> None:
    for metadata in ({}, {"job": ""}, {"job": "x" * 256}, {"job": "a\nb"}):
        async with unchanged(shop):
            with pytest.raises(Invalid):
                await start(shop, CartItem("job-posting", 1, metadata))


async def test_bought_again_it_stays_longer_and_comes_back_when_it_was_over(shop: World, account: Account) -> None:
    await post_job(shop, account)
    await days_pass(shop, 10)
    again = await buy(shop, account, posting(quantity=2), buyer=ADA)
    found = await posted(shop)
    assert found.remaining(shop.clock.now()) // DAYS == 20 + 60 - 1  # a moment has passed
    assert await used(shop, again) == Money(0, "usd"), "what was bought last is used last"
    await days_pass(shop, 80)
    assert (await posted(shop)).status == "expired"
    assert await used(shop, again) == again.total
    await post_job(shop, account)
    found = await posted(shop)
    assert (found.status, len(found.live_lines)) == ("published", 3)
    told = [name for name in await happened(shop) if name.startswith("job.")]
    assert told == ["job.published", "job.extended", "job.expired", "job.published"]
    assert await sound(shop)


async def test_the_owner_is_reminded_once_before_the_end(shop: World, account: Account) -> None:
    await post_job(shop, account)
    await days_pass(shop, 26)
    assert "job.expiring" not in await happened(shop)
    await days_pass(shop, 1)
    await days_pass(shop, 1)
    assert [name for name in await happened(shop) if name.startswith("job.")] == ["job.published", "job.expiring"]
    await days_pass(shop, 2)
    assert (await posted(shop)).status == "expired"


@pytest.mark.covers("S000-42")
async def test_a_refund_takes_it_off_and_a_refund_that_fails_puts_back_what_was_left(shop: World, account: Account) -> None:
    order = await post_job(shop, account)
    await days_pass(shop, 20)
    assert await used(shop, order) == Money(6600 + 1, "usd"), "twenty days of thirty, and a moment"
    await give_back(shop, account, order)
    found = await posted(shop)
    assert (found.status, found.published_at, found.expires_at, found.selected) == ("unpublished", None, None, ())
    (line,) = found.lines
    assert line.held is not None
    assert 10 * DAYS - line.held < timedelta(minutes=1)
    assert await sound(shop)
    async with shop.db.transaction("test") as tx:
        await fulfillment.restore(tx, order)
        await fulfillment.restore(tx, order)
    found = await posted(shop)
    assert found.status == "published"
    assert found.remaining(shop.clock.now()) <= line.held


async def test_of_two_purchases_the_refund_of_one_leaves_the_other(shop: World, account: Account) -> None:
    first = await post_job(shop, account)
    await buy(shop, account, posting(), buyer=ADA)
    await give_back(shop, account, first)
    found = await posted(shop)
    assert (found.status, len(found.live_lines)) == ("published", 1)
    assert 30 * DAYS - found.remaining(shop.clock.now()) < timedelta(minutes=1)
    assert "job.shortened" in await happened(shop)
    assert await sound(shop)


@pytest.mark.covers("S000-43")
async def test_with_approval_its_time_starts_when_somebody_said_yes(shop: World, account: Account) -> None:
    order = await buy(shop, account, posting(product="checked-posting"), buyer=ADA)
    found = await posted(shop)
    assert (found.status, found.waiting, found.published_at) == ("pending_approval", 60 * DAYS, None)
    assert await used(shop, order) == Money(0, "usd")
    found = await decide(shop, "approve", found)
    assert (found.status, found.waiting) == ("published", timedelta(0))
    assert found.remaining(shop.clock.now()) > 59 * DAYS
    with pytest.raises(Conflict, match="is published: it waits for nobody's approval"):
        await decide(shop, "approve", found)
    await buy(shop, account, posting(product="checked-posting"), buyer=ADA)
    assert (await posted(shop)).remaining(shop.clock.now()) > 119 * DAYS, "who was approved once is not asked again"


async def test_a_rejected_job_was_never_there_and_all_of_it_can_go_back(shop: World, account: Account) -> None:
    order = await buy(shop, account, posting(product="checked-posting"), buyer=ADA)
    with pytest.raises(Invalid, match="has a reason"):
        await decide(shop, "reject", await posted(shop), " ")
    found = await decide(shop, "reject", await posted(shop), "It is no job.")
    assert (found.status, found.rejected_reason) == ("rejected", "It is no job.")
    assert await used(shop, order) == Money(0, "usd")
    with pytest.raises(Conflict):
        await decide(shop, "approve", found)
    await give_back(shop, account, order)
    assert (await posted(shop)).status == "rejected"
    await buy(shop, account, posting(product="checked-posting"), buyer=ADA)
    found = await posted(shop)
    assert (found.status, found.waiting, found.rejected_reason) == ("pending_approval", 60 * DAYS, None)
    assert await sound(shop)


@pytest.mark.covers("F2")
async def test_a_job_is_its_first_buyers_and_nobody_else_orders_for_it(shop: World, account: Account) -> None:
    started = await start(shop, posting(), buyer=ADA)
    async with unchanged(shop):
        with pytest.raises(Forbidden, match="another customer's"):
            await start(shop, posting(), buyer=BOB)
    await checkout.cancel_order(shop, started.order_id, actor="test")
    await post_job(shop, account, buyer=BOB)
    async with unchanged(shop):
        with pytest.raises(Forbidden, match="another customer's"):
            await start(shop, posting(), buyer=ADA)


async def test_the_host_says_who_may_buy_for_a_job(
    settings: Settings, account: Account, outbox: Outbox, clock: TravelClock, world: World
) -> None:
    async def owns(tx: Transaction, customer: Customer, job: str) -> bool:
        return bool(await tx.value("SELECT %(job)s = 'company-job' AS owns", job=job))

    pay = Farthing(settings, run_worker=False, catalog=board(world).catalog, clock=clock, mailer=outbox, jobs=owns)
    async with pay:
        await post_job(pay.world, account, job="company-job", buyer=ADA)
        await post_job(pay.world, account, job="company-job", buyer=BOB)
        found = await posted(pay.world, "company-job")
        assert len(found.live_lines) == 2
        assert found.remaining(clock.now()) > 59 * DAYS
        with pytest.raises(Forbidden, match="not this customer's to publish"):
            await start(pay.world, posting("another"), buyer=ADA)


@pytest.mark.covers("S000-36", "D4", "F131")
async def test_the_hosts_own_row_is_published_in_the_same_transaction_or_nothing_is(
    settings: Settings, account: Account, outbox: Outbox, clock: TravelClock, world: World
) -> None:
    pay = Farthing(settings, run_worker=False, catalog=board(world).catalog, clock=clock, mailer=outbox)
    broken = True

    @pay.on("job.published", when="in_transaction")
    async def publish(tx: Transaction, event: Any) -> None:
        values = (event.data["job"], event.data["expires_at"])
        await tx.connection.execute("INSERT INTO public.jobs_of_the_host VALUES (%s, %s)", values)
        if broken:
            raise RuntimeError("the printer is on fire")

    @pay.on("job.unpublished", when="in_transaction")
    async def unpublish(tx: Transaction, event: Any) -> None:
        await tx.connection.execute("DELETE FROM public.jobs_of_the_host WHERE job = %s", [event.data["job"]])

    async def listed() -> list[str]:
        async with pay.world.db.transaction("host") as tx:
            return await tx.all(lambda row: str(row["job"]), "SELECT job FROM public.jobs_of_the_host")

    async with pay:
        async with pay.world.db.transaction("host") as tx:
            await tx.connection.execute("CREATE TABLE public.jobs_of_the_host (job text PRIMARY KEY, until timestamptz)")
        started = await start(pay.world, posting(), buyer=ADA)
        session = await session_of(pay.world, started.id)
        assert (await account.pay(session)).status_code == 200
        with pytest.raises(RuntimeError, match="on fire"):
            await checkout.sync(pay.world, session, actor="test")
        async with pay.world.db.transaction("test") as tx:
            assert await job_postings.find(tx, "job-1") is None
            order = await orders.get(tx, started.order_id)
        assert (order.status, await listed()) == ("open", [])
        broken = False
        await checkout.sync(pay.world, session, actor="test")
        assert await listed() == ["job-1"]
        async with pay.world.db.transaction("test") as tx:
            await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None)
        await work(pay.world)
        await checkout.sync_order(pay.world, order.id, actor="test")
        assert await listed() == []


@pytest.mark.covers("F131")
async def test_one_posting_whose_hook_raises_holds_up_no_other(shop: World, account: Account) -> None:
    await post_job(shop, account, posting("job-2"))

    async def stubborn(tx: Transaction, event: Any) -> None:
        if event.data["job"] == "job-1":
            raise RuntimeError("never")

    shop.db.hooks["job.expired"] = [stubborn]
    await days_pass(shop, 31)
    assert [(await posted(shop, job)).status for job in ("job-1", "job-2")] == ["published", "expired"]
    shop.db.hooks.clear()
    assert await job_postings.expire_due(shop) == 1
    assert (await posted(shop)).status == JobPostingStatus.EXPIRED
