"""`when="in_transaction"`: the host's own rows commit with the payment, or neither does."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.news import happened, hear, sound, tell, work
from tests.worlds import Account, session_of, start

from farthing import Farthing, OrderPaid, checkout, webhooks
from farthing.checkout import Started
from farthing.clock import TravelClock
from farthing.db import Transaction
from farthing.errors import DatabaseUnavailable
from farthing.events import Event


@pytest.fixture
def seats(pay: Farthing) -> "Seats":
    return Seats(pay)


class Seats:
    """A table of the host's own, which a hook fills."""

    def __init__(self, pay: Farthing) -> None:
        self.pay = pay
        self.broken = False
        pay.on(OrderPaid, when="in_transaction")(self.assign)

    async def assign(self, tx: Transaction, event: Any) -> None:
        await tx.connection.execute("INSERT INTO public.seats VALUES (%s)", [event.order_id])
        if self.broken:
            raise RuntimeError("no seat is left")

    async def build(self) -> None:
        async with self.pay.world.db.transaction("host") as tx:
            await tx.connection.execute("CREATE TABLE public.seats (order_id uuid PRIMARY KEY)")

    async def taken(self) -> list[Any]:
        async with self.pay.world.db.transaction("host") as tx:
            return await tx.all(lambda row: row["order_id"], "SELECT order_id FROM public.seats")


async def paid_for(pay: Farthing, account: Account) -> tuple[Started, str]:
    """A checkout whose buyer has paid, which nobody here has heard of yet."""
    started = await start(pay.world)
    session = await session_of(pay.world, started.id)
    assert (await account.pay(session)).status_code == 200
    return started, session


async def test_the_hosts_rows_commit_with_the_payment(pay: Farthing, account: Account, seats: Seats) -> None:
    async with pay:
        await seats.build()
        started, session = await paid_for(pay, account)
        for _ in range(2):
            await checkout.sync(pay.world, session, actor="test")
        assert await seats.taken() == [started.order_id]
        assert (await pay.order(str(started.order_id))).status == "paid"


@pytest.mark.covers("F131")
async def test_while_the_hook_raises_the_order_is_not_paid_and_once_it_is_mended_it_is(
    pay: Farthing, account: Account, seats: Seats, clock: TravelClock
) -> None:
    async with pay:
        await seats.build()
        started, session = await paid_for(pay, account)
        before = await happened(pay.world)
        seats.broken = True
        with pytest.raises(RuntimeError, match="no seat"):
            await checkout.sync(pay.world, session, actor="test")
        await hear(pay.world, account)
        await work(pay.world)
        assert await seats.taken() == []
        assert (await pay.order(str(started.order_id))).status == "open"
        assert await happened(pay.world) == before
        assert not await pay.entitled("ada", "guide:pro")
        assert await sound(pay.world)
        async with pay.world.db.transaction("test") as tx:
            reasons = await tx.all(
                lambda row: str(row["reason"]), "SELECT reason FROM provider_events WHERE status = 'received'"
            )
        assert set(reasons) == {"RuntimeError while acting on it; the log has more"}

        seats.broken = False
        clock.advance(timedelta(seconds=10))
        while await webhooks.drain(pay.world):
            pass
        assert await seats.taken() == [started.order_id]
        assert (await pay.order(str(started.order_id))).status == "paid"
        assert await pay.entitled("ada", "guide:pro")
        assert await sound(pay.world)


async def test_the_buyer_who_returns_while_the_hook_raises_is_sent_on(pay: Farthing, account: Account, seats: Seats) -> None:
    async with pay:
        await seats.build()
        started, session = await paid_for(pay, account)
        seats.broken = True
        async with httpx.AsyncClient(transport=httpx.ASGITransport(pay.asgi), base_url="http://testserver") as http:
            answer = await http.get("/checkout/return", params={"session_id": session})
        assert (answer.status_code, answer.headers["location"]) == (303, "http://testserver/thanks")
        assert (await pay.order(str(started.order_id))).status == "open"


@pytest.mark.covers("F132")
async def test_what_a_hook_waits_for_too_long_is_rolled_back_with_all_the_rest(pay: Farthing, account: Account) -> None:
    timeouts: list[str] = []

    @pay.on(OrderPaid, when="in_transaction")
    async def slow(tx: Transaction, event: Event) -> None:
        timeouts.append(await tx.value("SHOW statement_timeout"))
        await tx.run("SET LOCAL statement_timeout = '50ms'")  # ours is five seconds: too long for a test
        await tx.run("SELECT pg_sleep(3)")

    async with pay:
        started, session = await paid_for(pay, account)
        with pytest.raises(DatabaseUnavailable, match="did not finish in time"):
            await checkout.sync(pay.world, session, actor="test")
        assert timeouts == ["5s"]
        assert (await pay.order(str(started.order_id))).status == "open"


async def test_after_the_hooks_our_own_timeout_is_back(pay: Farthing, account: Account) -> None:
    seen: list[str] = []

    @pay.on(OrderPaid, when="in_transaction")
    async def quick(tx: Transaction, event: Event) -> None:
        seen.append(await tx.value("SHOW statement_timeout"))

    @pay.on("entitlement.granted", when="in_transaction")
    async def later(tx: Transaction, event: Event) -> None:
        seen.append(await tx.value("SHOW statement_timeout"))

    async with pay:
        _, session = await paid_for(pay, account)
        await checkout.sync(pay.world, session, actor="test")
        async with pay.world.db.transaction("test") as tx:
            assert await tx.value("SHOW statement_timeout") == "15s"
    assert seen == ["5s", "5s"]


async def test_every_recorded_event_can_be_heard_in_its_transaction(pay: Farthing, account: Account) -> None:
    heard: list[str] = []

    async def listen(tx: Transaction, event: Event) -> None:
        assert isinstance(event, Event)
        heard.append(event.type)

    for name in ("order.placed", "payment.succeeded", "order.paid", "entitlement.granted", "checkout.completed"):
        pay.on(name, when="in_transaction")(listen)
    async with pay:
        _, session = await paid_for(pay, account)
        await checkout.sync(pay.world, session, actor="test")
    assert heard == ["order.placed", "payment.succeeded", "order.paid", "entitlement.granted", "checkout.completed"]


async def test_a_hook_registered_after_the_start_is_heard(pay: Farthing, account: Account) -> None:
    heard: list[str] = []
    async with pay:

        @pay.on(OrderPaid, when="in_transaction")
        async def late(tx: Transaction, event: Event) -> None:
            heard.append("in transaction")

        @pay.on(OrderPaid)
        async def later(event: Event) -> None:
            heard.append("after commit")

        _, session = await paid_for(pay, account)
        await checkout.sync(pay.world, session, actor="test")
        await work(pay.world)
    assert heard == ["in transaction", "after commit"]


async def test_two_who_settle_at_once_run_the_hook_once(pay: Farthing, account: Account, seats: Seats) -> None:
    async with pay:
        await seats.build()
        started, session = await paid_for(pay, account)
        await tell(pay.world, await account.events())
        await asyncio.gather(
            *(checkout.sync(pay.world, session, actor="page") for _ in range(4)), *(webhooks.drain(pay.world) for _ in range(2))
        )
        assert await seats.taken() == [started.order_id]
        assert (await happened(pay.world)).count("order.paid") == 1
        assert await sound(pay.world)
