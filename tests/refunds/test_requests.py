"""A buyer asks for money back: the policy grants it, or one person, or two; and never one person twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.news import happened, hear, read, sound, work
from tests.payments.looks import payment_of, refund, refunds_of
from tests.worlds import Account, buy, unchanged

from farthing import catalog, refunds
from farthing.catalog import CartItem, RefundPolicy
from farthing.clock import TravelClock
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden
from farthing.ids import OrderId, RefundRequestId
from farthing.lifecycles import OrderStatus, RefundRequestStatus
from farthing.money import Money
from farthing.payments import WantedLine
from farthing.refunds import RefundRequest, Wanted
from farthing.world import World

EURO = Money(100, "eur")
TWO = RefundPolicy(second_person_above={"eur": EURO * 20})
ALL = Wanted()
AUTO = RefundPolicy(window_days=14, auto_approve=True)


async def ask(
    world: World, order: OrderId, policy: RefundPolicy, wanted: Wanted = ALL, *, actor: str = "customer:ada"
) -> RefundRequest:
    async def work_(tx: Transaction) -> RefundRequest:
        buyer = actor.startswith("customer:")
        return await refunds.request(
            tx, order, wanted, reason="requested_by_customer", message="it is blue", policy=policy, by_buyer=buyer
        )

    return await world.db.run(actor, work_)


async def approve(world: World, id: RefundRequestId, policy: RefundPolicy, actor: str) -> RefundRequest:
    return await world.db.run(actor, lambda tx: refunds.approve(tx, id, role="support", policy=policy))


@pytest.mark.covers("C17", "S000-45", "S003-31")
async def test_within_the_window_a_request_is_granted_at_once_and_after_it_by_a_person(world: World, account: Account) -> None:
    order = await buy(world, account)
    asked = await ask(world, order.id, AUTO)
    assert (asked.status, asked.first_approver) == (RefundRequestStatus.APPROVED, "policy")
    await work(world)
    async with world.db.transaction("test") as tx:
        assert (await refunds.get(tx, asked.id)).status == RefundRequestStatus.REFUNDED
    assert (await read(world, order.id)).status == OrderStatus.REFUNDED
    told = [name for name in await happened(world, order.id) if name.startswith("refund_request")]
    assert told == ["refund_request.requested", "refund_request.approved", "refund_request.refunded"]

    late = await buy(world, account)
    clock = world.db.clock = TravelClock()
    clock.advance(timedelta(days=15))
    waiting = await ask(world, late.id, AUTO)
    assert (waiting.status, waiting.refund_id) == (RefundRequestStatus.REQUESTED, None)
    granted = await approve(world, waiting.id, AUTO, "staff:1")
    assert (granted.status, granted.first_approver) == (RefundRequestStatus.APPROVED, "staff:1")
    assert await sound(world)


@pytest.mark.covers("F172")
async def test_above_the_limit_it_takes_two_people_and_all_keys_are_one(world: World, account: Account) -> None:
    order = await buy(world, account)
    async with unchanged(world):
        with pytest.raises(Conflict, match="word of two people: file a refund request"):
            await _create(world, order.id, Wanted(), TWO)
    asked = await ask(world, order.id, TWO, actor="api_key:1")
    assert asked.needs_second
    first = await approve(world, asked.id, TWO, "api_key:1")
    assert first.waits_for_second
    async with unchanged(world):
        for same in ("api_key:1", "api_key:2", "cli", "app"):
            with pytest.raises(Conflict, match="somebody else has to approve"):
                await approve(world, asked.id, TWO, same)
    second = await approve(world, asked.id, TWO, "staff:2")
    assert (second.status, second.first_approver, second.second_approver) == ("approved", "server", "staff:2")
    await work(world)
    assert [each.status for each in await refunds_of(world, order.id)] == ["succeeded"]
    with pytest.raises(Exception, match="violates check constraint"):
        async with world.db.connection() as connection:
            await connection.execute("UPDATE refund_requests SET second_approver = first_approver")
    assert await sound(world)


async def _create(world: World, order: OrderId, wanted: Wanted, policy: RefundPolicy, *, actor: str = "staff:1") -> None:
    await world.db.run(
        actor,
        lambda tx: refunds.create(tx, order, wanted, reason="requested_by_customer", note=None, role="support", policy=policy),
    )


@pytest.mark.covers("F172")
async def test_small_steps_go_around_neither_the_second_person_nor_the_day(world: World, account: Account) -> None:
    order = await buy(world, account)
    await _create(world, order.id, Wanted(EURO * 20), TWO)
    with pytest.raises(Conflict, match=r"20\.01 EUR of one order"):
        await _create(world, order.id, Wanted(Money(1, "eur")), TWO)

    daily = RefundPolicy(limits={"support": {"eur": EURO * 10}}, daily={"support": {"eur": EURO * 15}})
    other = await buy(world, account)
    with pytest.raises(Forbidden, match=r"may not give back 11\.00 EUR at a time"):
        await _create(world, other.id, Wanted(EURO * 11), daily, actor="staff:2")
    await _create(world, other.id, Wanted(EURO * 10), daily, actor="staff:2")
    with pytest.raises(Forbidden, match="in a day"):
        await _create(world, other.id, Wanted(EURO * 6), daily, actor="staff:2")
    await _create(world, other.id, Wanted(EURO * 6), daily, actor="staff:3")
    assert await sound(world)


async def test_one_request_at_a_time_and_a_declined_or_withdrawn_one_makes_room(world: World, account: Account) -> None:
    order = await buy(world, account)
    asked = await ask(world, order.id, RefundPolicy())
    with pytest.raises(Conflict, match="has a refund request already"):
        await ask(world, order.id, RefundPolicy())
    declined = await world.db.run("staff:1", lambda tx: refunds.decline(tx, asked.id, note="used"))
    assert (declined.status, declined.note, declined.closed_by) == ("declined", "used", "staff:1")
    again = await ask(world, order.id, RefundPolicy())
    await world.db.run("customer:ada", lambda tx: refunds.withdraw(tx, again.id))
    for id in (asked.id, again.id):
        with pytest.raises(Conflict, match="cannot approve"):
            await approve(world, id, RefundPolicy(), "staff:1")
    assert await refunds_of(world, order.id) == []
    assert await sound(world)


async def test_what_went_back_in_the_meantime_is_not_granted_twice(world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("mug", 2))
    asked = await ask(world, order.id, RefundPolicy(), Wanted(lines=(WantedLine(order.lines[0].id, 2),)))
    await refund(world, order.id, EURO)
    async with unchanged(world):
        with pytest.raises(Conflict, match="left to refund"):
            await approve(world, asked.id, RefundPolicy(), "staff:1")


@pytest.mark.covers("F69")
async def test_a_refund_that_failed_is_tried_again_once_as_a_new_one_and_the_request_follows(
    world: World, account: Account
) -> None:
    order = await buy(world, account)
    asked = await ask(world, order.id, AUTO)
    assert asked.refund_id is not None
    first = asked.refund_id
    await world.db.run("worker", lambda tx: _refuse(tx, first))
    again = await world.db.run("staff:1", lambda tx: refunds.retry(tx, first, role="support", policy=AUTO))
    assert (again.retry_of, again.money) == (first, EURO * 49)
    with pytest.raises(Conflict, match="tried again already"):
        await world.db.run("staff:1", lambda tx: refunds.retry(tx, first, role="support", policy=AUTO))
    await work(world)
    async with world.db.transaction("test") as tx:
        found = await refunds.get(tx, asked.id)
    assert (found.status, found.refund_id) == (RefundRequestStatus.REFUNDED, again.id)
    assert len((await account.get("/v1/refunds"))["data"]) == 1
    assert await sound(world)


async def _refuse(tx: Transaction, id: object) -> None:
    from farthing.payments.refunds import refuse

    await refuse(tx, id, "the account is closed")  # type: ignore[arg-type]


async def test_a_refund_that_was_not_sent_is_called_off_and_its_job_finds_nothing_to_do(world: World, account: Account) -> None:
    order = await buy(world, account)
    promised = await refund(world, order.id)
    canceled = await refunds.cancel(world, promised.id, actor="staff:1")
    assert canceled.status == "canceled"
    await work(world)
    assert (await account.get("/v1/refunds"))["data"] == []
    assert (await payment_of(world, order.id)).refundable == EURO * 49
    async with unchanged(world):
        await refunds.cancel(world, promised.id, actor="staff:1")
    done = await refund(world, order.id)
    await work(world)
    with pytest.raises(Conflict, match="cannot be called off"):
        await refunds.cancel(world, done.id, actor="staff:1")
    assert await sound(world)


def test_the_policy_is_read_from_the_catalog_and_a_missing_currency_is_nothing() -> None:
    text = """
    currency = "eur"
    [refunds]
    window_days = 14
    auto_approve = true
    needs_second_person_above = ["300.00 EUR"]
    [refunds.limits]
    support = ["50.00 EUR"]
    [refunds.daily]
    support = ["500.00 EUR"]
    [products.mug]
    name = "A mug"
    kind = "custom"
    price = "12.50 EUR"
    """
    policy = catalog.parse(text).refunds
    assert (policy.window_days, policy.auto_approve, policy.leave_out_used) == (14, True, True)
    assert policy.limits == {"support": {"eur": EURO * 50}}
    assert not policy.needs_second(EURO * 300)
    assert policy.needs_second(EURO * 301)
    assert policy.needs_second(Money(1, "usd"))
    assert replace(policy, second_person_above={}).needs_second(EURO * 10_000) is False
    with pytest.raises(Exception, match="names EUR twice"):
        catalog.parse(text.replace('["50.00 EUR"]', '["50.00 EUR", "60.00 EUR"]'))


async def test_a_request_is_closed_by_a_refund_at_the_provider_that_covers_it_and_by_no_smaller_one(
    world: World, account: Account
) -> None:
    order = await buy(world, account)
    asked = await ask(world, order.id, TWO, Wanted(EURO * 30))
    intent = (await payment_of(world, order.id)).provider_payment_id

    async def at_the_provider(amount: int) -> RefundRequestStatus:
        form = {"payment_intent": intent or "", "amount": str(amount)}
        (await account.http.post("/v1/refunds", data=form)).raise_for_status()
        await hear(world, account)
        async with world.db.transaction("test") as tx:
            return (await refunds.get(tx, asked.id)).status

    assert await at_the_provider(1000) == RefundRequestStatus.REQUESTED
    assert await at_the_provider(2000) == RefundRequestStatus.COVERED
    async with world.db.transaction("test") as tx:
        closed = await refunds.get(tx, asked.id)
    assert (closed.closed_by, (closed.note or "").startswith("Given back at the provider: refund_")) == ("webhook:stripe", True)
    with pytest.raises(Conflict):
        await approve(world, asked.id, TWO, "staff:1")
    assert "refund_request.covered" in await happened(world, order.id)
    assert (await ask(world, order.id, TWO, Wanted(EURO * 10))).status == RefundRequestStatus.REQUESTED
    assert await sound(world)
