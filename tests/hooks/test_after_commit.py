"""`@pay.on(…)`: a host's own reaction runs once for each event, after the commit, and failures are its own."""

import threading
import time

import pytest
from tests.hooks.conftest import Diary
from tests.news import work
from tests.worlds import Account, buy, start

from farthing import Event, Farthing, OrderPaid, OrderPlaced, jobs, reactions
from farthing.ids import EventId
from farthing.worker import TASKS


async def runs(pay: Farthing) -> dict[str, tuple[str, int, str | None]]:
    """Hook → how its one run stands."""
    async with pay.world.db.transaction("test") as tx:
        rows = await tx.all(dict, "SELECT hook, status, attempts, last_error FROM hook_runs")
    return {row["hook"]: (row["status"], row["attempts"], row["last_error"]) for row in rows}


async def test_a_hook_is_told_once_with_what_it_needs(pay: Farthing, account: Account, diary: Diary) -> None:
    pay.on(OrderPaid, name="diary")(diary.write)
    async with pay:
        order = await buy(pay.world, account)
        assert diary.told == [], "nothing is told before the jobs run"
        await work(pay.world)
        await work(pay.world)
        (event,) = diary.told
        assert type(event) is OrderPaid
        assert (event.type, event.order_id, event.actor) == ("order.paid", order.id, "test")
        assert event.data["number"] == order.number
        assert event.data["total"] == {"amount": 4900, "currency": "eur"}
        assert [line["product"] for line in event.data["line_items"]] == ["guide"]
        assert (await runs(pay))["hook:diary"] == ("done", 1, None)


async def test_events_can_be_named_by_their_names(pay: Farthing, diary: Diary) -> None:
    pay.on("order.placed")(diary.write)
    async with pay:
        await start(pay.world)
        await work(pay.world)
    assert [type(event) for event in diary.told] == [OrderPlaced]


@pytest.mark.covers("F131", "S000-36")
async def test_a_hook_that_raises_is_tried_again_and_disturbs_nobody(pay: Farthing, account: Account) -> None:
    failing, calm = Diary(refuses=3), Diary()
    pay.on(OrderPaid, name="failing")(failing.write)
    pay.on(OrderPaid, name="calm")(calm.write)
    async with pay:
        order = await buy(pay.world, account)
        drained = await work(pay.world)
        assert drained.again == 3
        assert (failing.calls, len(failing.told), calm.calls) == (4, 1, 1)
        found = await runs(pay)
        assert found["hook:failing"] == ("done", 4, None)
        assert found["hook:calm"] == ("done", 1, None)
        assert found["email:order_confirmation"] == ("done", 1, None)
        assert (await pay.order(str(order.id))).status == "paid"


async def test_what_a_hook_said_when_it_failed_is_kept(pay: Farthing, account: Account) -> None:
    @pay.on(OrderPaid, name="odd")
    async def odd(event: Event) -> None:
        raise ValueError("a NUL \0, half a pair \ud800, and much more" + "x" * 5000)

    async with pay:
        await buy(pay.world, account)
        await jobs.drain(pay.world.db, pay.world, TASKS)
        status, attempts, error = (await runs(pay))["hook:odd"]
        assert (status, attempts) == ("failed", 1)
        assert error is not None
        assert error.startswith("ValueError: a NUL , half a pair ?, and much more")
        assert len(error) < 600


async def test_what_a_driver_says_of_a_row_is_not_kept(pay: Farthing, account: Account) -> None:
    @pay.on(OrderPaid, name="twice")
    async def twice(event: Event) -> None:
        async with pay.world.db.transaction("host") as tx:
            await tx.connection.execute("CREATE TEMP TABLE people (email text UNIQUE) ON COMMIT DROP")
            await tx.connection.execute("INSERT INTO people VALUES ('ada@example.com'), ('ada@example.com')")

    async with pay:
        await buy(pay.world, account)
        await jobs.drain(pay.world.db, pay.world, TASKS)
        _, _, error = (await runs(pay))["hook:twice"]
    assert error is not None
    assert error.startswith("UniqueViolation: duplicate key")
    assert "ada@" not in error


@pytest.mark.covers("F132")
async def test_a_plain_function_runs_in_a_thread_of_its_own(pay: Farthing, account: Account) -> None:
    threads: list[str] = []

    @pay.on(OrderPaid)
    def slow(event: Event) -> None:
        time.sleep(0.05)
        threads.append(threading.current_thread().name)

    async with pay:
        await buy(pay.world, account)
        await work(pay.world)
    assert len(threads) == 1
    assert threads[0] != threading.main_thread().name


async def test_a_plain_function_that_returns_a_coroutine_is_awaited(pay: Farthing, account: Account, diary: Diary) -> None:
    pay.on(OrderPaid, name="wrapped")(lambda event: diary.write(event))
    async with pay:
        await buy(pay.world, account)
        await work(pay.world)
    assert len(diary.told) == 1


@pytest.mark.covers("F67")
async def test_the_same_event_announced_twice_is_told_once(pay: Farthing, account: Account, diary: Diary) -> None:
    pay.on(OrderPaid, name="diary")(diary.write)
    async with pay:
        await buy(pay.world, account)
        await work(pay.world)
        async with pay.world.db.transaction("test") as tx:
            id = await tx.value("SELECT id FROM events WHERE type = 'order.paid'")
            await jobs.schedule(tx, "events.announce", event=str(diary.told[0].id))
            await jobs.schedule(tx, "events.react", event=str(diary.told[0].id), to="hook:diary")
        assert diary.told[0].id == id
        await work(pay.world)
    assert diary.calls == 1


async def test_a_hook_that_this_process_does_not_have_waits_for_one_that_does(
    pay: Farthing, account: Account, diary: Diary
) -> None:
    pay.on(OrderPaid, name="diary")(diary.write)
    async with pay:
        await buy(pay.world, account)
        async with pay.world.db.transaction("test") as tx:
            paid = await tx.value("SELECT id FROM events WHERE type = 'order.paid'")
        await reactions.announce(pay.world, {"event": str(EventId.of(paid))})
        registered = dict(pay.world.hooks)
        pay.world.hooks.clear()
        await jobs.drain(pay.world.db, pay.world, TASKS)
        status, _, error = (await runs(pay))["hook:diary"]
        assert status == "failed"
        assert "start the worker with the application that registers it" in str(error)
        pay.world.hooks.update(registered)
        await work(pay.world)
        assert (await runs(pay))["hook:diary"][0] == "done"
    assert diary.calls == 1


@pytest.mark.covers("F134")
async def test_what_happened_to_an_order_is_told_in_its_order(pay: Farthing, account: Account, diary: Diary) -> None:
    pay.on(OrderPlaced, name="diary")(diary.write)
    pay.on(OrderPaid, name="diary")(diary.write)
    async with pay:
        await buy(pay.world, account)
        async with pay.world.db.transaction("test") as tx:
            told = await tx.all(lambda row: EventId.of(row["id"]), "SELECT id FROM events ORDER BY sequence DESC")
        for event in told:  # the last one first
            await reactions.announce(pay.world, {"event": str(event)})
        await work(pay.world)
        await work(pay.world)
        assert [event.type for event in diary.told] == ["order.placed", "order.paid"]
