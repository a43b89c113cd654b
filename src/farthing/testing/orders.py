"""Which orders of events are tried: all while they are few, else those that are most likely to hurt, and some by lot."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, permutations, product
from typing import Final

Batch = tuple[int, ...]
"""One delivery of what was held: the places of its events, as created, in the order they are sent. Twice means sent twice."""

Order = tuple[Batch, ...]
"""A batch for each time the test delivers, which mostly is once."""

TRIES_PER_ORDER: Final = 20


@dataclass
class Plan:
    """The orders of one test. The first run goes as created, and tells how many events there are."""

    limit: int | None
    """How many orders are tried at most; None for all."""
    duplicates: bool = False
    """Send every event a second time, some time after the first."""
    seed: int = 0
    only: Order | None = None
    """This one alone, after the one as created."""
    types: list[tuple[str, ...]] = field(default_factory=list)
    """What was held in the first run, batch by batch."""
    order: Order | None = None
    """The one that is tried now; None in the first run."""
    differs: bool = False
    """This run ended otherwise than the first."""
    _batch: int = 0

    def runs(self) -> Iterator[Order | None]:
        """Each is to be run in a world of its own."""
        self._batch = 0
        yield None
        for order in self._chosen():
            self.order, self._batch = order, 0
            yield order

    @property
    def batches(self) -> int:
        """How often this run has delivered."""
        return self._batch

    @property
    def possible(self) -> int:
        """In how many orders these events could come, each once."""
        return math.prod(math.factorial(len(each)) for each in self.types)

    def arrange(self, types: Sequence[str]) -> Sequence[int]:
        """The places of what is held now, in the order to deliver it. Raises LookupError where the first run held others."""
        number = self._batch
        self._batch += 1
        if self.order is None:
            self.types.append(tuple(types))
            return range(len(types))
        expected = self.types[number] if number < len(self.types) else ()
        if sorted(types) != sorted(expected):
            raise LookupError(
                "This run caused other events than the first one, so their orders cannot be compared: let the test do the same "
                f"things each time.\n  first: {', '.join(expected) or 'nothing'}\n  now:   {', '.join(types) or 'nothing'}"
            )
        # Two events may be created the other way round in this run: what is meant are those of the first.
        places = {kind: deque(place for place, each in enumerate(types) if each == kind) for kind in set(types)}
        matched = [places[kind].popleft() for kind in expected]
        return [matched[place] for place in self.order[number]]

    def _chosen(self) -> Iterator[Order]:
        if self.only is not None:
            return iter([self.only])
        created: Order = tuple(tuple(range(len(each))) for each in self.types)
        if self.limit is None or self.possible <= self.limit:
            found: Iterator[Order] = product(*(permutations(range(len(each))) for each in self.types))
        else:
            found = _distinct(chain(_telling(created), _by_lot(created, random.Random(self.seed))), self.limit)  # noqa: S311
        if self.duplicates:
            return (_doubled(order, random.Random(f"{self.seed}/{id_of(order)}")) for order in found)  # noqa: S311
        return (order for order in found if order != created)


def id_of(order: Order) -> str:
    """`2-1-3`: the event that was created second comes first. Several deliveries are joined by `+`."""
    return "+".join("-".join(str(place + 1) for place in batch) for batch in order)


def order_of(id: str) -> Order:
    """Raises ValueError."""
    order = tuple(tuple(int(place) - 1 for place in batch.split("-")) for batch in id.split("+"))
    if any(place < 0 for batch in order for place in batch):
        raise ValueError(f"{id!r} is no order of events: it looks like 2-1-3.")
    return order


def told(order: Order | None, types: Sequence[Sequence[str]]) -> str:
    """The order in words, line by line."""
    order = order or tuple(tuple(range(len(each))) for each in types)
    lines = [f"  {place + 1}  {batch[place]}" for batch, places in zip(types, order, strict=True) for place in places]
    return "\n".join(lines)


def _telling(created: Order) -> Iterator[Order]:
    """Each event before, and each after, all others, which is easy to understand; and backwards, which is every pair."""
    yield created
    for number, batch in enumerate(created):
        for event in batch:
            others = tuple(each for each in batch if each != event)
            yield (*created[:number], (event, *others), *created[number + 1 :])
            yield (*created[:number], (*others, event), *created[number + 1 :])
    yield tuple(batch[::-1] for batch in created)


def _by_lot(created: Order, dice: random.Random) -> Iterator[Order]:
    while True:
        yield tuple(tuple(dice.sample(batch, len(batch))) for batch in created)


def _distinct(orders: Iterator[Order], limit: int) -> Iterator[Order]:
    seen: set[Order] = set()
    for order in islice(orders, limit * TRIES_PER_ORDER):
        if order not in seen:
            seen.add(order)
            yield order
        if len(seen) == limit:
            return


def _doubled(order: Order, dice: random.Random) -> Order:
    doubled = []
    for batch in order:
        sent = list(batch)
        for event in batch:
            sent.insert(dice.randint(sent.index(event) + 1, len(sent)), event)
        doubled.append(tuple(sent))
    return tuple(doubled)
