"""Pages: every row once, newest first, whatever the size of the page."""

import pytest

from farthing import events
from farthing.db import Database
from farthing.errors import Invalid
from farthing.ids import EventId
from farthing.paging import LIMIT_MAX, Page, checked_limit


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_pages_together_are_the_list(db: Database, limit: int) -> None:
    async with db.transaction("test") as tx:
        made = [(await events.record(tx, "catalog.applied")).id for _ in range(7)]
    seen: list[EventId] = []
    cursor: EventId | None = None
    async with db.transaction("test") as tx:
        while True:
            page = await events.list_page(tx, limit=limit, cursor=cursor)
            assert len(page.items) <= limit
            seen += [event.id for event in page.items]
            if page.next_cursor is None:
                break
            cursor = EventId.parse(page.next_cursor)
    assert seen == made[::-1]


@pytest.mark.parametrize("limit", [0, -1, LIMIT_MAX + 1, 10**9])
def test_a_page_has_a_size_within_limits(limit: int) -> None:
    with pytest.raises(Invalid, match=f"between 1 and {LIMIT_MAX}"):
        checked_limit(limit)


def test_the_edges_of_the_limit_are_taken() -> None:
    assert (checked_limit(1), checked_limit(LIMIT_MAX)) == (1, LIMIT_MAX)


def test_an_exactly_full_page_is_the_last() -> None:
    assert Page.of([3, 2, 1], 3, str).next_cursor is None
    assert Page.of([3, 2, 1], 2, str) == Page([3, 2], "2")
    assert Page.of([3, 2, 1], 2, str).map(lambda n: n * 10).items == [30, 20]
    empty: Page[int] = Page.of([], 2, str)
    assert empty == Page([], None)
