"""Which orders of events are tried: pure, and never another one in the next run."""

from itertools import permutations

import pytest

from farthing.testing.orders import Order, Plan, id_of, order_of, told

PURCHASE = ["payment_intent.succeeded", "checkout.session.completed", "charge.updated", "charge.refunded"]


def tried(plan: Plan, *batches: list[str]) -> list[Order]:
    """Run it, delivering the same each time; the orders in which it came."""
    return [tuple(tuple(plan.arrange(batch)) for batch in batches) for _ in plan.runs()]


def test_few_orders_are_all_tried_and_that_as_created_first() -> None:
    found = tried(Plan(24), PURCHASE)
    assert found[0] == ((0, 1, 2, 3),)
    assert sorted(found) == sorted((order,) for order in permutations(range(4)))


def test_of_many_orders_as_many_as_allowed_are_tried_and_no_order_twice() -> None:
    events = [f"event.{letter}" for letter in "abcdefg"]
    plan = Plan(20)
    found = tried(plan, events)
    assert (len(found), len(set(found)), plan.possible) == (20, 20, 5040)
    assert ((6, 5, 4, 3, 2, 1, 0),) in found
    assert {order[0][0] for order in found} == set(range(7))
    assert found == tried(Plan(20), events)
    assert found != tried(Plan(20, seed=1), events)


def test_no_limit_tries_them_all() -> None:
    assert len(set(tried(Plan(None), PURCHASE))) == 24
    assert len(set(tried(Plan(None), PURCHASE[:3], PURCHASE[:2]))) == 12


def test_duplicates_come_after_what_they_repeat_and_in_every_order() -> None:
    plan = Plan(24, duplicates=True)
    found = tried(plan, PURCHASE)
    assert found[0] == ((0, 1, 2, 3),)
    firsts = [tuple(dict.fromkeys(order[0])) for order in found[1:]]
    assert sorted(firsts) == sorted(permutations(range(4)))
    assert all(sorted(order[0]) == [0, 0, 1, 1, 2, 2, 3, 3] for order in found[1:])


def test_one_order_alone_follows_that_as_created() -> None:
    assert tried(Plan(24, only=order_of("4-1-2-3")), PURCHASE) == [((0, 1, 2, 3),), ((3, 0, 1, 2),)]


def test_events_that_were_created_the_other_way_round_are_known_again() -> None:
    plan = Plan(24, only=order_of("4-1-2-3"))
    runs = plan.runs()
    next(runs)
    plan.arrange(PURCHASE)
    next(runs)
    swapped = [PURCHASE[0], PURCHASE[1], PURCHASE[3], PURCHASE[2]]
    assert [swapped[place] for place in plan.arrange(swapped)] == [PURCHASE[3], *PURCHASE[:3]]


def test_other_events_than_in_the_first_run_are_an_error_in_words() -> None:
    plan = Plan(24)
    runs = plan.runs()
    next(runs)
    plan.arrange(["charge.refunded", "charge.updated"])
    next(runs)
    with pytest.raises(LookupError, match=r"(?s)other events.*first: charge.refunded, charge.updated.*now:   charge.updated"):
        plan.arrange(["charge.updated"])


@pytest.mark.parametrize("order", [((1, 0, 2),), ((0,), (1, 0)), ((1, 1, 0, 0),)])
def test_an_order_can_be_named_and_named_again(order: Order) -> None:
    assert order_of(id_of(order)) == order


@pytest.mark.parametrize("wrong", ["", "a-b", "0-1", "1--2"])
def test_what_is_no_order_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"order of events|invalid literal"):
        order_of(wrong)


def test_an_order_is_told_line_by_line() -> None:
    assert told(((1, 0),), [("charge.updated", "charge.refunded")]) == "  2  charge.refunded\n  1  charge.updated"
