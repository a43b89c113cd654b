"""Money loses nothing, mixes nothing and guesses nothing."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.errors import Invalid
from farthing.money import (
    AMOUNT_MAX,
    MINIMUM_CHARGE,
    REFUSED,
    THREE_DECIMAL,
    TOTAL_MAX,
    TWO_DECIMAL,
    ZERO_DECIMAL,
    Money,
    check_chargeable,
    exponent,
)

CURRENCIES = sorted(TWO_DECIMAL | ZERO_DECIMAL | THREE_DECIMAL)
currencies = st.sampled_from(CURRENCIES)
amounts = st.integers(-TOTAL_MAX, TOTAL_MAX)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@pytest.mark.covers("F11")
@given(amounts, currencies, weights)
def test_a_split_never_loses_a_unit(amount: int, currency: str, shares: list[int]) -> None:
    parts = Money(amount, currency).split(shares)
    assert len(parts) == len(shares)
    assert sum(part.amount for part in parts) == amount
    assert {part.currency for part in parts} == {currency}


@given(amounts, weights)
def test_no_part_of_a_split_is_a_whole_unit_off(amount: int, shares: list[int]) -> None:
    for part, share in zip(Money(amount, "eur").split(shares), shares, strict=True):
        assert abs(part.amount * sum(shares) - amount * share) < sum(shares)
        assert share or not part.amount, "a share of nothing gets nothing"


@given(amounts, weights)
def test_a_split_of_a_negative_amount_is_the_negative_split(amount: int, shares: list[int]) -> None:
    assert Money(-amount, "eur").split(shares) == [-part for part in Money(amount, "eur").split(shares)]


@pytest.mark.parametrize("shares", [[], [0], [0, 0], [1, -1], [2, -1]])
def test_a_split_by_nothing_is_refused(shares: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100, "eur").split(shares)


@given(amounts, currencies)
def test_what_is_written_is_read_again(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert Money.parse(str(money).removesuffix(f" {currency.upper()}"), currency) == money


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12.50", "eur", 1250),
        ("12.5", "eur", 1250),
        (" 12 ", "eur", 1200),
        ("0", "eur", 0),
        ("-3.01", "eur", -301),
        ("+3.01", "eur", 301),
        ("500", "jpy", 500),
        ("500.00", "jpy", 500),
        ("1.234", "kwd", 1234),
        ("10000000000.00", "eur", TOTAL_MAX),
    ],
)
def test_people_write_amounts_like_this(text: str, currency: str, amount: int) -> None:
    assert Money.parse(text, currency) == Money(amount, currency)


@pytest.mark.covers("F141")
@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("12.505", "eur"),
        ("0.5", "jpy"),
        ("1.2345", "kwd"),
        # More digits than a Decimal keeps: it would round them away and say nothing.
        ("1.00000000000001", "eur"),
        ("1.0000000000000000000000000000000001", "eur"),
        ("10000000000.01", "eur"),
        ("-10000000000.01", "eur"),
        *((text, "eur") for text in ("", "-", ".", ".5", "5.", "1e2", "1e999999", "NaN", "Infinity", "1_000", "1,000.00")),
        *((text, "eur") for text in ("0x10", "１２", "1\x00", "--1", "9" * 5000)),
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_what_is_no_exact_amount_is_refused_and_never_rounded(text: str, currency: str) -> None:
    with pytest.raises(Invalid):
        Money.parse(text, currency)


@given(st.text(max_size=30), currencies)
def test_any_text_is_an_amount_or_a_refusal(text: str, currency: str) -> None:
    with contextlib.suppress(Invalid):
        assert Money.parse(text, currency).currency == currency


@pytest.mark.parametrize("amount", [True, False, 1.0, 1.5, "1", None, float("nan")])
def test_an_amount_is_an_int_and_nothing_else(amount: Any) -> None:
    with pytest.raises(TypeError, match="whole number of minor units"):
        Money(amount, "eur")


@pytest.mark.parametrize("times", [True, 0.5, "2", None])
def test_money_is_multiplied_by_whole_numbers_only(times: Any) -> None:
    with pytest.raises(TypeError):
        Money(100, "eur") * times


@given(amounts, amounts)
def test_sums_and_differences_are_exact_or_refused(a: int, b: int) -> None:
    one, other = Money(a, "eur"), Money(b, "eur")
    if abs(a + b) > TOTAL_MAX:
        with pytest.raises(Invalid, match="too large"):
            one + other
    else:
        assert one + other == Money(a + b, "eur")
        assert (one + other) - other == one
    assert (one < other, one <= other, one > other, one >= other) == (a < b, a <= b, a > b, a >= b)


@pytest.mark.covers("F9")
def test_two_currencies_never_meet() -> None:
    one, other = Money(100, "eur"), Money(100, "usd")
    for meet in (
        lambda: one + other,
        lambda: one - other,
        lambda: one < other,
        lambda: one <= other,
        lambda: one > other,
        lambda: one >= other,
    ):
        with pytest.raises(ValueError, match="cannot mix"):
            meet()
    assert one != other


@pytest.mark.parametrize("amount", [TOTAL_MAX, -TOTAL_MAX])
def test_the_largest_sum_is_held_and_one_more_is_not(amount: int) -> None:
    assert Money(amount, "eur").amount == amount
    with pytest.raises(Invalid, match="too large"):
        Money(amount + (1 if amount > 0 else -1), "eur")


@pytest.mark.parametrize("currency", ["EUR", "Eur", "", "eu", "euro", "xxx", "btc", "eur ", "€", *sorted(REFUSED)])
def test_a_currency_that_is_not_taken_is_refused_by_name(currency: str) -> None:
    with pytest.raises(Invalid):
        Money(1, currency)


@pytest.mark.covers("F10")
@pytest.mark.parametrize("currency", CURRENCIES)
def test_each_currency_can_be_charged_from_its_smallest_to_the_largest_amount(currency: str) -> None:
    step = 10 if exponent(currency) == 3 else 1
    least = max(MINIMUM_CHARGE.get(currency, 1), step)
    most = AMOUNT_MAX - AMOUNT_MAX % step
    for amount in (least, least + step, most - step, most):
        check_chargeable(Money(amount, currency))
    for amount in (least - step, 0, -least, AMOUNT_MAX + 1, AMOUNT_MAX + step + 1):
        with pytest.raises(Invalid):
            check_chargeable(Money(amount, currency))


@pytest.mark.covers("F8")
@pytest.mark.parametrize("currency", sorted(THREE_DECIMAL))
def test_three_decimals_are_charged_in_steps_of_ten(currency: str) -> None:
    check_chargeable(Money(12_340, currency))
    for last in range(1, 10):
        with pytest.raises(Invalid, match="must end in 0"):
            check_chargeable(Money(12_340 + last, currency))


@pytest.mark.covers("F7")
def test_no_currency_has_two_numbers_of_decimals() -> None:
    assert not TWO_DECIMAL & ZERO_DECIMAL
    assert not TWO_DECIMAL & THREE_DECIMAL
    assert not ZERO_DECIMAL & THREE_DECIMAL
    assert not REFUSED & {*CURRENCIES}
    assert {currency: exponent(currency) for currency in ("eur", "jpy", "kwd")} == {"eur": 2, "jpy": 0, "kwd": 3}
    assert set(MINIMUM_CHARGE) <= set(CURRENCIES)
