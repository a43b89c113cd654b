"""From where an order is served."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.inventory import Level, Part, Policy, StockItem, allocate


def item(*levels: int, policy: Policy = "deny", most: int | None = None, promised: int = 0) -> StockItem:
    found = [Level(f"place{at}", on_hand, 0) for at, on_hand in enumerate(levels)]
    return StockItem("x", "X", policy, most, promised, None, None, found)


def test_one_place_that_has_all_is_better_than_two_nearer_ones() -> None:
    assert allocate(item(1, 3), 3) == [Part("place1", 3)]


def test_without_such_a_place_they_are_emptied_in_their_order() -> None:
    assert allocate(item(1, 3), 4) == [Part("place0", 1), Part("place1", 3)]


def test_more_than_there_is_comes_from_nowhere() -> None:
    assert allocate(item(1, 3), 5) is None


def test_what_is_to_come_is_sold_as_far_as_it_may() -> None:
    assert allocate(item(1, policy="backorder", most=2, promised=1), 2) == [Part("place0", 1), Part(None, 1)]
    assert allocate(item(1, policy="backorder", most=2, promised=1), 3) is None
    assert allocate(item(policy="preorder"), 500) == [Part(None, 500)]


@given(
    levels=st.lists(st.integers(0, 9), max_size=4),
    wanted=st.integers(1, 40),
    policy=st.sampled_from(["deny", "backorder"]),
    most=st.none() | st.integers(0, 9),
)
def test_the_parts_are_the_whole_and_no_place_gives_more_than_it_has(
    levels: list[int], wanted: int, policy: Policy, most: int | None
) -> None:
    stock = item(*levels, policy=policy, most=most if policy != "deny" else None)
    parts = allocate(stock, wanted)
    if parts is None:
        assert stock.sellable is not None
        assert wanted > stock.sellable
        return
    assert sum(part.quantity for part in parts) == wanted
    assert all(part.quantity > 0 for part in parts)
    for level in stock.levels:
        assert sum(part.quantity for part in parts if part.location == level.location) <= level.available
