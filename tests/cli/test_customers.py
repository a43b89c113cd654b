"""Customers from the command line: look, push, take over existing users, forget."""

from pathlib import Path

from tests.cli.conftest import Farthing
from tests.worlds import Account, buy

from farthing.world import World


async def test_a_customer_is_looked_at_pushed_taken_over_and_forgotten(
    farthing: Farthing, world: World, account: Account, tmp_path: Path
) -> None:
    await buy(world, account, save_method=True)
    pushed = farthing("customers", "push", "ada", "--json")
    assert pushed.code == 0, pushed.err
    shown = farthing("customers", "show", "ada@example.com", "--json").json
    assert (shown["external_id"], len(shown["orders"]), shown["payment_methods"][0]["last4"]) == ("ada", 1, "4242")
    assert "Ada Lovelace" in farthing("customers", "show", "ada").out
    assert "ada@example.com" in farthing("customers", "list", "--search", "ada@").out
    users = tmp_path / "users.jsonl"
    users.write_text('{"external_id": "grace"}\nwrong\n')
    said = farthing("customers", "backfill", str(users), "--yes", "--json")
    assert (said.code, said.json["new"], said.json["wrong"][0]["line"]) == (1, 1, 2)
    assert farthing("customers", "erase", "ada").code == 8
    assert farthing("customers", "erase", "ada", "--yes").code == 0
    assert farthing("customers", "show", "ada").code == 4
    names = [each["metadata"]["farthing_external_id"] for each in (await account.get("/v1/customers"))["data"]]
    assert names == ["grace"]
