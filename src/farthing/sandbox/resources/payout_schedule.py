"""When a payout schedule pays next: at midnight UTC, on the days it names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from farthing.sandbox.store import Json

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS_AHEAD_MAX = 62


def next_moment(schedule: Json, now: float) -> float | None:
    """The first such midnight after `now`; None when payouts are made by hand."""
    if schedule["interval"] == "manual":
        return None
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD_MAX))
    return next(day for day in days if _pays_on(schedule, day)).timestamp()


def _pays_on(schedule: Json, day: datetime) -> bool:
    match schedule["interval"]:
        case "weekly":
            return WEEKDAYS[day.weekday()] in schedule["weekly_payout_days"]
        case "monthly":
            # The 31st of a month that has none is its last day.
            last = (day + timedelta(days=1)).day == 1
            return any(day.day == wanted or (last and wanted > day.day) for wanted in schedule["monthly_payout_days"])
        case _:
            return True
