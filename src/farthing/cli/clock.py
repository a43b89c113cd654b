"""`farthing clock`: the sandbox's time, looked at, looked ahead and moved."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.console import RenderableType

from farthing.cli import sandbox_at, show
from farthing.cli.sandbox_at import SandboxAt
from farthing.cli.terminal import terminal
from farthing.errors import Conflict, Invalid

WAIT_SECONDS: Final = 10
STEP_MAX: Final = 2 * 366 * 86_400
STEPS_MAX: Final = 50
UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
WORDS: Final = {"second": "s", "minute": "m", "min": "m", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "y"}
LENGTH: Final = re.compile(r"(\d{1,9})\s*([a-z]+)")
YEAR_MAX: Final = 9_000


def show_(*, url: str | None = None) -> int:
    """Show where the sandbox's clock stands.

    For example:

        farthing clock show

    Parameters
    ----------
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    at = sandbox_at.find(url)
    told = at.get("/clock")
    terminal().show(_document(told), _where(at, told))
    return 0


def advance(length: str | None = None, /, *, days: int | None = None, no_wait: bool = False, url: str | None = None) -> int:
    """Move the sandbox's clock on. Everything that falls due on the way happens, in its order, and is delivered.

    For example:

        farthing clock advance 31d
        farthing clock advance "1 month"
        farthing clock advance --days 31 --no-wait

    Parameters
    ----------
    length
        How far: 90s, 30m, 2h, 31d, 2w, "1 month", 1y, or several as in "1 month 2 days". A month ends on the same day.
    days
        The same in days.
    no_wait
        Do not wait until the webhooks are delivered.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    asked = _asked(length, days)
    at = sandbox_at.find(url)
    told = _move(at, seconds_of(asked, _now(at)))
    return _moved(at, told, waits=not no_wait)


def set_(moment: str, /, *, no_wait: bool = False, url: str | None = None) -> int:
    """Move the sandbox's clock on to a moment. Never back: for that, restore a snapshot.

    For example:

        farthing clock set 2030-01-31
        farthing clock set 2030-01-31T12:00:00Z

    Parameters
    ----------
    moment
        A date, or a date and time; where no offset is given, in the time of this machine.
    no_wait
        Do not wait until the webhooks are delivered.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    wanted = _moment(moment)
    at = sandbox_at.find(url)
    now = _now(at)
    if wanted < now:
        raise Conflict(f"The clock stands at {show.at(now)} already, and goes forward only: to go back, restore a snapshot.")
    # What the whole seconds leave is behind the clock already.
    told = _move(at, max(_near(int((wanted - now).total_seconds())), 1))
    return _moved(at, told, waits=not no_wait)


def preview(length: str | None = None, /, *, days: int | None = None, url: str | None = None) -> int:
    """Show what an advance would cause, in its order. Nothing of it happens.

    For example:

        farthing clock preview 31d
        farthing clock preview "1 month" --json

    Parameters
    ----------
    length
        How far: 2h, 31d, "1 month".
    days
        The same in days.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    asked = _asked(length, days)
    at = sandbox_at.find(url)
    now = _now(at)
    seconds = seconds_of(asked, now)
    if seconds > STEP_MAX:
        raise Invalid("That is too far to look ahead: two years at most.")
    with terminal().progress("Looking ahead"):
        found = at.get("/clock/preview", seconds=seconds)["events"]
    until = now + timedelta(seconds=seconds)
    events = [{**each, "at": datetime.fromtimestamp(each["at"], UTC)} for each in found]
    rows = [(show.at(each["at"]), each["type"], each["object"], each["account"]) for each in events]
    document = {"now": now, "until": until, "events": events}
    said = (
        f"Nothing happens by itself until {show.at(until)}."
        if not rows
        else f"{_count(len(rows), 'event')} until {show.at(until)}."
    )
    table = [show.table(("When", "Event", "About", "Account"), rows)] if rows else []
    terminal().show(document, *table, said)
    return 0


# Lengths of time


def _asked(length: str | None, days: int | None) -> list[tuple[int, str]]:
    if (length is None) == (days is None):
        raise Invalid("How far? Give a length such as 31d or '1 month', or --days.")
    asked = [(days, "d")] if days is not None else read(length or "")
    if any(count < 1 for count, _ in asked):
        raise Invalid("The clock goes forward only: give a length of more than nothing.")
    return asked


def read(text: str) -> list[tuple[int, str]]:
    """ "1 month 2 days" → [(1, "mo"), (2, "d")]."""
    found: list[tuple[int, str]] = []
    rest = text.strip().lower()
    while rest:
        part = LENGTH.match(rest)
        unit = _unit(part[2]) if part else None
        if part is None or unit is None:
            raise Invalid(f"{text[:40]!r} is no length of time: write 90s, 30m, 2h, 31d, 2w, '1 month' or 1y.")
        found.append((int(part[1]), unit))
        rest = rest[part.end() :].lstrip(" ,")
    if not found:
        raise Invalid("How far? Give a length such as 31d or '1 month'.")
    return found


def _unit(word: str) -> str | None:
    return word if word in (*UNITS, "mo", "y") else WORDS.get(word.removesuffix("s"))


def seconds_of(asked: list[tuple[int, str]], now: datetime) -> int:
    """From now: months and years by the calendar, so that the day of the month stays."""
    moment = now
    try:
        for count, unit in asked:
            moment = _later(moment, count, unit)
    except OverflowError:
        raise Invalid("That is too far away.") from None
    return _near(int((moment - now).total_seconds()))


def _near(seconds: int) -> int:
    if seconds > STEPS_MAX * STEP_MAX:
        raise Invalid("That is too far away: a hundred years at most.")
    return seconds


def _later(moment: datetime, count: int, unit: str) -> datetime:
    if unit not in ("mo", "y"):
        return moment + timedelta(**{UNITS[unit]: count})
    months = moment.month - 1 + count * (12 if unit == "y" else 1)
    year, month = moment.year + months // 12, months % 12 + 1
    if year > YEAR_MAX:
        raise OverflowError
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
        # The first and the last days there are may be on the other side of that in another place's time.
        return (found if found.tzinfo else found.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"{text[:40]!r} is no moment: write 2030-01-31 or 2030-01-31T12:00:00Z.") from None


def _move(at: SandboxAt, seconds: int) -> dict[str, Any]:
    """In steps as long as the sandbox takes them."""
    events: dict[str, int] = {}
    told: dict[str, Any] = {}
    with terminal().progress("Moving the clock"):
        while seconds > 0:
            told = at.post("/clock/advance", {"seconds": min(seconds, STEP_MAX)})
            seconds -= STEP_MAX
            for type, count in told["events"].items():
                events[type] = events.get(type, 0) + count
    return told | {"events": events}


# What is said


def _moved(at: SandboxAt, told: dict[str, Any], *, waits: bool) -> int:
    """With what happened on the way, and whether everybody heard of it."""
    events: dict[str, int] = told["events"]
    waited = at.post("/clock/wait", {"seconds": WAIT_SECONDS}) if waits else None
    document = _document(told) | {"events": events} | ({} if waited is None else waited)
    lines: list[RenderableType] = [_where(at, told)]
    if events:
        count = sum(events.values())
        lines.append(show.table(("Event", "Times"), list(events.items()), right=frozenset({"Times"})))
        lines.append(f"{_count(count, 'event')} happened on the way{_heard(waited)}")
    else:
        lines.append("Nothing was due at the sandbox on the way.")
    if at.house:
        lines.append("The house goes by this clock: what was due there, such as payouts, its worker does in the next minutes.")
    terminal().show(document, *lines)
    return 0


def _heard(waited: dict[str, Any] | None) -> str:
    if waited is None:
        return "."
    if waited["delivered"]:
        return ", and every webhook is delivered."
    return f"; [yellow]{_count(waited['waiting'], 'webhook')}[/] could not be delivered yet, and will be sent again."


def _now(at: SandboxAt) -> datetime:
    return datetime.fromtimestamp(at.get("/clock")["now"], UTC)


def _document(told: dict[str, Any]) -> dict[str, Any]:
    return {"now": datetime.fromtimestamp(told["now"], UTC), "ahead_seconds": told["ahead_seconds"]}


def _where(at: SandboxAt, told: dict[str, Any]) -> str:
    moment = show.at(datetime.fromtimestamp(told["now"], UTC))
    return f"The clock of {at.url} stands at [bold]{moment}[/], {_lead(round(told['ahead_seconds']))}."


def _lead(seconds: int) -> str:
    """The two largest parts of it are enough."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    parts = [(days, "day"), (hours, "hour"), (rest // 60, "minute"), (rest % 60, "second")]
    said = " and ".join(_count(number, noun) for number, noun in [part for part in parts if part[0]][:2])
    return f"{said} ahead of real time" if said else "as in real time"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
