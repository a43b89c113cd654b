"""Sellers' payouts from the command line: what can go, what it is made of, and who holds it."""

from dataclasses import replace
from pathlib import Path

from tests.cli.conftest import Farthing
from tests.marketplace.conftest import MARKET, Market
from tests.marketplace.test_paying_sellers import AVAILABLE_AT_ONCE, earned, settle
from tests.news import hear, work
from tests.sellers.selling import onboarded
from tests.worlds import Account

from farthing import catalog
from farthing.world import World


async def test_what_a_seller_has_is_paid_out_stated_held_and_let_go(
    farthing: Farthing, world: World, account: Account, tmp_path: Path
) -> None:
    there = replace(world, catalog=catalog.parse(MARKET))
    grace = await onboarded(there, account, "grace")
    market = Market(there, account, grace, grace)
    await earned(market, card=AVAILABLE_AT_ONCE)
    await settle(market)
    would = farthing("payouts", "run", "--dry-run", "--json").json
    assert (would["payouts"], would["sums"]) == (1, [{"amount": 1800, "currency": "usd"}])
    assert "1 payout, 18.00 USD" in farthing("payouts", "run", "--dry-run").out
    assert farthing("payouts", "run").code == 8
    held = ("payouts", "hold", "grace", "--reason", "Looks strange.")
    assert farthing(*held, "--dry-run", "--json").json["held_at"] is None
    assert "held since" in farthing(*held, "--yes").out
    assert farthing("payouts", "run", "--yes", "--json").json["payouts"] == 0
    assert farthing("payouts", "release", "grace", "--yes", "--json").json["held_because"] is None
    assert farthing("payouts", "run", "--seller", "grace", "--yes", "--json").json["payouts"] == 1
    await work(there)
    (listed,) = farthing("payouts", "list", "--seller", "grace", "--json").json["data"]
    assert (listed["status"], listed["money"]) == ("pending", {"amount": 1800, "currency": "usd"})
    assert listed["id"] in farthing("payouts", "show", listed["id"]).out
    told = farthing("payouts", "statement", listed["id"], "--json").json
    assert [(each["kind"], each["amount"]["amount"]) for each in told["lines"]] == [("sale", 2000), ("platform_fee", -200)]
    path = tmp_path / "grace.csv"
    assert farthing("payouts", "statement", listed["id"], "--form", "csv", "--output", str(path)).code == 0
    assert path.read_text().startswith("date,kind,order,item,amount,currency,reference")
    again = farthing("payouts", "retry", listed["id"], "--yes")
    assert (again.code, "did not fail" in again.err) == (5, True)
    await hear(there, account)
    assert farthing("reconcile", "--json").code == 0
    assert farthing("invariants").code == 0
    assert farthing("payouts", "hold", "nobody", "--reason", "x", "--yes").code == 4
