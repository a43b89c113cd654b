"""`farthing setup`: schema, catalog and a check, in one line."""

import pytest
from tests.cli.conftest import Farthing
from tests.worlds import Account


@pytest.mark.covers("S001-3", "S001-4")
async def test_a_new_installation_is_set_up_in_one_line_and_again_without_effect(farthing: Farthing, account: Account) -> None:
    said = farthing("setup", "--yes")
    assert said.code == 0, said.out + said.err
    assert "The schema is at version" in said.out
    assert "Nothing failed." in said.out
    made = len((await account.get("/v1/products", limit="100"))["data"])
    assert made > 3
    again = farthing("setup", "--yes")
    assert "Nothing to do: the provider sells what farthing.toml says." in again.out
    assert len((await account.get("/v1/products", limit="100"))["data"]) == made


async def test_a_step_that_fails_ends_it(farthing: Farthing, shop: dict[str, str]) -> None:
    said = farthing("setup", "--yes", environ=shop | {"STRIPE_SECRET_KEY": "sk_test_"})
    assert said.code != 0
    assert "Installation" not in said.err
