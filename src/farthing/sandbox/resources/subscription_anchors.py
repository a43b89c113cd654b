"""When a subscription begins, and the day its periods turn: anchors ahead, by the calendar, or long past."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed
from farthing.sandbox.resources import periods
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json

TRIAL_DAYS_MAX = 730
TRIAL_YEARS_MAX = 5
BACKDATED_PERIODS_MAX = 250


@dataclass(frozen=True, slots=True)
class Beginning:
    """`since` is when it is said to have begun, perhaps long ago; the current period is from `start` to `end`."""

    since: int
    anchor: int
    start: int
    end: int
    trial_end: int | None
    backdated: list[tuple[int, int]]
    """The periods before the current one that are to be paid for now."""
    day: int | None
    """The day of the month that is wished for, though the anchor may lie in too short a month."""
    prorates: bool
    """Parts of periods are billed; otherwise they are free."""


def beginning(account: Account, params: Json, interval: str, count: int) -> Beginning:
    now = account.clock.seconds()
    trial_end = _trial_end(params, now)
    since = _since(params, now)
    day = (params.get("billing_cycle_anchor_config") or {}).get("day_of_month")
    prorates = params.get("proration_behavior", "create_prorations") != "none"
    stays = ((params.get("trial_settings") or {}).get("end_behavior") or {}).get("billing_cycle_anchor") == "unchanged"
    anchor = _anchor(params, now if stays else trial_end or now, interval, count)
    if trial_end:
        # A trial is free from its first day: nothing of what was before it is billed.
        return Beginning(since, anchor, now, trial_end, trial_end, [], day, prorates)
    end = periods.end(now, anchor, interval, count, day)
    grid = _grid(since, now, lambda moment: periods.end(moment, anchor, interval, count, day))
    start = grid[-1] if anchor > now and since < now else now
    ends = [*grid[1:], now] if anchor <= now else grid[1:]
    past = list(zip(grid, ends, strict=False)) if since < now else []
    return Beginning(since, anchor, start, end, None, past, day, prorates)


def _since(params: Json, now: int) -> int:
    since: int = params.get("backdate_start_date", now)
    if since > now:
        raise invalid("`backdate_start_date` must be in the past.", param="backdate_start_date")
    return since


def _grid(since: int, now: int, following: Callable[[int], int]) -> list[int]:
    """Where periods begin from `since` until now, on the grid that the anchor lays."""
    starts, moment = [since], since
    while (moment := following(moment)) < now:
        starts.append(moment)
        if len(starts) > BACKDATED_PERIODS_MAX:
            raise invalid(
                f"A subscription can be backdated by at most {BACKDATED_PERIODS_MAX} periods.", param="backdate_start_date"
            )
    return starts


def _trial_end(params: Json, now: int) -> int | None:
    if "trial_end" in params and "trial_period_days" in params:
        raise exclusive_parameters("trial_end", "trial_period_days")
    if (days := params.get("trial_period_days")) is not None:
        if not 0 <= days <= TRIAL_DAYS_MAX:
            raise invalid(f"A trial can have from 0 to {TRIAL_DAYS_MAX} days.", param="trial_period_days")
        return now + days * DAY if days else None
    moment = params.get("trial_end")
    return None if moment in (None, "now") else checked_trial_end(moment, now)


def checked_trial_end(moment: int, now: int) -> int:
    if moment <= now:
        raise malformed("Invalid timestamp: must be an integer Unix timestamp in the future.", param="trial_end")
    if moment > now + TRIAL_YEARS_MAX * 366 * DAY:
        raise invalid("A trial cannot last longer than five years.", param="trial_end")
    return int(moment)


def _anchor(params: Json, earliest: int, interval: str, count: int) -> int:
    """The day the periods turn. It may lie ahead, at most one period."""
    config, anchor = params.get("billing_cycle_anchor_config"), params.get("billing_cycle_anchor")
    if config and anchor is not None:
        raise exclusive_parameters("billing_cycle_anchor", "billing_cycle_anchor_config")
    if config:
        return by_calendar(config, earliest, interval)
    if anchor is None:
        return earliest
    if anchor < earliest:
        raise invalid(
            "`billing_cycle_anchor` cannot be in the past, or before the end of the trial.", param="billing_cycle_anchor"
        )
    if anchor > periods.after(earliest, interval, count):
        raise invalid(
            "`billing_cycle_anchor` cannot be later than the next natural billing date.", param="billing_cycle_anchor"
        )
    return int(anchor)


def shown(config: Json | None) -> Json | None:
    return {name: config.get(name) for name in LIMITS} if config else None


LIMITS = {"day_of_month": (1, 31), "month": (1, 12), "hour": (0, 23), "minute": (0, 59), "second": (0, 59)}


def by_calendar(config: Json, earliest: int, interval: str) -> int:
    """The next such day; a month without it turns on its last day. What is not said stays as it is now."""
    given = {name: config[name] for name in LIMITS if name in config}
    for name, (low, high) in LIMITS.items():
        if not low <= given.get(name, low) <= high:
            raise malformed(f"Must be from {low} to {high}.", param=f"billing_cycle_anchor_config[{name}]")
    if interval not in periods.MONTHS:
        raise invalid(
            "`billing_cycle_anchor_config` is only valid with monthly and yearly prices.", param="billing_cycle_anchor_config"
        )
    if "month" in given and interval != "year":
        raise invalid(
            "`billing_cycle_anchor_config[month]` is only valid with yearly prices.", param="billing_cycle_anchor_config[month]"
        )
    now = datetime.fromtimestamp(earliest, UTC)
    time = {name: given.get(name, getattr(now, name)) for name in ("hour", "minute", "second")}
    months = now.year * 12 + given.get("month", now.month) - 1
    while True:
        year, month = divmod(months, 12)
        day = min(given["day_of_month"], calendar.monthrange(year, month + 1)[1])
        moment = int(datetime(year, month + 1, day, tzinfo=UTC, **time).timestamp())
        if moment >= earliest:
            return moment
        months += 12 if "month" in given else 1
