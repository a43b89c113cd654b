"""Reconciling, reading missed events and rehearsing a replay from the command line."""

import asyncio
import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from tests.cli.conftest import FARTHING, Farthing, bare_environment
from tests.news import count, hear, paid_beside, read, tell
from tests.worlds import Account, buy, session_of, start, unchanged

from farthing import reconcile
from farthing.clock import TravelClock
from farthing.ids import PaymentId
from farthing.world import World


@pytest.mark.covers("S003-28", "S000-53")
async def test_a_replay_is_rehearsed_a_missed_event_swept_and_a_difference_named_with_its_exit_code(
    farthing: Farthing, world: World, account: Account
) -> None:
    started = await start(world)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    await tell(world, await account.events("payment_intent.succeeded"))
    async with world.db.transaction("test") as tx:
        await tx.run("UPDATE provider_events SET status = 'parked', reason = 'a mishap'")
    async with unchanged(world):
        said = farthing("events", "replay", "--status", "parked", "--dry-run", "--json")
    assert said.code == 0, said.err
    event, summary = map(json.loads, said.out.splitlines())
    assert (event["outcome"], event["would"].split(", ")[:2]) == ("changes", ["payment.succeeded", "order.paid"])
    assert (summary["chosen"], summary["changes"]) == (1, 1)

    swept = farthing("events", "sweep", "--since", "1h", "--json").json
    assert (swept["stored"] > 0, swept["lost_since"]) == (True, None)
    await hear(world, account)
    assert (await read(world, started.order_id)).status == "paid"

    assert farthing("reconcile", "--check", "--days", "7").code == 0
    orphan = await paid_beside(account, PaymentId.new(), 700)
    assert farthing("reconcile").code == 0, "to look is no failure"
    differs = farthing("reconcile", "--check", "--apply", "--full", "--json")
    [left] = differs.json["discrepancies"]
    assert (differs.code, left["kind"], left["subject"], left["theirs"]) == (7, "missing_here", orphan, "succeeded 7.00 EUR")
    assert "not in this database" in left["reason"]
    shown = farthing("reconcile", "--check")
    assert (shown.code, orphan in shown.out) == (7, True)
    assert farthing("discrepancies", "accept", left["id"], "--note", "of another shop").code == 0
    assert farthing("reconcile", "--check").code == 0
    assert farthing("reconcile", "--full", "--days", "3").code == 2


async def test_whoever_compares_days_in_which_nothing_was_made_hears_what_to_type(
    farthing: Farthing, world: World, account: Account
) -> None:
    await buy(world, account)
    await asyncio.sleep(2)
    said = farthing("reconcile", "--since", "1s")
    assert "0 compared" in said.out
    assert "farthing reconcile --full" in " ".join(said.out.split())
    assert "--full" not in farthing("reconcile").out


async def test_a_reconciliation_that_was_killed_does_not_run_for_ever(
    folder: Path, shop: dict[str, str], world: World, account: Account
) -> None:
    await account.fail_next("timeout", "/v1/*", method="GET", times=20)

    async def runs(clock_forward: timedelta = timedelta()) -> list[tuple[str, bool]]:
        cast("TravelClock", world.clock).advance(clock_forward)
        await reconcile.nightly_due(world)
        async with world.db.transaction("test") as tx:
            page = await reconcile.runs_page(tx, limit=10)
        return [(str(each.status), each.failure is not None) for each in page.items]

    with subprocess.Popen([*FARTHING, "reconcile"], cwd=folder, env=bare_environment() | shop) as process:
        while await runs() != [("running", False)]:
            assert process.poll() is None
            await asyncio.sleep(0.05)
        process.kill()
    assert await runs() == [("running", False)], "it may still be alive"
    assert await runs(timedelta(minutes=3)) == [("failed", True)]
    assert await count(world, "reconciliation_seen") == 0


async def test_events_are_replayed_by_order(farthing: Farthing, world: World, account: Account) -> None:
    order = await buy(world, account)
    await hear(world, account)
    told = farthing("events", "replay", "--order", str(order.number), "--json").json
    assert told["replayed"] > 0
