"""What a code takes off a cart: exact in every currency, spread without a unit lost, never more than there is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing import catalog
from farthing.catalog import CartItem, PricedCart
from farthing.discounts import Coupon, Offer, PromotionCode, share, spread
from farthing.errors import Conflict, Invalid
from farthing.money import Money, step

SHOP = catalog.parse(
    """\
    currency = "eur"
    [products.post]
    name = "Job posting"
    kind = "custom"
    prices = ["99.00 EUR", "15000 JPY", "30.000 KWD"]
    max_quantity = 100
    volume_prices = [{from = 20, price = "60.00 EUR"}, {from = 5, price = "80.00 EUR"}, {from = 5, price = "25.000 KWD"}]
    [products.mug]
    name = "Mug"
    kind = "custom"
    prices = ["3.33 EUR", "501 JPY", "1.110 KWD"]
    max_quantity = 100
    [products.gift]
    name = "A gift to the house"
    kind = "custom"
    prices = [{min = "5.00 EUR", max = "500.00 EUR", suggested = ["10.00 EUR"]}, {min = "1.000 KWD", max = "9.000 KWD"}]
    [bulk_discounts.three-posts]
    name = "Three postings or more"
    from = 3
    percent = 10
    products = ["post"]
    [bulk_discounts.ten-things]
    name = "Ten things or more"
    from = 10
    percent = "12.5"
    """
)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def coupon(**changes: Any) -> Coupon:
    rule: dict[str, Any] = {"key": "c", "name": "Sale", "basis_points": 2000}
    return Coupon(**(rule | changes))


def offer(**changes: Any) -> Offer:
    return Offer(coupon(**changes), PromotionCode("SALE", "c"))


def eur(amount: int) -> Money:
    return Money(amount, "eur")


def adds_up(cart: PricedCart) -> bool:
    zero = Money.zero(cart.currency)
    assert cart.subtotal == sum((line.unit * line.quantity for line in cart.lines), start=zero)
    assert cart.total == sum((line.total for line in cart.lines), start=zero)
    assert cart.discount == sum((why.amount for why in cart.discounts), start=zero)
    assert all(zero <= line.discount <= line.amount and len(line.discounts) == len(cart.discounts) for line in cart.lines)
    return True


@pytest.mark.covers("S000-57")
@pytest.mark.parametrize(("quantity", "unit"), [(1, 9900), (4, 9900), (5, 8000), (19, 8000), (20, 6000)])
def test_whoever_buys_many_pays_the_price_of_the_last_step_for_all(quantity: int, unit: int) -> None:
    (line,) = catalog.price(SHOP, [CartItem("post", quantity)]).lines
    assert (line.unit, line.amount) == (eur(unit), eur(unit * quantity))


def test_all_of_a_product_in_the_cart_count_for_its_volume_price() -> None:
    cart = catalog.price(SHOP, [CartItem("post", 2, {"for": "Ada"}), CartItem("post", 3, {"for": "Bob"})])
    assert [line.unit for line in cart.lines] == [eur(8000), eur(8000)]


@pytest.mark.covers("S000-57")
def test_three_postings_cost_a_tenth_less_and_the_better_of_two_reasons_counts() -> None:
    assert catalog.price(SHOP, [CartItem("post", 2)]).discounts == ()
    three = catalog.price(SHOP, [CartItem("post", 3), CartItem("mug", 1)])
    assert [(why.kind, why.key, why.amount) for why in three.discounts] == [("bulk", "three-posts", eur(2970))]
    assert [line.discount for line in three.lines] == [eur(2970), eur(0)]
    ten = catalog.price(SHOP, [CartItem("post", 5), CartItem("mug", 5)])
    assert [(why.key, why.amount) for why in ten.discounts] == [("ten-things", eur(5208))]  # 12.5 % of 416.65
    assert adds_up(three)
    assert adds_up(ten)


def test_a_code_comes_after_what_is_taken_off_in_bulk() -> None:
    cart = catalog.discounted(catalog.price(SHOP, [CartItem("post", 3), CartItem("mug")]), offer())
    assert [why.amount for why in cart.discounts] == [eur(2970), eur(5413)]  # 20 % of 270.63
    assert cart.total == eur(30033 - 2970 - 5413)
    assert adds_up(cart)


@pytest.mark.covers("F11")
def test_an_amount_is_spread_over_the_lines_it_concerns() -> None:
    cart = catalog.price(SHOP, [CartItem("post"), CartItem("mug", 2), CartItem("gift", 1, {}, eur(1000))])
    off = catalog.discounted(cart, offer(basis_points=None, amounts={"eur": eur(1000)}, products=("mug", "gift")))
    assert [line.discount for line in off.lines] == [eur(0), eur(400), eur(600)]
    assert adds_up(off)


@pytest.mark.covers("F22")
def test_nothing_is_ever_worth_less_than_nothing() -> None:
    cart = catalog.price(SHOP, [CartItem("mug")])
    assert catalog.discounted(cart, offer(basis_points=None, amounts={"eur": eur(99_999)})).total == eur(0)
    assert catalog.discounted(cart, offer(basis_points=10_000)).total == eur(0)


@pytest.mark.covers("F10")
def test_a_total_that_no_card_could_pay_is_refused_with_the_code_as_its_reason() -> None:
    with pytest.raises(Invalid, match=r"0\.17 EUR is below the smallest charge") as error:
        catalog.discounted(catalog.price(SHOP, [CartItem("mug")]), offer(basis_points=9500))
    assert error.value.param == "promotion_code"


@pytest.mark.covers("F9")
@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"products": ("post",)}, "applies to nothing in this cart"),
        ({"basis_points": None, "amounts": {"usd": Money(500, "usd")}}, "is not for carts in eur, but for usd"),
        ({"minimums": {"eur": eur(334)}}, r"is for carts of 3\.34 EUR or more; this one costs 3\.33 EUR"),
        ({"minimums": {"jpy": Money(1, "jpy")}}, "is not for carts in eur, but for jpy"),
        ({"basis_points": 1}, "takes nothing off this cart"),
    ],
)
def test_a_code_that_is_not_for_this_cart_says_why(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said) as error:
        catalog.discounted(catalog.price(SHOP, [CartItem("mug")]), offer(**rule))
    assert error.value.param == "promotion_code"


def test_a_code_has_its_time_and_its_people() -> None:
    second = timedelta(seconds=1)
    offer(valid_from=NOW, valid_until=NOW + second).check(NOW)
    offer(first_purchase=True).check(NOW)
    refused: list[tuple[Offer, str]] = [
        (offer(valid_from=NOW + second), "not valid yet"),
        (offer(valid_until=NOW), "has expired"),
        (Offer(coupon(), PromotionCode("SALE", "c", valid_until=NOW)), "has expired"),
        (offer(active=False), "no longer valid"),
        (Offer(coupon(), PromotionCode("SALE", "c", active=False)), "no longer valid"),
        (offer(first_purchase=True), "first purchase only"),
    ]
    for each, said in refused:
        with pytest.raises(Conflict, match=said):
            each.check(NOW, has_bought=True)


@pytest.mark.covers("S003-10", "S003-31", "F141")
@pytest.mark.parametrize(
    ("product", "price", "said"),
    [
        ("gift", eur(499), "costs from 5.00 EUR to 500.00 EUR, not 4.99 EUR."),
        ("gift", eur(50_001), "costs from 5.00 EUR to 500.00 EUR, not 500.01 EUR."),
        ("gift", eur(-1000), "costs from 5.00 EUR to 500.00 EUR, not -10.00 EUR."),
        ("gift", Money(1000, "usd"), "The price must be in eur, as the cart is."),
        ("gift", None, "'gift' costs what the buyer says: send a price from 5.00 EUR to 500.00 EUR."),
        ("mug", eur(333), "'mug' has a fixed price: leave the price out."),
        ("mug", eur(1), "'mug' has a fixed price: leave the price out."),
    ],
)
def test_a_price_of_the_buyers_counts_only_where_the_product_lets_it_and_within_bounds(
    product: str, price: Money | None, said: str
) -> None:
    with pytest.raises(Invalid) as error:
        catalog.price(SHOP, [CartItem(product, 1, {}, price)])
    assert error.value.detail.endswith(said)
    assert error.value.param == "items[0].price"
    assert catalog.price(SHOP, [CartItem("gift", 2, {}, eur(500))]).total == eur(1000)


@pytest.mark.covers("F8")
def test_currencies_of_three_decimals_stay_payable() -> None:
    with pytest.raises(Invalid, match="must end in 0"):
        catalog.price(SHOP, [CartItem("gift", 1, {}, Money(1005, "kwd"))], "kwd")
    cart = catalog.discounted(catalog.price(SHOP, [CartItem("mug", 3)], "kwd"), offer(basis_points=1500))
    assert cart.total == Money(2830, "kwd")  # 15 % of 3.330 are 0.4995: 0.500 in tens


CARTS = st.lists(
    st.tuples(st.sampled_from(["post", "mug", "gift"]), st.integers(1, 10), st.sampled_from(["", "a"])), min_size=1, max_size=8
)


@pytest.mark.covers("F5", "F6", "F7", "F8", "F9", "S000-7")
@given(CARTS, st.sampled_from(["eur", "jpy", "kwd"]), st.integers(1, 10_000) | st.none(), st.integers(1, 900))
def test_every_cart_adds_up_to_the_unit_in_every_currency(
    items: list[tuple[str, int, str]], currency: str, points: int | None, amount: int
) -> None:
    cart = [
        CartItem(product, quantity, {"m": text}, Money(5000, currency) if product == "gift" else None)
        for product, quantity, text in items
        if product != "gift" or currency != "jpy"
    ]
    try:
        priced = catalog.price(SHOP, cart, currency)
        assert adds_up(priced)
        unit = step(currency)
        rule = coupon(basis_points=points, amounts={} if points else {currency: Money(amount * unit, currency)})
        assert adds_up(off := catalog.discounted(priced, Offer(rule, PromotionCode("SALE", "c"))))
        assert off.total.amount % unit == 0
    except Invalid:
        return


@pytest.mark.covers("F11")
@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=20).filter(any), st.integers(1, 10_000))
def test_parts_sum_to_the_whole_and_none_exceeds_its_line(weights: list[int], points: int) -> None:
    lines = [eur(weight) for weight in weights]
    off = share(sum(lines, start=eur(0)), points)
    parts = spread(off, lines)
    assert sum(parts, start=eur(0)) == off
    assert all(eur(0) <= part <= line for part, line in zip(parts, lines, strict=True))
    exact = sum(weights) * points
    assert abs(off.amount * 10_000 - exact) <= 5_000
