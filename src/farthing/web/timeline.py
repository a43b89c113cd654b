"""What happened to a thing, as pages show it: each entry says what, who and exactly when, and leads to the record of it."""

from dataclasses import dataclass
from datetime import datetime

from farthing.money import Money
from farthing.web.statuses import Tone


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    title: str
    actor: str
    icon: str = "circle-dot"
    tone: Tone = "neutral"
    detail: str = ""
    url: str = ""
    money: Money | None = None
