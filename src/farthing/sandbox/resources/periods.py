"""Billing periods: where the next one ends, counted from the anchor so that the 31st comes back after February."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


def after(moment: int, interval: str, count: int) -> int:
    """`count` intervals later, at the same time of day; the last day of a month when it is too short."""
    start = datetime.fromtimestamp(moment, UTC)
    if interval in DAYS:
        return int((start + timedelta(days=DAYS[interval] * count)).timestamp())
    months = start.year * 12 + start.month - 1 + MONTHS[interval] * count
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def end(start: int, anchor: int, interval: str, count: int) -> int:
    """The first end after `start` on the grid that the anchor lays. An anchor ahead ends a shorter first period."""
    if anchor > start:
        return _first_before(start, anchor, interval, count)
    steps = 0
    while (moment := after(anchor, interval, count * steps)) <= start:
        steps += 1
    return moment


def _first_before(start: int, anchor: int, interval: str, count: int) -> int:
    moment, steps = anchor, 0
    while (earlier := after(anchor, interval, -count * (steps + 1))) > start:
        moment, steps = earlier, steps + 1
    return moment
