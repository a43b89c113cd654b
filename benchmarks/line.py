"""One line of the report: what was measured, against what, and whether that is good enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Line:
    """`ours` and `floor` hold one figure for each round, in the order of the rounds.

    A ratio is taken within a round, so that a machine that is slower for a while is slower for both.
    """

    what: str
    unit: str
    ours: Sequence[float]
    floor: Sequence[float]
    rule: Literal["at least", "at most"]
    target: float
    note: str
    """What the floor is."""
    of_floor: bool = True
    """Whether the target is a multiple of the floor, or a figure of its own."""

    @property
    def figures(self) -> list[float]:
        """What is held against the target, one for each round."""
        if not self.of_floor:
            return list(self.ours)
        return [ours / floor for ours, floor in zip(self.ours, self.floor, strict=True)]

    @property
    def met(self) -> bool:
        figure = median(self.figures)
        return figure >= self.target if self.rule == "at least" else figure <= self.target

    def described(self) -> Mapping[str, object]:
        """For machines."""
        return {
            "what": self.what,
            "unit": self.unit,
            "ours": _summary(self.ours),
            "floor": _summary(self.floor),
            "ratio" if self.of_floor else "figure": _summary(self.figures),
            "rule": self.rule,
            "target": self.target,
            "met": self.met,
            "note": self.note,
        }

    def __str__(self) -> str:
        held = "ratio  {} x, target {} {} x" if self.of_floor else "held   {} {unit}, target {} {} {unit}"
        said = [
            f"{'ok     ' if self.met else 'NOT MET'}  {self.what}",
            f"         ours   {_spread(self.ours)} {self.unit}",
            f"         floor  {_spread(self.floor)} {self.unit} ({self.note})",
            f"         {held.format(_spread(self.figures), self.rule, self.target, unit=self.unit)}",
        ]
        return "\n".join(said)


def _summary(figures: Sequence[float]) -> Mapping[str, float]:
    return {"median": median(figures), "min": min(figures), "max": max(figures)}


def _spread(figures: Sequence[float]) -> str:
    return f"{_shown(median(figures))} [{_shown(min(figures))} - {_shown(max(figures))}]"


def _shown(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}" if figure >= 1 else f"{figure:.3f}"
