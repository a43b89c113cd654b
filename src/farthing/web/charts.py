"""Charts drawn on the server, as SVG without a script. Beside each stands a table that says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 220
LEFT: Final = 4
BOTTOM: Final = 22
TOP: Final = 14


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle. `tone` is the class that colors it."""

    x: int
    y: int
    width: int
    height: int
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    x: int
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: Sequence[Bar] = ()
    line: str = ""
    """The points of a line."""
    dots: Sequence[tuple[int, int, str]] = ()
    ticks: Sequence[Tick] = ()
    zero: int = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Part:
    """Of one column: how much, in what color, and what it says when it is pointed at."""

    amount: int
    tone: str
    title: str


def line(values: Sequence[tuple[str, int, str]]) -> Chart:
    """(label, amount, title) from left to right, on a ground of zero."""
    highest = max((amount for _, amount, _ in values), default=0) or 1
    room = HEIGHT - BOTTOM - TOP
    places = _places(len(values))
    dots = [
        (x, HEIGHT - BOTTOM - room * max(amount, 0) // highest, title)
        for x, (_, amount, title) in zip(places, values, strict=True)
    ]
    ticks = [Tick(x, label) for x, (label, _, _) in zip(places, values, strict=True)]
    return Chart(line=" ".join(f"{x},{y}" for x, y, _ in dots), dots=dots, ticks=ticks)


def columns(values: Sequence[tuple[str, Sequence[Part]]]) -> Chart:
    """What is more than nothing is stacked above the line, what is less below it."""
    highest = max((sum(part.amount for part in parts if part.amount > 0) for _, parts in values), default=0)
    lowest = min((sum(part.amount for part in parts if part.amount < 0) for _, parts in values), default=0)
    span, room = highest - lowest or 1, HEIGHT - BOTTOM - TOP
    zero = TOP + room * highest // span
    places = _places(len(values))
    half = max(2, (WIDTH - 2 * LEFT) // max(len(values), 1) // 3)
    bars = []
    for x, (_, parts) in zip(places, values, strict=True):
        up = down = 0
        for part in parts:
            if part.amount > 0:
                low, high = zero - room * up // span, zero - room * (up + part.amount) // span
                up += part.amount
            else:
                low, high = zero - room * (down + part.amount) // span, zero - room * down // span
                down += part.amount
            if part.amount:
                bars.append(Bar(x - half, high, 2 * half, max(low - high, 1), part.tone, part.title))
    ticks = [Tick(x, label) for x, (label, _) in zip(places, values, strict=True)]
    return Chart(bars=bars, ticks=ticks, zero=zero)


def _places(count: int) -> list[int]:
    """The middles of so many columns of the same width."""
    inner = WIDTH - 2 * LEFT
    return [LEFT + inner * (2 * place + 1) // (2 * count) for place in range(count)]
