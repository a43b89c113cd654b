"""What becomes of a farthing.toml: a catalog, or a message that names file, line and key."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing import catalog
from farthing.catalog import ProductKind
from farthing.errors import ConfigError
from farthing.money import Money

KINDS = ", ".join(get_args(catalog.ProductKind))

GUIDE = """\
currency = "eur"

[shop]
name = "Guides"
support_email = "help@guides.example"

[products.pro-guide]
name = "The Pro guide"
description = "All of it."
kind = "access"
features = ["guide:pro"]
access_days = 365
price = "49.00 EUR"
"""


ENDLESS = "farthing.toml:1: this cannot be read as TOML: a number is too long, or brackets are nested too deep."


def refusal(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        catalog.parse(text)
    return refused.value.detail.split("\n")


@pytest.mark.covers("S000-1")
def test_a_product_is_read_with_all_its_keys() -> None:
    read = catalog.parse(GUIDE)
    assert read.currency == "eur"
    assert read.shop == catalog.Shop("Guides", "help@guides.example")
    assert read.products == {
        "pro-guide": catalog.Product(
            key="pro-guide",
            name="The Pro guide",
            description="All of it.",
            kind="access",
            features=("guide:pro",),
            access_days=365,
            max_quantity=10,
            active=True,
            prices={"eur": Money(4900, "eur")},
        )
    }


def test_the_shop_may_be_left_out() -> None:
    assert catalog.parse(re.sub(r"\[shop\]\n.*\n.*\n", "", GUIDE)).shop == catalog.Shop("Shop", None)


@pytest.mark.covers("S000-7")
@pytest.mark.parametrize(
    ("written", "money"),
    [
        ("49 EUR", Money(4900, "eur")),
        ("49.5 eur", Money(4950, "eur")),
        ("980 JPY", Money(980, "jpy")),
        ("4.900 KWD", Money(4900, "kwd")),
        ("999999.99 USD", Money(99_999_999, "usd")),
        ("0.50 USD", Money(50, "usd")),
    ],
)
def test_prices_are_read_in_the_decimals_of_their_currency(written: str, money: Money) -> None:
    product = catalog.parse(GUIDE.replace("49.00 EUR", written)).products["pro-guide"]
    assert product.prices == {money.currency: money}


def test_a_product_may_have_a_price_in_each_currency() -> None:
    product = catalog.parse(GUIDE.replace('price = "49.00 EUR"', 'prices = ["49.00 EUR", "55.00 USD"]')).products["pro-guide"]
    assert product.prices == {"eur": Money(4900, "eur"), "usd": Money(5500, "usd")}


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ('price = "49,00 EUR"', 13, "products.pro-guide.price: '49,00 EUR' is not a price: write it like \"49.00 EUR\"."),
        ('price = "€49"', 13, "products.pro-guide.price: '€49' is not a price: write it like \"49.00 EUR\"."),
        ('price = "1_0 EUR"', 13, "products.pro-guide.price: '1_0 EUR' is not a price: write it like \"49.00 EUR\"."),
        ('price = "-1 EUR"', 13, "products.pro-guide.price: '-1 EUR' is not a price: write it like \"49.00 EUR\"."),
        ('price = "1e3 EUR"', 13, "products.pro-guide.price: '1e3 EUR' is not a price: write it like \"49.00 EUR\"."),
        ('price = "٤٩ EUR"', 13, "products.pro-guide.price: '٤٩ EUR' is not a price: write it like \"49.00 EUR\"."),
        ('price = "49 EUR\\n"', 13, "products.pro-guide.price: '49 EUR\\n' is not a price: write it like \"49.00 EUR\"."),
        ("price = 49.00", 13, "products.pro-guide.price: must be a text in quotes, not a number."),
        ("price = nan", 13, "products.pro-guide.price: must be a text in quotes, not a number."),
        ("price = true", 13, "products.pro-guide.price: must be a text in quotes, not true or false."),
        ("price = 2026-01-01", 13, "products.pro-guide.price: must be a text in quotes, not a date or time."),
        ('price = "49.005 EUR"', 13, "products.pro-guide.price: '49.005' has more decimals than eur has."),
        ('price = "49.5 JPY"', 13, "products.pro-guide.price: '49.5' has more decimals than jpy has."),
        (
            'price = "0.00 EUR"',
            13,
            "products.pro-guide.price: '0.00 EUR' is nothing: a product that costs nothing cannot be sold here.",
        ),
        (
            'price = "0.49 EUR"',
            13,
            "products.pro-guide.price: One of it could not be paid for. "
            "The total of 0.49 EUR is below the smallest charge of 0.50 EUR.",
        ),
        (
            'price = "1000000.00 EUR"',
            13,
            "products.pro-guide.price: One of it could not be paid for. "
            "The total of 1000000.00 EUR is above the largest charge of 999999.99 EUR.",
        ),
        (
            'price = "5 ISK"',
            13,
            "products.pro-guide.price: The currency 'isk' is not supported: its smallest unit is ambiguous at Stripe.",
        ),
        (
            'prices = [\n  "1 EUR",\n  "x",\n]',
            13,
            "products.pro-guide.prices[1]: 'x' is not a price: write it like " + '"49.00 EUR".',
        ),
        ('prices = ["1 EUR", "2 eur"]', 7, "products.pro-guide: has two prices in EUR: keep one for each currency."),
        ("prices = []", 13, "products.pro-guide.prices: must hold at least 1."),
        ('price = "1 EUR"\nprices = ["2 USD"]', 7, "products.pro-guide: has both price and prices: keep one of them."),
        ("", 7, 'products.pro-guide: has no price: add price = "49.00 EUR".'),
        ('prise = "1 EUR"\nprice = "1 EUR"', 13, "products.pro-guide.prise: there is no such key. Did you mean 'price'?"),
        ('price = "1 EUR"\nmax_quantity = 0', 14, "products.pro-guide.max_quantity: must be at least 1."),
        ('price = "1 EUR"\nmax_quantity = 1001', 14, "products.pro-guide.max_quantity: must be at most 1000."),
        ('price = "1 EUR"\nmax_quantity = 1.0', 14, "products.pro-guide.max_quantity: must be a whole number, not a number."),
        ('price = "1 EUR"\nactive = "no"', 14, "products.pro-guide.active: must be true or false, not a text in quotes."),
    ],
)
def test_a_wrong_key_is_named_with_its_line(written: str, line: int, said: str) -> None:
    assert refusal(GUIDE.replace('price = "49.00 EUR"', written)) == [f"farthing.toml:{line}: {said}"]


def test_the_how_to_shows_what_can_be_written() -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "prices-and-discounts.md").read_text()
    shown = "\n".join(re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
    read = catalog.parse('currency = "eur"\n' + shown)
    assert (list(read.products), list(read.coupons), list(read.bulk_discounts)) == (
        ["job-post", "donation"],
        ["spring"],
        ["three-posts"],
    )


@pytest.mark.covers("F149", "S000-8")
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'kind = "access"',
            'kind = "acess"',
            f"10: products.pro-guide.kind: 'acess' is not a kind of product: use {KINDS}. "
            "Did you mean 'access'? One of your own is registered with Farthing(kinds={…}); commands find it in FARTHING_APP.",
        ),
        ('kind = "access"\n', "", "7: products.pro-guide.kind: this key is missing: add it."),
        ('features = ["guide:pro"]\n', "", '7: products.pro-guide: grants nothing: kind "access" needs features = ["…"].'),
        (
            'kind = "access"',
            'kind = "custom"',
            '7: products.pro-guide: is of kind "custom", which grants nothing: '
            'features and access_days belong to kind "access".',
        ),
        ('["guide:pro"]', '["a", "a"]', "11: products.pro-guide.features: 'a' is listed twice."),
        (
            '["guide:pro"]',
            '["Guide Pro"]',
            "11: products.pro-guide.features: 'Guide Pro' is not a feature: "
            'use a-z, 0-9, and : . _ - between them, such as "guide:pro".',
        ),
        ("access_days = 365", "access_days = 0", "12: products.pro-guide.access_days: must be at least 1."),
        ("The Pro guide", "", "8: products.pro-guide.name: must not be empty."),
        ("The Pro guide", "a\\nb", "8: products.pro-guide.name: must be one line."),
        ("The Pro guide", "a\\u0000b", "8: products.pro-guide.name: contains a control character: use plain text."),
        ("The Pro guide", "x" * 251, "8: products.pro-guide.name: must not be longer than 250 characters."),
        ("help@guides.example", "nobody", "5: shop.support_email: 'nobody' is not an email address."),
        ('currency = "eur"\n', "", "1: currency: this key is missing: add it."),
        ('"eur"', '"euro"', "1: currency: 'euro' is not a currency: use a lower-case ISO 4217 code such as 'eur'."),
        ("[shop]", "[shopp]", "3: shopp: there is no such key. Did you mean 'shop'?"),
        ("[products.pro-guide]", "[product.pro-guide]", "1: products: this key is missing: add it."),
        (
            "[products.pro-guide]",
            '[products."Pro\\nGuide"]',
            "7: products.'Pro\\nGuide': is not a product key: use a-z, 0-9, - and _, at most 63 of them, such as 'pro-guide'.",
        ),
        ("[products.pro-guide]", "[[products.pro-guide]]", "7: products.pro-guide: must be a table, not a list."),
    ],
)
def test_every_refusal_says_where_and_what(old: str, new: str, expected: str) -> None:
    assert f"farthing.toml:{expected}" in refusal(GUIDE.replace(old, new))


def test_several_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = GUIDE.replace("365", "true").replace("49.00 EUR", "gratis").replace('"Guides"', "7")
    assert [line.split(": ")[:2] for line in refusal(text)] == [
        ["farthing.toml:4", "shop.name"],
        ["farthing.toml:12", "products.pro-guide.access_days"],
        ["farthing.toml:13", "products.pro-guide.price"],
    ]


def test_a_long_list_of_problems_is_cut() -> None:
    text = 'currency = "eur"\n' + "".join(f"[products.p{n}]\n" for n in range(40))
    lines = refusal(text)
    assert len(lines) == 31
    assert lines[-1] == "farthing.toml: and 50 more problems."


def test_an_unknown_key_is_named_but_its_value_is_not_repeated() -> None:
    (said,) = refusal('stripe_key = "sk_live_secret"\n' + GUIDE)
    assert said.startswith("farthing.toml:1: stripe_key: there is no such key. Known are currency, shop, ")
    assert "sk_live" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("currency =\n", "farthing.toml:1: this is not TOML: invalid value (column 11)."),
        ('a = 1\n\nb = "x\n', "farthing.toml:3: this is not TOML: illegal character '\\n' (column 7)."),
        ("a = 1\na = 2\nb = 3\n", "farthing.toml:2: this is not TOML: cannot overwrite a value (column 6)."),
        ("[a]\n[b]\n[a]\n", "farthing.toml:3: this is not TOML: cannot declare ('a',) twice (column 3)."),
        ("a = [\n1,\n", "farthing.toml:2: this is not TOML: invalid value (at the end of the file)."),
        (
            "a = " + "[" * 9000,
            ENDLESS,
        ),
        (
            "a = " + "9" * 9000,
            ENDLESS,
        ),
    ],
)
def test_broken_toml_is_refused_with_its_line(text: str, said: str) -> None:
    assert refusal(text) == [said]


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "farthing.toml"
    with pytest.raises(ConfigError) as refused:
        catalog.load(path)
    assert refused.value.detail == f"{path} does not exist: write it, or start with the example that `farthing dev` makes."


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{tmp_path} cannot be read: Is a directory.")):
        catalog.load(tmp_path)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (GUIDE.encode() + b"# caf\xe9\n", ":14: this is not UTF-8: save the file in the encoding UTF-8."),
        (GUIDE.encode("utf-16"), ":1: this is not UTF-8: save the file in the encoding UTF-8."),
        (b"#" * 1_000_001, " is larger than 1000000 bytes: that is no catalog."),
    ],
)
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, body: bytes, said: str) -> None:
    path = tmp_path / "farthing.toml"
    path.write_bytes(body)
    with pytest.raises(ConfigError) as refused:
        catalog.load(path)
    assert refused.value.detail == f"{path}{said}"


def test_the_mark_and_the_line_ends_of_windows_are_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "farthing.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GUIDE.replace("\n", "\r\n").encode())
    assert catalog.load(path) == catalog.parse(GUIDE)
    path.write_bytes(b"\xef\xbb\xbf" + GUIDE.replace("\n", "\r\n").replace("365", "0").encode())
    with pytest.raises(ConfigError, match=r":12: products\.pro-guide\.access_days"):
        catalog.load(path)


def test_the_example_is_a_catalog_worth_starting_with() -> None:
    example = catalog.parse(catalog.EXAMPLE)
    assert len(example.products) == 4
    assert example.products["lantern-club"].prices == {"eur": Money(4900, "eur"), "usd": Money(5500, "usd")}
    assert not example.products["letter-set"].active


def test_the_schema_describes_every_key_for_editors() -> None:
    schema = catalog.json_schema()
    assert json.loads(json.dumps(schema)) == schema
    for table in (schema, *schema["$defs"].values()):
        assert table["additionalProperties"] is False
        assert all(field.get("description") or field.get("$ref") for field in table["properties"].values())


@given(st.text(max_size=300) | st.text(alphabet="[]{}=\"'.,#\n abp1-", max_size=60).map(lambda tail: GUIDE + tail))
def test_no_text_does_anything_but_become_a_catalog_or_a_refusal(text: str) -> None:
    said = ""
    try:
        catalog.parse(text)
    except ConfigError as refused:
        said = refused.detail
    assert all(re.match(r"farthing\.toml:\d+: ", line) for line in said.splitlines()[:30])


DOCUMENT = """\
currency = "usd"

[products.job-posting-base]
name = "Job Posting"
description = "30-day job listing"
kind = "custom"
price = "99.00 USD"
display = {badge = "Most popular", features = ["30 days online"], icon = "briefcase", highlighted = true}

[products.upsell-email_blast]
name = "Email blast"
kind = "custom"
price = "49.00 USD"

[products.priority_listing]
name = "Priority listing"
kind = "custom"
price = "29.00 USD"

[products.featured_company_profile]
name = "Featured company profile"
kind = "access"
features = ["company:featured"]
access_days = 90
price = "299.00 USD"

[products.priority_listing.translations.de]
name = "Bevorzugte Anzeige"

[products.donation]
name = "A gift"
kind = "custom"
prices = [{min = "5.00 USD", max = "500.00 USD", suggested = ["10.00 USD"]}, "9.00 EUR"]
volume_prices = [{from = 5, price = "8.00 EUR"}]

[bulk_discounts.three-posts]
name = "Three postings or more"
from = 3
percent = 10
products = ["job-posting-base"]

[coupons.launch]
name = "Launch"
percent = "12.5"
codes = ["launch", "LAUNCH-2"]
minimum = "20.00 USD"
max_redemptions = 100
valid_until = 2027-01-01T00:00:00+01:00
"""


@pytest.mark.covers("S000-1", "S000-7", "S000-10", "S000-11", "S000-12")
def test_the_prices_of_a_job_board_are_read_as_they_were_meant() -> None:
    read = catalog.parse(DOCUMENT)
    prices = {key: product.prices["usd"].amount for key, product in read.products.items() if "usd" in product.prices}
    assert prices == {
        "job-posting-base": 9900,
        "upsell-email_blast": 4900,
        "priority_listing": 2900,
        "featured_company_profile": 29900,
    }
    assert read.products["featured_company_profile"].access_days == 90
    assert read.products["job-posting-base"].display.highlighted
    gift = read.products["donation"]
    assert (gift.ranges["usd"].max, gift.tiers["eur"][0].unit, gift.currencies) == (
        Money(50_000, "usd"),
        Money(800, "eur"),
        ["eur", "usd"],
    )
    launch = read.coupons["launch"]
    assert (launch.basis_points, launch.codes, launch.minimums) == (1250, ("LAUNCH", "LAUNCH-2"), {"usd": Money(2000, "usd")})
    assert str(launch.valid_until) == "2026-12-31 23:00:00+00:00"


@pytest.mark.covers("F149", "S000-8")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("percent = 10\n", "percent = 10.5\n", '39: bulk_discounts.three-posts.percent: is written like 10 or "12.5", with'),
        ("percent = 10\n", "percent = 101\n", "39: bulk_discounts.three-posts.percent: '101' is not a percentage"),
        ("from = 3\n", "from = 1\n", "38: bulk_discounts.three-posts.from: must be at least 2."),
        (
            "from = 3\n",
            "form = 3\nfrom = 3\n",
            "38: bulk_discounts.three-posts.form: there is no such key. Did you mean 'from'?",
        ),
        (
            '"job-posting-base"]',
            '"job-posting"]',
            "40: bulk_discounts.three-posts.products[0]: there is no product 'job-posting'",
        ),
        (
            'products = ["job-posting-base"]',
            'kinds = ["costum"]',
            "40: bulk_discounts.three-posts.kinds[0]: no product is of kind",
        ),
        ('"LAUNCH-2"', '"launch"', "45: coupons.launch.codes[1]: the code 'LAUNCH' is one of the coupon 'launch' already."),
        ('"LAUNCH-2"', '"ü"', "45: coupons.launch.codes[1]: is not a promotion code: use 2 to 40 letters"),
        ('percent = "12.5"', 'percent = 10\namount = "1 USD"', "42: coupons.launch: takes off one thing"),
        ('percent = "12.5"', 'amounts = ["1 USD", "2 usd"]', "42: coupons.launch: says two amounts in USD"),
        ("2027-01-01T00:00:00+01:00", "2027-01-01", "48: coupons.launch.valid_until: is a moment with its time zone"),
        ("[coupons.launch]", "[coupons.Launch]", "42: coupons.Launch: is not a coupon key"),
        ("translations.de]", "translations.german]", "27: products.priority_listing.translations.german: is not a locale"),
        (
            'name = "Bevorzugte',
            'title = "Bevorzugte',
            "28: products.priority_listing.translations.de.title: there is no such key.",
        ),
        ('icon = "briefcase"', 'icon = "Brief case"', "8: products.job-posting-base.display.icon: is not the name of an icon"),
        ('min = "5.00 USD"', 'min = "600.00 USD"', "33: products.donation.prices[0]: min must be less than max."),
        ('min = "5.00 USD"', 'min = "5.00 EUR"', "33: products.donation.prices[0]: mixes currencies"),
        ('["10.00 USD"]', '["1.00 USD"]', "33: products.donation.prices[0]: suggests an amount that is not between"),
        ('max = "500.00 USD", ', "", "33: products.donation.prices[0].max: this key is missing: add it."),
        (
            'price = "8.00 EUR"',
            'price = "9.00 EUR"',
            "34: products.donation.volume_prices[0]: 9.00 EUR is not less than the 9.00",
        ),
        (
            'price = "8.00 EUR"',
            'price = "8.00 GBP"',
            "34: products.donation.volume_prices[0]: the product has no fixed price in",
        ),
        ("upsell-email_blast", "priority-listing", "27: products.priority_listing: reads like 'priority-listing'"),
    ],
)
def test_every_new_table_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    text = DOCUMENT.replace(old, new, 1)
    assert text != DOCUMENT
    assert any(line.startswith(f"farthing.toml:{said}") for line in refusal(text)), refusal(text)


RATES = """\
currency = "usd"
[shipping]
countries = ["US", "DE"]
[[shipping.rates]]
key = "standard"
name = "Standard delivery"
prices = ["4.90 USD", "0.00 EUR"]
countries = ["US"]
free_from = ["50.00 USD"]
[[shipping.rates]]
key = "express"
name = "By air"
prices = ["19.00 USD"]
[products.mug]
name = "A mug"
kind = "goods"
price = "12.00 USD"
"""


def test_shipping_rates_are_read_as_they_were_meant() -> None:
    found = catalog.parse(RATES).shipping
    assert found is not None
    standard, express = found.rates
    assert (standard.prices, standard.countries) == ({"usd": Money(490, "usd"), "eur": Money(0, "eur")}, ("US",))
    assert (standard.price(Money(4999, "usd")), standard.price(Money(5000, "usd"))) == (Money(490, "usd"), Money(0, "usd"))
    assert (express.countries, express.serves("DE", "usd"), express.serves("DE", "eur")) == (("US", "DE"), True, False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"express"', '"standard"', "rates[1].key: there is a rate 'standard' already."),
        (
            'countries = ["US"]',
            'countries = ["FR"]',
            "rates[0].countries[0]: FR is none of the countries of [shipping]: US, DE.",
        ),
        ('"50.00 USD"', '"5000 JPY"', "rates[0]: is free from 5000 JPY on, and has no price in that currency."),
        ('"0.00 EUR"', '"0.00 USD"', "rates[0].prices: names USD twice: keep one amount."),
        ('prices = ["19.00 USD"]', "prices = []", "rates[1].prices: must hold at least 1."),
    ],
)
def test_a_shipping_rate_that_makes_no_sense_is_refused(old: str, new: str, said: str) -> None:
    (line,) = refusal(RATES.replace(old, new, 1))
    assert line.partition(": shipping.")[2].startswith(said), line


def test_what_is_sold_in_the_guide_is_a_catalog() -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "what-to-sell.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    found = catalog.parse(written)
    assert sorted({product.kind for product in found.products.values()}) == sorted(get_args(ProductKind))
