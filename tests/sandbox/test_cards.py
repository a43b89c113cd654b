"""The table of test cards, looked at without a server."""

from __future__ import annotations

import pytest

from farthing.sandbox import cards
from farthing.sandbox.errors import Refusal
from farthing.sandbox.money import check_charge, spell
from farthing.sandbox.settings import Settings


def test_every_test_card_has_a_number_and_a_name_of_its_own() -> None:
    assert all(cards.numbered(card.number) is card for card in cards.CARDS)
    assert len({card.number for card in cards.CARDS}) == len({card.name for card in cards.CARDS}) == len(cards.CARDS)
    assert not cards.luhn("4242424242424241")


def test_methods_and_tokens_name_the_same_cards() -> None:
    assert cards.named("pm_card_visa") is cards.named("tok_visa") is cards.numbered("4242 4242-4242 4242")
    assert cards.named("pm_card_none") is cards.named("visa") is None


@pytest.mark.parametrize("number", ["", "4242", "4242424242424241", "４２４２４２４２４２４２４２４２", "4242" * 6, "x" * 16])
def test_a_number_that_is_none_is_incorrect(number: str) -> None:
    with pytest.raises(Refusal) as refused:
        cards.numbered(number)
    assert refused.value.code == "incorrect_number"


@pytest.mark.parametrize(("amount", "fee"), [(10_000, 320), (9_900, 317), (50, 31), (2_900, 114)])
def test_the_fee_is_rounded_half_up(amount: int, fee: int) -> None:
    assert Settings().fee(amount) == fee


@pytest.mark.parametrize(
    ("amount", "currency", "spelled"),
    [
        (1250, "usd", "$12.50"),
        (5, "usd", "$0.05"),
        (-123_456_789, "usd", "-$1,234,567.89"),
        (500, "jpy", "¥500"),
        (12_500, "kwd", "12.500 KWD"),
    ],
)
def test_amounts_are_spelled_with_the_decimals_of_their_currency(amount: int, currency: str, spelled: str) -> None:
    assert spell(amount, currency) == spelled


def test_the_largest_amount_has_eight_digits() -> None:
    check_charge(99_999_999, "usd")
    with pytest.raises(Refusal) as refused:
        check_charge(100_000_000, "usd")
    assert refused.value.code == "amount_too_large"
