"""The catalog as typed constants: the same for the same file, right for mypy and for TypeScript's own reading."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from farthing import catalog

CATALOG = """
currency = "eur"
[products.guide]
name = "The guide"
kind = "access"
features = ["guide:pro"]
prices = ["49.00 EUR", "55.00 USD"]
[products.club]
name = "The club, one year"
kind = "access"
features = ["club:stories", "club:archive"]
price = "24.00 EUR"
[products.mug]
name = "A mug"
kind = "custom"
price = "12.50 EUR"
[products.retired]
name = "No longer for sale"
kind = "custom"
price = "5.00 EUR"
active = false
[shipping]
[[shipping.rates]]
key = "standard"
name = "Standard delivery"
prices = ["4.90 EUR", "0.00 USD"]
[coupons.welcome]
name = "Welcome"
percent = 10
[coupons.once]
name = "One of a kind"
amount = "5.00 EUR"
"""

AWKWARD = """
currency = "jpy"
[products.3-posts]
name = "Say \\"hello\\" \\\\ to 3 posts: grüß Gott 😀"
kind = "custom"
price = "500 JPY"
[products.gift]
name = "A gift"
kind = "custom"
prices = [{min = "5.00 EUR", max = "9.00 EUR"}]
"""

USE = """
from typing import assert_type
import shop_types as shop

def sells(key: shop.ProductKey, feature: shop.Feature) -> int | None:
    return shop.price(key, "eur")

sells("guide", "guide:pro")
sells(shop.Products.MUG, shop.FEATURES["club"][0])
coupon: shop.CouponKey = shop.Coupons.WELCOME
rate: shop.ShippingRate = "standard"
assert_type(shop.KINDS["guide"], shop.Kind)
sells("gide", "guide:pro")
"""


@pytest.mark.covers("S000-50", "S000-9", "S000-12")
def test_the_python_module_says_what_the_catalog_says() -> None:
    names: dict[str, Any] = {}
    text = catalog.python(catalog.parse(CATALOG))
    assert text == catalog.python(catalog.parse(CATALOG))
    exec(text, names)  # it is our own
    assert (names["Products"].GUIDE, names["Coupons"].ONCE) == ("guide", "once")
    assert names["PRICES"] == {
        "guide": {"eur": 4900, "usd": 5500},
        "club": {"eur": 2400},
        "mug": {"eur": 1250},
        "retired": {"eur": 500},
    }
    assert (names["price"]("guide", "usd"), names["price"]("mug", "usd")) == (5500, None)
    assert names["FEATURES"]["club"] == ("club:stories", "club:archive")


def test_names_that_are_awkward_come_through() -> None:
    names: dict[str, Any] = {}
    exec(catalog.python(catalog.parse(AWKWARD)), names)  # it is our own
    assert names["Products"]._3_POSTS == "3-posts"
    assert names["NAMES"]["3-posts"] == 'Say "hello" \\ to 3 posts: grüß Gott 😀'
    assert names["PRICES"]["gift"] == {}
    text = catalog.typescript(catalog.parse(AWKWARD))
    assert '"3-posts": { key: "3-posts", name: "Say \\"hello\\" \\\\ to 3 posts: grüß Gott 😀"' in text
    assert 'export const CURRENCIES = ["eur", "jpy"] as const;' in text
    assert "export const COUPON_KEYS = [] as const;" in text


@pytest.mark.covers("S000-16")
def test_a_misspelled_key_does_not_pass_mypy_and_all_else_does(tmp_path: Path) -> None:
    """Takes seconds: it is mypy itself, with its standard library."""
    (tmp_path / "shop_types.py").write_text(catalog.python(catalog.parse(CATALOG)))
    (tmp_path / "nothing_types.py").write_text(catalog.python(catalog.parse(AWKWARD)))
    (tmp_path / "use.py").write_text(USE)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "use.py", "nothing_types.py"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert re.findall(r"(\w+\.py:\d+): error", said) == ["use.py:13"], said
    assert "Literal['gide']" in said


@pytest.mark.covers("S000-50")
def test_the_typescript_module_has_every_key_and_balanced_brackets() -> None:
    text = catalog.typescript(catalog.parse(CATALOG))
    assert 'export const PRODUCT_KEYS = ["guide", "club", "mug", "retired"] as const;' in text
    assert (
        '  "guide": { key: "guide", name: "The guide", kind: "access", features: ["guide:pro"], '
        "prices: { eur: 4900, usd: 5500 } }," in text
    )
    assert 'export const SHIPPING_RATES = ["standard"] as const;' in text
    assert all(text.count(opening) == text.count(closing) for opening, closing in ("()", "{}", "[]"))
