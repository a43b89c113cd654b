"""What a cart costs, and which carts are refused."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing import catalog
from farthing.catalog import CartItem
from farthing.errors import Conflict, FarthingError, Invalid, NotFound
from farthing.money import AMOUNT_MAX, Money

SHOP = catalog.parse(
    """\
    currency = "eur"
    [products.guide]
    name = "Guide"
    kind = "custom"
    prices = ["49.00 EUR", "55.00 USD"]
    [products.mug]
    name = "Mug"
    kind = "custom"
    price = "0.50 EUR"
    max_quantity = 1000
    [products.yacht]
    name = "Yacht"
    kind = "custom"
    prices = ["999999.99 EUR", "9999.990 KWD"]
    max_quantity = 1000
    [products.secret]
    name = "Secret"
    kind = "custom"
    price = "1.00 EUR"
    active = false
    """
)


def refused(kind: type[FarthingError], items: Any, currency: Any = None) -> tuple[str, str | None]:
    with pytest.raises(kind) as error:
        catalog.price(SHOP, items, currency)
    assert type(error.value) is kind
    return error.value.detail, error.value.param


def test_a_cart_costs_what_its_lines_cost() -> None:
    cart = catalog.price(SHOP, [CartItem("guide", 2), CartItem("mug", 3, {"engraving": "Ada"})])
    assert [(line.product.key, line.quantity, line.unit, line.amount, line.metadata) for line in cart.lines] == [
        ("guide", 2, Money(4900, "eur"), Money(9800, "eur"), {}),
        ("mug", 3, Money(50, "eur"), Money(150, "eur"), {"engraving": "Ada"}),
    ]
    assert (cart.subtotal, cart.total, cart.currency) == (Money(9950, "eur"), Money(9950, "eur"), "eur")


def test_a_cart_may_ask_for_another_currency() -> None:
    assert catalog.price(SHOP, [CartItem("guide")], "usd").total == Money(5500, "usd")


def test_the_same_product_twice_is_one_line_of_both() -> None:
    cart = catalog.price(SHOP, [CartItem("guide", 2), CartItem("mug"), CartItem("guide", 3)])
    assert [(line.product.key, line.quantity, line.amount.amount) for line in cart.lines] == [
        ("guide", 5, 24500),
        ("mug", 1, 50),
    ]


def test_the_same_product_with_other_metadata_stays_a_line_of_its_own() -> None:
    cart = catalog.price(SHOP, [CartItem("mug", 1, {"engraving": "Ada"}), CartItem("mug", 1, {"engraving": "Bob"})])
    assert [line.metadata for line in cart.lines] == [{"engraving": "Ada"}, {"engraving": "Bob"}]


def test_what_the_caller_does_to_the_metadata_later_changes_nothing() -> None:
    metadata = {"engraving": "Ada"}
    cart = catalog.price(SHOP, [CartItem("mug", 1, metadata)])
    metadata["engraving"] = "Bob"
    assert cart.lines[0].metadata == {"engraving": "Ada"}


@pytest.mark.covers("F3", "F141")
@pytest.mark.parametrize("quantity", [True, False, 1.0, 0.5, "1", None, float("nan"), [1]])
def test_a_quantity_that_is_no_whole_number_is_refused(quantity: Any) -> None:
    assert refused(Invalid, [CartItem("guide", quantity)]) == ("The quantity is a whole number.", "items[0].quantity")


@pytest.mark.covers("F3")
@pytest.mark.parametrize("quantity", [0, -1, -(2**63), -(10**30)])
def test_a_quantity_below_one_is_refused(quantity: int) -> None:
    assert refused(Invalid, [CartItem("mug"), CartItem("guide", quantity)]) == (
        "The quantity is at least 1.",
        "items[1].quantity",
    )


@pytest.mark.parametrize("quantity", [11, 2**31, 2**53, 2**63, 10**30])
def test_a_quantity_above_the_limit_of_the_product_is_refused(quantity: int) -> None:
    assert refused(Invalid, [CartItem("guide", quantity)]) == (
        "One order may hold at most 10 of Guide.",
        "items[0].quantity",
    )


def test_the_limit_holds_for_all_lines_of_a_product_together() -> None:
    items = [CartItem("guide", 6, {"for": "Ada"}), CartItem("mug"), CartItem("guide", 5, {"for": "Bob"})]
    assert refused(Invalid, items) == (
        "One order may hold at most 10 of Guide, and the cart asks for more in all.",
        "items[2].quantity",
    )
    assert catalog.price(SHOP, [CartItem("guide", 6), CartItem("guide", 4)]).total == Money(49000, "eur")


@pytest.mark.covers("S000-33")
def test_an_unknown_product_is_not_found_and_a_close_one_is_suggested() -> None:
    assert refused(NotFound, [CartItem("giude")]) == ("There is no product 'giude'. Did you mean 'guide'?", "items[0].product")
    assert refused(NotFound, [CartItem("' OR 1=1 --")]) == ('There is no product "\' OR 1=1 --".', "items[0].product")


def test_a_product_that_is_not_for_sale_is_never_suggested() -> None:
    assert refused(NotFound, [CartItem("secrets")]) == ("There is no product 'secrets'.", "items[0].product")


@pytest.mark.covers("F4")
def test_a_product_that_is_not_for_sale_is_refused() -> None:
    assert refused(Conflict, [CartItem("secret")]) == ("'secret' is not for sale at the moment.", "items[0].product")


@pytest.mark.parametrize("key", [None, 5, b"guide", ["guide"], ("guide",)])
def test_a_product_that_is_no_text_is_refused(key: Any) -> None:
    assert refused(Invalid, [CartItem(key)]) == ("A product is named by its key, a text.", "items[0].product")


def test_a_product_without_a_price_in_the_currency_is_refused() -> None:
    assert refused(Invalid, [CartItem("guide"), CartItem("mug")], "usd") == (
        "'mug' has no price in usd: it is sold in eur.",
        "items[1].product",
    )


@pytest.mark.parametrize("currency", ["EUR", "euro", "", "\0", 5, ["eur"]])
def test_a_currency_that_is_none_is_refused(currency: Any) -> None:
    assert refused(Invalid, [CartItem("guide")], currency)[1] == "currency"


@pytest.mark.covers("S000-14")
def test_an_empty_cart_is_refused() -> None:
    assert refused(Invalid, []) == ("The cart is empty: put at least one item into it.", "items")


def test_a_cart_has_at_most_fifty_items() -> None:
    items = [CartItem("mug", 1, {"n": str(n)}) for n in range(51)]
    assert len(catalog.price(SHOP, items[:50]).lines) == 50
    assert refused(Invalid, items) == ("The cart has 51 items, more than 50: make two orders of it.", "items")


@pytest.mark.covers("F5", "F10")
def test_a_total_that_no_card_could_be_charged_is_refused() -> None:
    assert catalog.price(SHOP, [CartItem("yacht")]).total == Money(AMOUNT_MAX, "eur")
    assert refused(Invalid, [CartItem("yacht"), CartItem("mug")]) == (
        "The total of 1000000.49 EUR is above the largest charge of 999999.99 EUR.",
        "items",
    )
    many = [CartItem("yacht", 1000, {"n": "1"})]
    assert refused(Invalid, many)[1] == "items"


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "text",
        [("a", "b")],
        {"a": 1},
        {"a": None},
        {"a": {"b": "c"}},
        {1: "a"},
        {"": "a"},
        {"k" * 41: "a"},
        {"a": "v" * 501},
        {"a": "\0"},
        {"\0": "a"},
        {"a": "\ud800"},
        {str(n): "a" for n in range(21)},
    ],
)
def test_metadata_is_a_small_flat_object_of_texts(metadata: Any) -> None:
    assert refused(Invalid, [CartItem("mug", 1, metadata)])[1] == "items[0].metadata"


def test_metadata_up_to_its_limits_is_kept() -> None:
    metadata = {f"{n:040}": "ü" * 500 for n in range(20)}
    assert catalog.price(SHOP, [CartItem("mug", 1, metadata)]).lines[0].metadata == metadata


CARTS = st.lists(
    st.builds(
        CartItem,
        st.sampled_from(["guide", "mug"]),
        st.integers(1, 8),
        st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy"), max_size=2),
    ),
    min_size=1,
    max_size=12,
)


@given(CARTS)
def test_merging_lines_never_changes_the_price_or_loses_a_thing(items: list[CartItem]) -> None:
    prices = {"guide": 4900, "mug": 50}
    asked = {key: sum(item.quantity for item in items if item.product == key) for key in prices}
    if asked["guide"] > 10:
        assert refused(Invalid, items)[0].startswith("One order may hold at most 10 of Guide")
        return
    cart = catalog.price(SHOP, items)
    assert cart.total.amount == sum(prices[item.product] * item.quantity for item in items)
    assert cart.total.amount == sum(line.amount.amount for line in cart.lines)
    assert {key: sum(line.quantity for line in cart.lines if line.product.key == key) for key in prices} == asked
    assert len({(line.product.key, tuple(sorted(line.metadata.items()))) for line in cart.lines}) == len(cart.lines)


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(st.lists(st.builds(CartItem, st.sampled_from(["guide", "mug", "secret"]) | ANYTHING, ANYTHING, ANYTHING), max_size=3))
def test_no_cart_does_anything_but_cost_something_or_be_refused(items: list[CartItem]) -> None:
    with contextlib.suppress(Invalid, NotFound, Conflict):
        assert catalog.price(SHOP, items).total.amount > 0
