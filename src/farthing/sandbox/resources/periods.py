"""Billing periods: where the next one ends, counted from the anchor so that the 31st comes back after February."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from farthing.sandbox.settings import DAY

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}
# The days of the shortest and of the longest.
LENGTHS = {"day": (1, 1), "week": (7, 7), "month": (28, 31), "year": (365, 366)}


def after(moment: int, interval: str, count: int, day: int | None = None) -> int:
    """`count` intervals later, at the same time of day; the last day of a month when it is too short.

    `day` is the day of the month that is wished for, where `moment` itself lies in too short a month.
    """
    start = datetime.fromtimestamp(moment, UTC)
    if interval in DAYS:
        return int((start + timedelta(days=DAYS[interval] * count)).timestamp())
    months = start.year * 12 + start.month - 1 + MONTHS[interval] * count
    year, month = divmod(months, 12)
    day = min(day or start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def end(start: int, anchor: int, interval: str, count: int, day: int | None = None) -> int:
    """The first end after `start` on the grid that the anchor lays. An anchor ahead ends a shorter first period."""
    shortest, longest = LENGTHS[interval]
    steps = (start - anchor) // (DAY * count * (longest if start >= anchor else shortest)) - 1
    while (moment := after(anchor, interval, count * steps, day)) <= start:
        steps += 1
    return moment


def start(end: int, anchor: int, interval: str, count: int, day: int | None = None) -> int:
    """Where a whole period with this end would have begun."""
    shortest, longest = LENGTHS[interval]
    steps = (end - anchor) // (DAY * count * (shortest if end >= anchor else longest)) + 1
    while (moment := after(anchor, interval, count * steps, day)) >= end:
        steps -= 1
    return moment
