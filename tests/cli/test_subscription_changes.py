"""Changing and pausing a subscription from the command line: shown first, asked for, and told of afterwards."""

from pathlib import Path

import pytest
from tests.cli.conftest import Farthing
from tests.subscriptions.conftest import PLANS, Ada, ada, begin, plain_world, the_one
from tests.subscriptions.conftest import world as shop_world

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
