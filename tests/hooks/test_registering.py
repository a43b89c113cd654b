"""Registering a hook: what could never run is refused at once, by name."""

from typing import Any

import pytest

from farthing import Farthing, Invalid, OrderPaid, OrderPlaced, Settings
from farthing.events import Announced


@pytest.fixture
def pay() -> Farthing:
    """Not started: registering needs neither database nor provider."""
    return Farthing(Settings(env="test"))


async def told(*_: object) -> None:
    raise AssertionError("nothing happens here")


def test_a_second_hook_of_the_same_name_is_refused(pay: Farthing) -> None:
    pay.on(OrderPaid, name="diary")(told)
    pay.on(OrderPlaced, name="diary")(told)
    with pytest.raises(Invalid, match=r"'diary' is registered for order\.paid already"):
        pay.on(OrderPaid, name="diary")(told)


@pytest.mark.parametrize("when", ["after_commit", "in_transaction"])
@pytest.mark.parametrize("event", ["order.payed", "", "ORDER.PAID", Announced])
def test_an_event_that_does_not_exist_is_refused(pay: Farthing, event: Any, when: Any) -> None:
    with pytest.raises(Invalid, match=r"There is no event .* choose one of .*order\.paid"):
        pay.on(event, when=when)(told)


def test_what_is_only_written_down_cannot_be_heard_after_the_commit(pay: Farthing) -> None:
    with pytest.raises(Invalid, match=r"'payment.succeeded' is not announced to hooks: choose one of .*order\.paid"):
        pay.on("payment.succeeded")(told)


def test_a_plain_function_cannot_run_in_the_transaction(pay: Farthing) -> None:
    with pytest.raises(Invalid, match="must be an async function"):
        pay.on(OrderPaid, when="in_transaction")(lambda tx, event: None)


def test_registering_gives_the_function_back(pay: Farthing) -> None:
    assert pay.on(OrderPaid)(told) is told
    assert pay.on(OrderPaid, when="in_transaction")(told) is told
