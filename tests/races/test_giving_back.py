"""Money asked back by several at the same moment, fifty times: it goes back once, and everything else agrees with that."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from itertools import count
from typing import TypeVar

import pytest
from tests.boards import board, posting
from tests.news import happened, sound, work
from tests.races.rounds import ROUNDS, both, every, paid, rounds, statuses
from tests.worlds import Account

from farthing import job_postings, payments, refunds
from farthing.catalog import RefundPolicy
from farthing.checkout import Buyer
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import OrderId
from farthing.orders import Order
from farthing.payments import Payment, Refund
from farthing.refunds import RefundRequest
from farthing.world import World

pytestmark = pytest.mark.timeout(600)  # a crowded machine takes its time

POLICY = RefundPolicy()
PAUSE = 0.02
"""Seconds; a few times that, so that who comes first is another one in each round."""

ADA = Buyer("ada", "ada@example.com", None)


T = TypeVar("T")


async def after(seconds: float, what: Awaitable[T]) -> T:
    await asyncio.sleep(seconds)
    return await what


async def promised(world: World, order: OrderId, clerk: str) -> Refund:
    async def promise(tx: Transaction) -> Refund:
        return await payments.refund_order(tx, order, None, reason="requested_by_customer", note=None)

    return await world.db.run(clerk, promise)


async def asked(world: World, order: Order) -> RefundRequest:
    """Its buyer wants all of it back."""

    async def ask(tx: Transaction) -> RefundRequest:
        return await refunds.request(
            tx, order.id, refunds.Wanted(), reason="duplicate", message=None, policy=POLICY, by_buyer=True
        )

    return await world.db.run(f"customer:{order.id}", ask)


async def approved(world: World, request: RefundRequest) -> RefundRequest:
    return await world.db.run("staff:1", lambda tx: refunds.approve(tx, request.id, role="support", policy=POLICY))


async def sent(world: World, request: RefundRequest) -> RefundRequest:
    assert request.refund_id is not None
    await payments.send_refund(world, request.refund_id)
    return request


async def in_the_dashboard(account: Account, payment: Payment) -> int:
    """Somebody gives all of it back there: 200, or 400 where it is back already."""
    made = await account.http.post("/v1/refunds", data={"payment_intent": str(payment.provider_payment_id)})
    return made.status_code


async def given_back(account: Account) -> Counter[str]:
    return Counter(f"{each['status']} {each['amount']}" for each in await every(account, "/v1/refunds"))


async def refund_rows(world: World) -> Counter[str]:
    async with world.db.transaction("test") as tx:
        return Counter(await tx.all(lambda row: str(row["status"]), "SELECT status FROM refunds"))


@pytest.mark.covers("F41")
async def test_of_two_whole_refunds_one_is_made(world: World, account: Account) -> None:
    async def race() -> bool:
        order, _ = await paid(world)
        ends = await both(promised(world, order.id, "clerk"), promised(world, order.id, "other clerk"))
        return sorted(ends) == ["Conflict", "Refund"]

    assert await rounds(race) == {True: ROUNDS}
    await work(world)
    assert await statuses(world) == {"refunded: succeeded": ROUNDS}
    assert await refund_rows(world) == {"succeeded": ROUNDS}
    assert await given_back(account) == {"succeeded 4900": ROUNDS}
    assert await sound(world)


async def test_a_job_that_is_approved_while_its_money_goes_back_is_not_on_the_board(world: World, account: Account) -> None:
    """Every other time the money is back at the provider, and only the news of it meets the approval."""
    shop, number = board(world), count()

    async def race() -> str:
        order, payment = await paid(shop, posting(f"job-{(mine := next(number))}", "checked-posting"), buyer=ADA)
        async with shop.db.transaction("test") as tx:
            (waiting,) = await job_postings.of_order(tx, order.id)
        if mine % 2:
            assert await in_the_dashboard(account, payment) == 200
            money = payments.sync_refunds(shop, str(payment.provider_payment_id), actor="webhook")
        else:
            money = payments.send_refund(shop, (await promised(shop, order.id, "clerk")).id)
        approve = shop.db.run("clerk", lambda tx: job_postings.approve(tx, waiting.id))
        return (await both(after(mine % 5 * 2 * PAUSE, approve), money))[0]

    ends = await rounds(race)
    assert ends["JobPosting"] + ends["Conflict"] == ROUNDS, ends
    async with shop.db.transaction("test") as tx:
        page = await job_postings.list_page(tx, limit=100)
    assert Counter(str(each.status) for each in page.items) == {"unpublished": ROUNDS}
    told = Counter(await happened(shop))
    assert (told["job.published"], told["job.unpublished"]) == (ends["JobPosting"], ROUNDS)
    assert await statuses(shop) == {"refunded: succeeded": ROUNDS}
    assert await given_back(account) == {"succeeded 9900": ROUNDS}
    assert await sound(shop)


async def test_a_job_that_is_published_again_while_its_first_money_goes_back_has_the_time_of_the_second(
    world: World, account: Account
) -> None:
    """The second payment publishes it, or prolongs it, and the refund takes it from the board, or shortens it."""
    shop, number = board(world), count()

    async def race() -> bool:
        job = f"job-{next(number)}"
        order, _ = await paid(shop, posting(job), buyer=ADA)
        refund = await promised(shop, order.id, "clerk")
        await both(paid(shop, posting(job), buyer=ADA), payments.send_refund(shop, refund.id))
        async with shop.db.transaction("test") as tx:
            found = await job_postings.get_by_job(tx, job)
        (live,) = found.live_lines
        left = found.remaining(shop.clock.now())
        return found.status == "published" and live.order_id != order.id and abs(live.length - left).total_seconds() < 600

    assert await rounds(race) == {True: ROUNDS}
    assert await statuses(shop) == {"refunded: succeeded": ROUNDS, "paid: succeeded": ROUNDS}
    assert await given_back(account) == {"succeeded 9900": ROUNDS}
    assert await sound(shop)


async def test_a_request_that_is_approved_while_the_dashboard_gives_the_money_back_gives_it_back_once(
    world: World, account: Account
) -> None:
    async def hear(payment: Payment) -> None:
        try:
            await payments.sync_refunds(world, str(payment.provider_payment_id), actor="webhook")
        except Conflict:
            # Ours is promised, and nobody knows yet that it will be refused: the news comes again.
            unheard.append(str(payment.provider_payment_id))

    async def ours(request: RefundRequest) -> RefundRequest:
        return await sent(world, await approved(world, request))

    async def theirs(payment: Payment) -> None:
        made[await in_the_dashboard(account, payment)] += 1
        await hear(payment)

    number, made, unheard = count(), Counter[int](), list[str]()

    async def race() -> str:
        """Both from the beginning, or one of them half done when the other begins a moment later."""
        order, payment = await paid(world)
        request = await asked(world, order)
        mine = next(number)
        pause = mine % 5 * PAUSE
        match mine % 3:
            case 0:
                ends = await both(ours(request), theirs(payment))
            case 1:
                ends = await both(sent(world, await approved(world, request)), after(pause, theirs(payment)))
            case _:
                made[await in_the_dashboard(account, payment)] += 1
                ends = await both(after(pause, ours(request)), hear(payment))
        return ends[0]

    ends = await rounds(race)
    assert ends["RefundRequest"] + ends["Conflict"] == ROUNDS, ends
    assert made[200] + made[400] == ROUNDS, made
    await work(world)
    for each in unheard:
        await payments.sync_refunds(world, each, actor="webhook")
    assert await given_back(account) == {"succeeded 4900": ROUNDS}
    assert await statuses(world) == {"refunded: succeeded": ROUNDS}
    refused = ends["RefundRequest"] - made[400]
    rows = await refund_rows(world)
    assert (rows["succeeded"], rows["failed"], rows.total()) == (ROUNDS, refused, ROUNDS + refused)
    async with world.db.transaction("test") as tx:
        found = Counter(await tx.all(lambda row: str(row["status"]), "SELECT status FROM refund_requests"))
    # What the dashboard was faster with is covered: nobody has to answer it.
    assert found == Counter({"refunded": made[400], "approved": refused, "covered": ends["Conflict"]}), found
    assert await sound(world)
