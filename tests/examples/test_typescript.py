"""What TypeScript says of our types: of the OpenAPI document as a client, and of farthing.toml as constants."""

import copy
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.examples.web import WEB, document, write_types
from tests.node import Node, installed

from farthing import catalog

# With the journey that builds the page: one worker installs what both need.

AWKWARD = """
currency = "jpy"
[products.3-posts]
name = "Say \\"hello\\" \\\\ to 3 posts: grüß Gott 😀"
kind = "custom"
price = "500 JPY"
[products.gift]
name = "A gift"
kind = "lottery-ticket"
prices = [{min = "5.00 EUR", max = "9.00 EUR"}]
[coupons.once]
name = "One of a kind"
amount = "5.00 EUR"
"""

USE = """\
import * as awkward from "./awkward";
import * as example from "./example";

export const yen: number | undefined = awkward.price("3-posts", "jpy");
export const ticket: awkward.Kind = "lottery-ticket";
export const once: awkward.CouponKey = awkward.COUPON_KEYS[0];
export const names: string[] = example.PRODUCT_KEYS.map((key) => example.PRODUCTS[key].name);
awkward.price("3-post", "jpy");
awkward.PRODUCTS.gift.prices.jpy = 1;
"""


@pytest.fixture
def project(tmp_path: Path) -> Node:
    """The page's project elsewhere, with the packages that are installed."""
    node = installed(WEB)
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(WEB / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(WEB / "node_modules")
    (tmp_path / "src").mkdir()
    return replace(node, folder=tmp_path)


def complaints(node: Node) -> list[tuple[str, str]]:
    """(file, what is wrong in it), as the compiler says: a line, and those that are set in below it."""
    said = node.script("check").stdout
    return re.findall(r"^src/([\w.]+)\(\d+,\d+\): error TS\d+: (.*(?:\n +.*)*)", said, re.MULTILINE)


def changed(document: dict[str, Any]) -> dict[str, Any]:
    """The document of an interface that lost a field, a status, a refusal and a route, and asks for one field more."""
    new = copy.deepcopy(document)
    schemas = new["components"]["schemas"]
    del schemas["Subscription"]["properties"]["paid_until"]
    schemas["Subscription"]["required"].remove("paid_until")
    schemas["SubscriptionStatus"]["enum"].remove("paused")
    schemas["Problem"]["properties"]["code"]["enum"].remove("unauthenticated")
    schemas["NewSubscriptionPage"]["required"].append("currency")
    new["paths"]["/v1/subscriptions/{id}/restart"] = new["paths"].pop("/v1/subscriptions/{id}/resumption")
    return new


def test_a_page_does_not_compile_when_the_interface_changes_under_it(project: Node) -> None:
    for path in (WEB / "src").glob("*.ts"):
        if not path.name.endswith(".d.ts"):
            shutil.copy(path, project.folder / "src")
    write_types(project, changed(document()))
    found = complaints(project)
    wanted = {
        "Property 'paid_until' does not exist": "main.ts",
        """Type '"paused"' is not assignable""": "api.ts",
        """and '"unauthenticated"' have no overlap""": "main.ts",
        "Property 'currency' is missing": "main.ts",
        '"/v1/subscriptions/{id}/resumption"': "main.ts",
    }
    for words, place in wanted.items():
        assert [file for file, said in found if words in said][:1] == [place], (words, found)


def test_the_catalog_compiles_and_a_misspelled_key_does_not(project: Node) -> None:
    source = project.folder / "src"
    kinds: dict[str, object] = {"lottery-ticket": object()}
    (source / "awkward.ts").write_text(catalog.typescript(catalog.parse(AWKWARD, kinds=kinds)))
    (source / "example.ts").write_text(catalog.typescript(catalog.parse(catalog.EXAMPLE)))
    (source / "use.ts").write_text(USE)
    said = complaints(project)
    assert [file for file, _ in said] == ["use.ts", "use.ts"], said
    assert "'\"3-post\"' is not assignable" in said[0][1]
    assert "read-only property" in said[1][1]


def test_the_catalog_of_the_page_is_that_of_the_example() -> None:
    """Else: cd examples/saas && farthing types --typescript web/src/catalog.ts"""
    shop = catalog.parse((WEB.parent / "farthing.toml").read_text())
    assert (WEB / "src" / "catalog.ts").read_text() == catalog.typescript(shop)
