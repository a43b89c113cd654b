"""One thing that happened to an order, wherever it was written down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from farthing.money import Money

EntryKind = Literal["notice", "event", "ledger", "hook", "email"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `name` is the machine's word for it, `ref` the id of the record it comes from."""

    at: datetime
    kind: EntryKind
    name: str
    title: str
    actor: str
    detail: str = ""
    money: Money | None = None
    ref: str = ""
