"""What is called off and what comes back, from the command line."""

from pathlib import Path

import pytest
from tests.cli.conftest import Farthing
from tests.marketplace.conftest import MARKET, Market, market, of
from tests.marketplace.test_canceling import POLICY, left
from tests.marketplace.test_paying_sellers import delivered
from tests.news import sound
from tests.worlds import Account, buy

from farthing import inventory, returns, seller_orders
from farthing.returns import Asked

__all__ = ["market"]


@pytest.mark.covers("S004-16")
async def test_units_are_called_off_returned_and_taken_in_from_the_command_line(
    farthing: Farthing, market: Market, account: Account, folder: Path
) -> None:
    (folder / "farthing.toml").write_text(MARKET)
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, account, of(lamp, 4))
    (part,) = await market.do(lambda tx: seller_orders.of_order(tx, order.id))
    name, line = part.lines[0].name, part.lines[0].line_id
    cancel = ("seller-orders", "cancel", part.number, "--line", f"{name}=1", "--reason", "broken")
    assert farthing(*cancel).code == 8
    assert "1 × " in farthing(*cancel, "--dry-run").out
    assert farthing(*cancel, "--yes", "--json").json["lines"] == [{"line_item": str(line), "quantity": 1}]
    assert farthing("seller-orders", "cancel", part.number, "--line", "vase", "--yes").code == 2
    many = ("seller-orders", "cancel", part.number, "--line", f"{name}=9", "--dry-run")
    assert (farthing(*many).code, "would be called off" in farthing(*many).out) == (5, False)
    assert farthing("orders", "cancel", str(order.number), "--yes", "--json").code == 0
    assert "nothing of it is left to cancel" in farthing("seller-orders", "cancel", part.number, "--dry-run").err
    assert await left(market, lamp.stock) == (10, 10)
    order = await buy(market.world, account, of(lamp, 3))
    await delivered(market, order)
    assert farthing("orders", "cancel", str(order.number), "--yes").code == 5
    (part,) = await market.do(lambda tx: seller_orders.of_order(tx, order.id))
    asked = [Asked(part.lines[0].line_id, 2, "damaged")]
    back = await market.do(lambda tx: returns.request(tx, part.id, asked, policy=POLICY))
    (listed,) = farthing("returns", "list", "--status", "requested", "--json").json["data"]
    assert (listed["id"], listed["lines"][0]["reason"]) == (str(back.id), "damaged")
    assert farthing("returns", "approve", str(back.id), "--json").json["status"] == "approved"
    assert farthing("returns", "decline", str(back.id), "--note", "too late").code == 5
    taken = ("returns", "receive", str(back.id), "--restocked", f"{name}=1", "--written-off", f"{name}=1", "--json")
    assert farthing(*taken).json["status"] == "refunded"
    assert "refund_" in farthing("returns", "show", str(back.id)).out
    stock = await market.do(lambda tx: inventory.get(tx, lamp.stock))
    assert stock.on_hand == 8
    assert await sound(market.world)
