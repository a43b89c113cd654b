"""Coupons, types and the checked catalog from the command line."""

from pathlib import Path

import pytest
from tests.cli.conftest import Farthing
from tests.worlds import CATALOG, start

from farthing import catalog
from farthing.world import World


@pytest.mark.covers("S000-57")
async def test_coupons_are_made_listed_and_ended(farthing: Farthing, world: World) -> None:
    made = farthing("coupons", "create", "spring", "--name", "Spring", "--percent", "12.5", "--code", "spring24", "--json")
    assert (made.code, made.json["basis_points"]) == (0, 1250)
    assert (await start(world, code="SPRING24")).total.amount == 4287
    listed = {each["key"]: each for each in farthing("coupons", "list", "--json").json["data"]}
    assert (listed["spring"]["reserved"], listed["welcome"]["source"]) == (1, "catalog")
    codes = farthing("coupons", "codes", "spring", "--count", "3", "--max-redemptions", "1", "--json").json["made"]
    assert len(set(codes)) == 3
    assert len(farthing("coupons", "codes", "spring", "--json").json["data"]) == 4
    assert farthing("coupons", "deactivate", "--code", "spring24", "--yes").code == 0
    assert farthing("coupons", "deactivate", "welcome", "--yes").code == 5
    strange = farthing("coupons", "create", "x", "--name", "X", "--percent", "101")
    assert (strange.code, strange.err.count("\n")) == (2, 1)


@pytest.mark.covers("S000-50")
def test_types_are_written_and_checked(bare: Farthing, folder: Path) -> None:
    files = ("--python", "types_of_shop.py", "--typescript", "shop.ts")
    assert bare("types", *files, "--check").code == 7
    assert not (folder / "shop.ts").exists()
    assert bare("types", *files, "--json").json == {"written": ["types_of_shop.py", "shop.ts"]}
    assert bare("types", *files, "--check").code == 0
    sold = folder / "farthing.toml"
    sold.write_text(sold.read_text().replace("12.50 EUR", "12.60 EUR"))
    assert bare("types", *files, "--check", "--json").json == {"stale": ["types_of_shop.py", "shop.ts"]}
    assert bare("types").out.startswith('"""Written by `farthing types`')


@pytest.mark.covers("S000-8", "F149")
def test_a_catalog_is_checked_without_anything_else(bare: Farthing, folder: Path) -> None:
    found = bare("catalog", "validate", "--json").json
    assert (found["file"], found["coupons"], found["bulk_discounts"]) == ("farthing.toml", 2, 0)
    assert found["products"] == len(catalog.parse(CATALOG).products)
    sold = folder / "farthing.toml"
    sold.write_text(sold.read_text() + '\n[coupons.bad]\nname = "Bad"\npercent = 0\n')
    refused = bare("catalog", "validate")
    line = sold.read_text().splitlines().index("percent = 0") + 1
    assert (refused.code, refused.err.strip()) == (
        3,
        f"farthing: farthing.toml:{line}: coupons.bad.percent: 0 percent is no discount.",
    )


@pytest.mark.covers("S000-49")
async def test_an_apply_prints_the_providers_ids_for_an_env_file(farthing: Farthing) -> None:
    first = farthing("catalog", "apply", "--yes", "--env")
    names = [line.partition("=")[0] for line in first.out.splitlines()]
    assert names[:7] == [
        "STRIPE_PRODUCT_GUIDE",
        "STRIPE_PRICE_GUIDE",
        "STRIPE_PRICE_GUIDE_USD",
        "STRIPE_PRODUCT_CLUB",
        "STRIPE_PRICE_CLUB",
        "STRIPE_PRODUCT_MUG",
        "STRIPE_PRICE_MUG",
    ]
    assert "price_" in first.out
    assert farthing("catalog", "apply", "--yes", "--env").out == first.out
