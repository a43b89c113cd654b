"""Sellers from the command line: looking, onboarding, asking the provider and deciding."""

from tests.cli.conftest import Farthing
from tests.sellers.selling import goes_through, read, theirs
from tests.worlds import Account

from farthing.ids import SellerId
from farthing.world import World


async def test_a_seller_is_led_shown_stopped_and_let_go_on(farthing: Farthing, world: World, account: Account) -> None:
    led = farthing("sellers", "onboard", "grace", "--email", "grace@example.com", "--country", "US", "--json").json
    assert "/c/onboarding/" in led["url"]
    (made,) = await theirs(account)
    grace = SellerId.parse(led["seller"])
    shown = farthing("sellers", "show", made["id"], "--json").json
    assert (shown["external_id"], shown["status"]) == ("grace", "onboarding")
    assert {"said": "Your date of birth.", "urgency": "now"}.items() <= next(
        each for each in shown["reasons"] if "birth" in each["said"]
    ).items()
    await goes_through(account, await read(world, grace))
    assert farthing("sellers", "sync", "grace", "--json").json["may_sell"] is True
    told = ("sellers", "suspend", "grace@example.com", "--reason", "Sells fakes.")
    assert (farthing(*told).code, farthing(*told, "--dry-run").code) == (8, 0)
    assert (await read(world, grace)).suspended_at is None
    assert "Suspended: Sells fakes." in farthing(*told, "--yes").out
    listed = farthing("sellers", "list", "--suspended", "--status", "active", "--json").json["data"]
    assert [each["external_id"] for each in listed] == ["grace"]
    assert farthing("sellers", "reinstate", "grace", "--reason", "They were real.", "--yes").code == 0
    assert farthing("sellers", "reinstate", "grace", "--reason", "Again.", "--yes").code == 5
    assert farthing("sellers", "reject", "grace", "--reason", "fraud", "--note", "Stolen.", "--yes").code == 0
    assert (await read(world, grace)).rejection_reason == "fraud"
    assert farthing("sellers", "show", "nobody").code == 4
    why = [each["title"] for each in farthing("why", made["id"], "--json").json["timeline"]]
    assert why[:3] == ["Seller told of", "Account made at the provider", "Led to onboarding"]
    assert why[-3:] == ["Seller suspended", "Seller reinstated", "Rejection asked for"]
