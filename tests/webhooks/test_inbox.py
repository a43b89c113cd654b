"""The inbox: a delivery is answered with a success only after it is stored, and stored once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import orjson
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.webhooks.conftest import Deliver, event, states, stored
from tests.worlds import WEBHOOK_SECRET, signed

from farthing.clock import TravelClock
from farthing.db import Database
from farthing.errors import DatabaseUnavailable
from farthing.providers import Notice
from farthing.providers.stripe import Stripe
from farthing.sandbox.signing import header
from farthing.webhooks import Delivery, Inbox, replay
from farthing.webhooks.store import claim
from farthing.world import World


@pytest.mark.covers("S000-19")
async def test_a_delivery_is_kept_as_it_was_signed(world: World, deliver: Deliver) -> None:
    body, signature = signed(event())
    answer = await deliver(body, signature)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    (notice,) = await stored(world)
    assert (notice.body, notice.provider_event_id, notice.type) == (body, "evt_1", "customer.created")
    assert (notice.provider, notice.livemode, notice.account, notice.api_version) == (
        "stripe",
        False,
        "",
        "2026-10-28.endive",
    )
    assert notice.occurred_at is not None
    assert int(notice.occurred_at.timestamp()) == 1_790_000_000


@pytest.mark.covers("F155")
async def test_the_edges_of_the_tolerance_are_taken(deliver: Deliver) -> None:
    for moment in (-295, 0, 295):
        body, signature = signed(event(), at=int(time.time()) + moment)
        assert (await deliver(body, signature)).status_code == 200


@pytest.mark.covers("S000-39")
async def test_what_nothing_follows_from_is_stored_and_ignored_with_a_reason(world: World, deliver: Deliver) -> None:
    sent = [
        event(id="evt_unknown", type="radar.something_new"),
        event(id="evt_live", type="payment_intent.succeeded", livemode=True, data={"object": {"id": "pi_1"}}),
        event(id="evt_seller", type="charge.dispute.created", account="acct_1", data={"object": {"id": "dp_1"}}),
        event(id="evt_elsewhere", type="payment_intent.succeeded", data={"object": {"id": "../../v1/customers?limit=1"}}),
        event(id="evt_nobody", type="charge.updated", data={"object": {"id": "ch_1"}}),
    ]
    for each in sent:
        assert (await deliver(*signed(each))).status_code == 200
    assert await states(world) == {
        "evt_unknown": "ignored: nothing follows from this type of event",
        "evt_live": "ignored: it is from the other mode (live or test)",
        "evt_seller": "ignored: nothing follows from this type of event of a connected account",
        "evt_elsewhere": "ignored: its object has no id",
        "evt_nobody": "ignored: its object has no payment_intent",
    }


@pytest.mark.covers("F38")
async def test_while_a_secret_is_changed_both_are_good() -> None:
    provider = Stripe("sk_test_x", livemode=False, webhook_secrets=["whsec_new", " whsec_old\n"])
    body = orjson.dumps(event())
    now = time.time()
    for secret in ("whsec_new", "whsec_old"):
        assert provider.verify(body, header(body, [secret], int(now)), now=now).id == "evt_1"
    # While one endpoint has two secrets, Stripe signs with both in one header.
    both = f"{header(body, ['whsec_gone'], int(now))},{header(body, ['whsec_old'], int(now)).partition(',')[2]}"
    assert provider.verify(body, both, now=now).id == "evt_1"
    await provider.close()


async def test_without_a_secret_nothing_is_believed() -> None:
    body = orjson.dumps(event())
    for secrets in ([], [""], [" "]):
        provider = Stripe("sk_test_x", livemode=False, webhook_secrets=secrets)
        for secret in ("", " ", WEBHOOK_SECRET):
            with pytest.raises(Exception, match="No signature matches"):
                provider.verify(body, header(body, [secret], int(time.time())), now=time.time())
        await provider.close()


@pytest.mark.covers("F37", "S003-20")
async def test_two_hundred_at_once_are_stored_once_each(world: World, deliver: Deliver) -> None:
    ids = [f"evt_{i}" for i in range(100)]
    sent = [signed(event(id=id)) for id in ids for _ in range(2)]
    answers = await asyncio.gather(*(deliver(body, signature) for body, signature in sent))
    assert [answer.status_code for answer in answers] == [200] * 200
    notices = await stored(world)
    assert sorted(notice.provider_event_id for notice in notices) == sorted(ids)


@pytest.mark.covers("F99")
async def test_the_same_event_of_another_account_or_mode_is_another_one(world: World, deliver: Deliver) -> None:
    for changes in ({}, {"account": "acct_1"}, {"account": "acct_2"}, {"livemode": True}, {}):
        assert (await deliver(*signed(event(**changes)))).status_code == 200
    assert sorted((n.account, n.livemode) for n in await stored(world)) == [
        ("", False),
        ("", True),
        ("acct_1", False),
        ("acct_2", False),
    ]


def _delivery(id: str, type: str = "customer.created") -> Delivery:
    notice = Notice(id, type, False, "", None, None, None, None, "nothing follows from this type of event")
    return Delivery("stripe", notice, b"{}")


async def test_one_delivery_that_the_database_refuses_fails_alone(world: World, inbox: Inbox) -> None:
    # The door lets nothing through that the database refuses; were there a gap in it, the others must not suffer.
    good = [_delivery(f"evt_{i}") for i in range(20)]
    outcomes = await asyncio.gather(
        *(inbox.put(delivery) for delivery in [*good[:10], _delivery("evt_bad", "a\0b"), *good[10:]]), return_exceptions=True
    )
    failed = [outcome for outcome in outcomes if outcome is not None]
    assert len(failed) == 1
    assert isinstance(failed[0], psycopg.DataError)
    assert len(await stored(world)) == 20


@asynccontextmanager
async def unreachable(postgres: str, dsn: str) -> AsyncIterator[None]:
    """Nobody gets into the database any more, and whoever was in it is out."""
    name = str(conninfo_to_dict(dsn)["dbname"])
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    async with await psycopg.AsyncConnection.connect(postgres, autocommit=True) as server:
        await server.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        await server.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [name],
        )
        try:
            yield
        finally:
            await server.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


async def test_while_the_database_is_gone_nothing_is_answered_with_a_success(
    world: World, deliver: Deliver, postgres: str, dsn: str
) -> None:
    first, second = signed(event(id="evt_1")), signed(event(id="evt_2"))
    assert (await deliver(*first)).status_code == 200
    async with unreachable(postgres, dsn):
        began = time.monotonic()
        answer = await deliver(*second)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert time.monotonic() - began < 20
        assert "host=" not in answer.text
    for _ in range(40):  # connections that broke come back one by one
        again = await deliver(*second)
        if again.status_code != 503:
            break
        await asyncio.sleep(0.2)
    else:
        pytest.fail("the database is back, and nobody noticed")
    assert again.status_code == 200
    assert sorted(await states(world)) == ["evt_1", "evt_2"]


async def test_what_waits_when_the_server_stops_is_told_so(world: World) -> None:
    inbox = Inbox(world.db)
    async with world.db.transaction("test") as tx:
        await tx.run("LOCK TABLE provider_events IN ACCESS EXCLUSIVE MODE")
        waiting = [asyncio.create_task(inbox.put(_delivery(f"evt_{i}"))) for i in range(150)]
        await asyncio.sleep(0.1)
        await inbox.close()
        outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    assert await stored(world) == []


async def test_a_batch_that_is_stored_one_by_one_when_the_server_stops_leaves_nobody_waiting(world: World) -> None:
    inbox = Inbox(world.db)
    deliveries = [_delivery("evt_bad", "a\0b"), *(_delivery(f"evt_{i}") for i in range(5))]
    async with world.db.transaction("test") as tx:
        # Another process is storing one of them: whoever stores it, too, waits.
        await tx.run(
            """
            INSERT INTO provider_events (id, provider, livemode, provider_event_id, type, body, received_at, status, due_at)
            VALUES (gen_random_uuid(), 'stripe', false, 'evt_2', 'x', '', now(), 'ignored', now())
            """
        )
        waiting = [asyncio.create_task(inbox.put(delivery)) for delivery in deliveries]
        await asyncio.sleep(0.3)
        await inbox.close()
        outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    assert [type(outcome) for outcome in outcomes] == [
        psycopg.errors.UntranslatableCharacter,
        type(None),
        type(None),
        *[DatabaseUnavailable] * 3,
    ]
    assert sorted(await states(world)) == ["evt_0", "evt_1", "evt_2"]


async def test_an_event_in_the_hands_of_a_dead_worker_comes_back(world: World, deliver: Deliver, clock: TravelClock) -> None:
    await deliver(*signed(event(type="refund.created", data={"object": {"id": "re_1"}})))
    lease = timedelta(seconds=30)

    async def taken(db: Database) -> int:
        async with db.transaction("test") as tx:
            return len(await claim(tx, limit=10, lease=lease))

    assert [await taken(world.db), await taken(world.db)] == [1, 0]
    clock.advance(lease)
    assert [await taken(world.db), await taken(world.db)] == [1, 0]


async def test_two_who_claim_at_once_take_different_events(world: World, deliver: Deliver) -> None:
    for i in range(10):
        await deliver(*signed(event(id=f"evt_{i}", type="refund.created", data={"object": {"id": f"re_{i}"}})))
    async with world.db.transaction("one") as one, world.db.transaction("other") as other:
        first = await claim(one, limit=6, lease=timedelta(seconds=30))
        second = await claim(other, limit=6, lease=timedelta(seconds=30))
    assert (len(first), len(second)) == (6, 4)
    assert not {notice.id for notice in first} & {notice.id for notice in second}


async def test_only_what_was_acted_on_and_is_about_something_is_replayed(world: World, deliver: Deliver) -> None:
    await deliver(*signed(event(id="evt_1")))
    await deliver(*signed(event(id="evt_2", type="refund.created", data={"object": {"id": "re_1"}})))
    ids = [notice.id for notice in await stored(world)]
    async with world.db.transaction("test") as tx:
        assert await replay(tx, ids) == 0
        await tx.run("UPDATE provider_events SET status = 'parked', attempts = 12 WHERE provider_event_id = 'evt_2'")
        assert await replay(tx, ids) == 1
    assert [(n.status, n.attempts) for n in await stored(world)] == [("ignored", 0), ("received", 0)]
