"""`farthing logs`: the audit trail of the last hours."""

import pytest
from tests.cli.conftest import Farthing
from tests.news import hear
from tests.worlds import Account, buy

from farthing.world import World


@pytest.mark.covers("S001-5", "S001-14")
async def test_what_happened_is_told_oldest_first_and_who_did_it(farthing: Farthing, world: World, account: Account) -> None:
    order = await buy(world, account)
    await hear(world, account)
    said = farthing("logs", "--last", "24h", "--json")
    assert (said.code, said.err) == (0, "")
    told = [each["type"] for each in said.json["data"] if each["order"] == str(order.id)]
    assert told.index("order.placed") < told.index("order.paid")
    assert "ada@example.com" not in said.out
    shown = farthing("logs", "--type", "order.")
    assert "order.paid" in shown.out
    assert "49.00 EUR" in shown.out
    assert "checkout." not in shown.out
    assert len(farthing("logs", "--limit", "1", "--json").json["data"]) == 1


async def test_a_time_that_is_none_is_refused_in_one_line(farthing: Farthing) -> None:
    said = farthing("logs", "--last", "yesterday")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "--last is a length of time such as 30m, 2h or 7d" in said.err
