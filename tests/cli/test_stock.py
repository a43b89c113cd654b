"""Stock from the command line."""

from tests.cli.conftest import Farthing


async def test_the_warehouse_says_what_came_and_what_is_gone(farthing: Farthing) -> None:
    assert farthing("stock", "set", "LAMP-1", "--name", "A lamp", "--low-at", "5").code == 0
    assert farthing("stock", "receive", "LAMP-1", "20", "--reference", "note 7", "--json").json["on_hand"] == 20
    assert farthing("stock", "receive", "LAMP-1", "20", "--reference", "note 7", "--json").json["on_hand"] == 20
    assert farthing("stock", "locations", "--new", "cellar").code == 0
    assert farthing("stock", "move", "LAMP-1", "5", "--source", "main", "--target", "cellar").code == 0
    assert farthing("stock", "count", "LAMP-1", "4", "--location", "cellar").code == 0
    assert farthing("stock", "lose", "LAMP-1", "1", "--reason", "fell").code == 8
    assert "18 on hand" in farthing("stock", "lose", "LAMP-1", "1", "--reason", "fell", "--yes").out
    assert farthing("stock", "lose", "LAMP-1", "100", "--reason", "fire", "--yes").code == 5
    assert farthing("stock", "receive", "NONE", "1").code == 4
    assert "LAMP-1" in farthing("stock", "list").out
    shown = farthing("stock", "show", "LAMP-1").out
    assert "fell" in shown
    assert "cellar" in shown
