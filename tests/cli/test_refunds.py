"""`farthing refunds`: preview, give back by line, ask and approve, from the command line."""

from pathlib import Path

from tests.cli.conftest import Farthing
from tests.worlds import Account, buy

from farthing.catalog import CartItem
from farthing.world import World

CATALOG = """
currency = "eur"
[refunds]
needs_second_person_above = ["30.00 EUR"]
[products.mug]
name = "A mug"
kind = "custom"
price = "12.50 EUR"
"""


async def test_lines_are_previewed_given_back_and_asked_for(
    farthing: Farthing, folder: Path, world: World, account: Account
) -> None:
    order = await buy(world, account, CartItem("guide"), CartItem("mug", 2))
    number = str(order.number)
    (folder / "farthing.toml").write_text(CATALOG)
    seen = farthing("refunds", "preview", number, "--line", "mug=1", "--json")
    assert (seen.code, seen.json["money"], seen.json["needs_second"]) == (0, {"amount": 1250, "currency": "eur"}, False)
    assert farthing("refunds", "preview", number).out.count("Revoked: guide:pro") == 1
    made = farthing("refunds", "create", number, "--line", "mug=1", "--yes", "--json")
    assert (made.code, made.json["money"]["amount"]) == (0, 1250)
    assert farthing("refunds", "show", made.json["id"], "--json").json["lines"][0]["quantity"] == 1

    refused = farthing("refunds", "create", number, "--yes")
    assert (refused.code, "word of two people" in refused.err) == (5, True)
    asked = farthing("refunds", "request", number, "--line", "guide", "--message", "too dark", "--json")
    assert (asked.code, asked.json["needs_second"]) == (0, True)
    first = farthing("refunds", "approve", asked.json["id"], "--yes")
    assert (first.code, "waits for a second person" in first.out) == (0, True)
    assert farthing("refunds", "approve", asked.json["id"], "--yes").code == 5
    assert farthing("refunds", "decline", asked.json["id"], "--note", "kept").code == 0
    listed = farthing("refunds", "list", "--requests", "--status", "declined", "--json").json["data"]
    assert [request["id"] for request in listed] == [asked.json["id"]]
    assert farthing("refunds", "list", "--status", "nonsense").code == 2
    assert farthing("refunds", "retry", made.json["id"], "--yes").code == 5
    called_off = farthing("refunds", "cancel", made.json["id"], "--json")
    assert (called_off.code, called_off.json["status"]) == (0, "canceled")
