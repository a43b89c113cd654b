"""The audit trail: what is recorded happened, in its order, with who did it, and is announced exactly then."""

from typing import Any

import psycopg
import pytest

from farthing import events, jobs
from farthing.db import Database, Transaction
from farthing.events import ANNOUNCED, Announced, Event, OrderPaid
from farthing.ids import EventId, OrderId, RefundId


async def queued(db: Database) -> list[tuple[str, dict[str, Any]]]:
    async with db.transaction("test") as tx:
        return await tx.all(
            lambda row: (row["entrypoint"], row["args"]),
            "SELECT entrypoint, convert_from(payload, 'UTF8')::json AS args FROM jobs ORDER BY id",
        )


async def test_an_event_says_what_when_who_and_about_what(db: Database) -> None:
    order = OrderId.new()
    async with db.transaction("staff:1") as tx:
        recorded = await events.record(tx, "order.paid", order=order, number=1001)
        assert type(recorded) is OrderPaid
        assert recorded == OrderPaid(recorded.id, "order.paid", tx.now, "staff:1", order, {"number": 1001})
    async with db.transaction("test") as tx:
        assert await events.find(tx, recorded.id) == recorded
        assert await events.of_order(tx, order) == [recorded]
        assert await events.find(tx, EventId.new()) is None


async def test_what_is_announced_gets_its_job_in_the_same_commit(db: Database) -> None:
    async with db.transaction("test") as tx:
        told = await events.record(tx, "order.expired")
        await events.record(tx, "payment.fee_known")
    assert await queued(db) == [("events.announce", {"event": str(told.id)})]


async def test_what_is_rolled_back_never_happened(db: Database) -> None:
    async def work(tx: Transaction) -> None:
        await events.record(tx, "order.paid")
        raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        await db.run("test", work)
    async with db.transaction("test") as tx:
        assert await tx.value("SELECT count(*) FROM events") == 0
        counts = await jobs.counts(tx)
    assert await queued(db) == []
    assert counts is not None


async def test_ids_are_written_as_people_know_them(db: Database) -> None:
    refund = RefundId.new()
    async with db.transaction("test") as tx:
        event = await events.record(tx, "catalog.applied", refund=refund, nested={"ids": [refund, (refund,)]}, n=1, none=None)
        found = await events.find(tx, event.id)
    assert found is not None
    assert found.data == event.data
    assert found.data == {"refund": str(refund), "nested": {"ids": [str(refund), [str(refund)]]}, "n": 1, "none": None}


@pytest.mark.covers("F188")
@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'nobody'", "DELETE FROM events", "TRUNCATE events CASCADE"])
async def test_nobody_rewrites_what_happened(db: Database, statement: str) -> None:
    async with db.transaction("test") as tx:
        event = await events.record(tx, "catalog.applied")

    async def work(tx: Transaction) -> None:
        await tx.connection.execute(statement)

    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        await db.run("test", work)
    async with db.transaction("test") as tx:
        assert await events.find(tx, event.id) == event


async def test_lists_are_of_one_type_or_one_order(db: Database) -> None:
    one, other = OrderId.new(), OrderId.new()
    async with db.transaction("test") as tx:
        first = await events.record(tx, "order.placed", order=one)
        second = await events.record(tx, "order.placed", order=other)
        third = await events.record(tx, "order.paid", order=one)

        async def listed(**wanted: Any) -> list[Event]:
            return list((await events.list_page(tx, limit=10, **wanted)).items)

        assert await listed() == [third, second, first]
        assert await listed(type="order.placed") == [second, first]
        assert await listed(order=one) == [third, first]
        assert await listed(order=other, type="order.paid") == []
        assert await events.of_order(tx, one) == [first, third]


@pytest.mark.covers("S000-18")
def test_every_announced_event_explains_itself() -> None:
    assert all(kind.__doc__ for kind in ANNOUNCED.values())
    assert {kind.name for kind in Announced.__subclasses__()} == set(ANNOUNCED)
