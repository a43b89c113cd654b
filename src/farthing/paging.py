"""Pages of a list: newest first, with a cursor that is the id of the last row.

Ids sort by time, so no page repeats a row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from farthing.errors import Invalid

LIMIT_DEFAULT: Final = 25
LIMIT_MAX: Final = 100

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: Sequence[T]
    next_cursor: str | None

    @classmethod
    def of(cls, rows: Sequence[T], limit: int, cursor: Callable[[T], object]) -> "Page[T]":
        """Make a page of `limit` rows from a query that asked for one more, to know whether there are any."""
        more = len(rows) > limit
        items = rows[:limit]
        return cls(items, str(cursor(items[-1])) if more else None)

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        return Page([change(item) for item in self.items], self.next_cursor)


def checked_limit(limit: int) -> int:
    if not 1 <= limit <= LIMIT_MAX:
        raise Invalid(f"limit must be between 1 and {LIMIT_MAX}, not {limit}.", param="limit")
    return limit
