"""Ids: one form for people, one for the database, and a garbled one is the id of nothing."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.errors import NotFound
from farthing.ids import ALPHABET, Id, OrderId, PaymentId, public, uuid7

KINDS = sorted((kind for kind in Id.__subclasses__() if kind.__module__ == "farthing.ids"), key=lambda kind: kind.prefix)
numbers = st.integers(0, 2**128 - 1)


@given(st.sampled_from(KINDS), numbers)
def test_the_public_form_is_read_again(kind: type[Id], number: int) -> None:
    id = kind(int=number)
    assert kind.parse(str(id)) == id
    assert type(kind.parse(str(id))) is kind
    assert kind.of(UUID(int=number)) == id


@given(numbers, numbers)
def test_public_forms_sort_as_the_ids_do(a: int, b: int) -> None:
    assert (str(OrderId(int=a)) < str(OrderId(int=b))) == (a < b)


def test_the_public_form_is_a_word_and_26_characters() -> None:
    word, _, tail = str(OrderId.new()).rpartition("_")
    assert word == "order"
    assert len(tail) == 26
    assert set(tail) <= set(ALPHABET)
    assert public(None) is None
    id = OrderId.new()
    assert public(id) == str(id)


def test_every_kind_of_thing_has_a_word_of_its_own() -> None:
    assert len({kind.prefix for kind in KINDS}) == len(KINDS) > 10


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = []
    for _ in range(20):
        made.append(OrderId.new())
        time.sleep(0.0011)
    assert made == sorted(made)
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_an_id_is_a_version_7_uuid() -> None:
    id = PaymentId.new()
    assert (id.version, id.variant) == (7, "specified in RFC 4122")


GOOD = str(OrderId(int=2**128 - 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "order",
        "order_",
        GOOD[:-1],
        GOOD + "0",
        GOOD.upper(),
        GOOD.replace("order", "payment"),
        GOOD.replace("order", "line_item"),
        GOOD.replace("order_", ""),
        "order_8" + GOOD[7:],  # more than 128 bits
        GOOD[:-1] + "u",
        GOOD[:-1] + "é",
        GOOD + "\n",
        " " + GOOD,
        "order_" + "\0" * 26,
        "order_" + "\ud800" * 26,
        "order_" + "١" * 26,
        "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "x" * 100_000,
        "order_1' OR '1'='1",
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_what_is_no_id_names_nothing_that_exists(text: str) -> None:
    with pytest.raises(NotFound) as refusal:
        OrderId.parse(text)
    assert len(refusal.value.detail) < 500
    refusal.value.detail.encode()


@pytest.mark.covers("F148", "F167")
@given(st.text(max_size=40))
def test_any_text_is_an_id_or_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        OrderId.parse(text)
    with pytest.raises(NotFound):
        OrderId.parse("order_" + text)


def test_what_one_process_made_later_sorts_later_also_within_a_millisecond() -> None:
    made = [OrderId.new() for _ in range(5_000)]
    assert made == sorted(made)
    assert len({id.int >> 80 for id in made}) < len(made)
    assert all(id.version == 7 for id in made)
