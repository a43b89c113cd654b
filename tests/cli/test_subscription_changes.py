"""Changing and pausing a subscription from the command line: shown first, asked for, and told of afterwards."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import FARTHING, Farthing, bare_environment
from tests.subscriptions.conftest import PLANS, Ada, ada, begin, plain_world, the_one
from tests.subscriptions.conftest import world as shop_world
from tests.worlds import Account

from farthing import invoices, subscriptions
from farthing.world import World

__all__ = ["ada", "plain_world"]


world = shop_world


@pytest.fixture
def plans(folder: Path) -> None:
    (folder / "farthing.toml").write_text(PLANS)


async def test_a_plan_is_changed_by_email_after_its_price_was_shown(
    plans: None, farthing: Farthing, world: World, ada: Ada
) -> None:
    await ada.saves("pm_card_visa")
    await begin(world, success_url=None, cancel_url=None, use_default=True)
    bought = await the_one(world)
    change = ("subscriptions", "change-plan", "ada@example.com", "team")
    shown = farthing(*change, "--dry-run", "--json").json
    assert (shown["status"], shown["kind"], shown["renewal"]["amount"]) == ("quoted", "upgrade", 5000)
    unasked = farthing(*change)
    assert (unasked.code, "Charged now" in unasked.err, "nothing was done" in unasked.err) == (8, True, True)
    assert (await the_one(world)).plan == "pro"
    done = farthing(*change, "--yes", "--json").json
    assert (done["status"], (await the_one(world, "team")).id) == ("done", bought.id)
    again = farthing(*change, "--yes")
    assert (again.code, "nothing would change" in again.err) == (5, True)
    planned = farthing("subscriptions", "change-plan", "ada@example.com", "pro", "monthly", "--yes", "--json").json
    assert planned["status"] == "scheduled"
    assert "scheduled" in farthing("subscriptions", "show", "ada@example.com").out
    assert farthing("subscriptions", "drop-change", "ada@example.com", "--yes", "--json").json["status"] == "dropped"
    told = farthing("why", str(bought.id)).out
    assert "Change of the subscription asked for" in told
    assert "Change of the subscription called off" in told


async def test_a_subscription_is_paused_and_goes_on_by_command(plans: None, farthing: Farthing, world: World, ada: Ada) -> None:
    await ada.saves("pm_card_visa")
    await begin(world, success_url=None, cancel_url=None, use_default=True)
    pause = ("subscriptions", "pause", "ada@example.com")
    assert farthing(*pause, "--dry-run", "--json").json["paused"] is False
    wrong = farthing(*pause, "--until", "soon", "--yes")
    assert (wrong.code, "no day such as" in wrong.err) == (2, True)
    assert farthing(*pause, "--yes", "--json").json["paused"] is True
    assert "Paused" in farthing("subscriptions", "show", "ada@example.com").out
    assert farthing("subscriptions", "resume", "ada@example.com", "--yes").code == 0
    assert (await the_one(world)).is_paused is False


@pytest.mark.parametrize("dies_in", ["preview", "change"])
async def test_a_process_killed_in_a_change_leaves_all_of_it_or_nothing(
    dies_in: str, plans: None, folder: Path, shop: dict[str, str], world: World, account: Account, ada: Ada
) -> None:
    await ada.saves("pm_card_visa")
    await begin(world, success_url=None, cancel_url=None, use_default=True)
    bought = await the_one(world)
    slow = {"preview": "/v1/invoices/create_preview", "change": f"/v1/subscriptions/{bought.provider_subscription_id}"}
    fault = {"kind": "slow", "method": "POST", "path": slow[dies_in], "seconds": 3, "times": 4}
    (await account.http.post("/_sandbox/faults", json=fault)).raise_for_status()
    line = [*FARTHING, "subscriptions", "change-plan", "ada@example.com", "team", "--yes"]
    process = await asyncio.create_subprocess_exec(
        *line, cwd=folder, env=bare_environment() | shop, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(60):
            while not await _reached(world, account, dies_in):
                assert process.returncode is None
                await asyncio.sleep(0.05)
    finally:
        process.kill()
        await process.wait()
    await account.http.delete("/_sandbox/faults")
    await asyncio.sleep(3.5)
    ada.clock.advance(timedelta(minutes=1))
    await subscriptions.apply_due(world)
    async with world.db.transaction("test") as tx:
        made = [str(each.status) for each in await subscriptions.changes_of(tx, bought.id)]
        billed = await invoices.of_subscription(tx, bought.id)
        plan = (await subscriptions.get(tx, bought.id)).plan
    assert (made, plan, len(billed)) == (([], "pro", 1) if dies_in == "preview" else (["done"], "team", 2))


async def _reached(world: World, account: Account, dies_in: str) -> bool:
    if dies_in == "preview":
        left = (await account.http.get("/_sandbox/faults")).json()
        return sum(int(each["times"]) for each in left["faults"]) < 4
    async with world.db.transaction("test") as tx:
        return bool(await tx.value("SELECT EXISTS (SELECT FROM subscription_changes WHERE status = 'asked') AS asked"))
