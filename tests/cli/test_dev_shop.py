"""`farthing dev --shop`: an example is laid out and runs, with people in it, and time there goes as the sandbox's does."""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.cli.houses import dev, eventually
from tests.cli.test_dev import farthing

from farthing.cli.dev.shops import lay_out
from farthing.db.embedded import temporary_home
from farthing.errors import ConfigError


def test_an_example_is_laid_out_once_and_never_over_something_else(tmp_path: Path) -> None:
    assert lay_out("marketplace", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "demo.py", "farthing.toml", "main.py", "templates"]
    (tmp_path / "main.py").write_text("changed = True\n")
    assert not lay_out("marketplace", tmp_path)
    assert (tmp_path / "main.py").read_text() == "changed = True\n"
    begun = tmp_path / "begun"
    begun.mkdir()
    (begun / "farthing.toml").write_text("")
    with pytest.raises(ConfigError, match="empty folder"):
        lay_out("marketplace", begun)
    assert [path.name for path in begun.iterdir()] == ["farthing.toml"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
def test_one_command_opens_a_market_whose_time_goes_as_the_sandboxs(tmp_path: Path) -> None:
    with temporary_home() as home, dev(tmp_path, home, "--shop", "marketplace") as house:
        market = httpx.Client(base_url=house.shop, trust_env=False, timeout=20, cookies={"user": "ada"})
        window = market.get("/").text
        sold = dict(re.findall(r'aria-label="How many: ([^"]+)"()', window))
        assert set(sold) == {"A blue bowl", "A jug for milk", "A long scarf", "A small rug", "Tar soap"}
        httpx.post(f"{house.sandbox}/_sandbox/clock/advance", json={"seconds": 4 * 86_400}).raise_for_status()
        basket = re.search(r'name="basket" value="([^"]+)"', window)
        listing = re.search(r'name="(listing_\w+)"[^>]*A blue bowl', window)
        assert basket
        assert listing
        address = {"name": "Ada", "line1": "1 Navy Way", "postal_code": "22202", "city": "Arlington", "state": "VA"}

        def placed() -> bool:
            """On a day that is yet to come here."""
            form = {"basket": str(datetime.now(UTC)), listing[1]: "1", "country": "US", **address}
            if market.post("/buy", data=form).status_code != 303:
                return False
            (order, *_) = market.get("/v1/orders").json()["data"]
            ahead: timedelta = datetime.fromisoformat(order["placed_at"]) - datetime.now(UTC)
            return ahead > timedelta(days=3)

        eventually(placed, "the house goes by the sandbox's clock", seconds=10)
        assert farthing(house.folder, house.home, "stock", "count", listing[1], "40").code == 0
        moved = farthing(house.folder, house.home, "stock", "show", listing[1], "--json").json["movements"][0]["moved_at"]
        assert datetime.fromisoformat(moved) - datetime.now(UTC) > timedelta(days=3), "and so do commands"
        market.close()
