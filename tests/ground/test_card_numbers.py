"""A card number is known for one however it is written, and the number of a phone or an order is not taken for it."""

import pytest

from farthing.card_numbers import holds_one


@pytest.mark.covers("F179")
@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "my card is 4242 4242 4242 4242, thanks",
        "5555-5555-5555-4444",
        "378282246310005",
        "6011111111111117",
    ],
)
def test_a_card_number_is_known_however_it_is_written(text: str) -> None:
    assert holds_one(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4242",
        "4242424242424241",
        "490154203237518",
        "order 1001",
        "0000000000000000",
        "42424242424242424242",
        "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
    ],
)
def test_other_numbers_are_not_taken_for_one(text: str) -> None:
    assert not holds_one(text)
