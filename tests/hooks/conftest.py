"""A shop with hooks of its own, whose jobs run when a test says so."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from tests.worlds import CATALOG, Account, Outbox, account, outbox, sandbox, settings

from farthing import Farthing, catalog
from farthing.clock import TravelClock
from farthing.config import Settings
from farthing.events import Event

__all__ = ["account", "outbox", "sandbox", "settings"]


@pytest.fixture
async def pay(settings: Settings, account: Account, outbox: Outbox, clock: TravelClock) -> AsyncIterator[Farthing]:
    """Started by the test, after it has registered what it wants."""
    farthing = Farthing(settings, run_worker=False, catalog=catalog.parse(CATALOG), clock=clock, mailer=outbox)
    yield farthing
    await farthing.stop()


@dataclass
class Diary:
    """Writes down what it is told, and may refuse to a number of times first."""

    refuses: int = 0
    told: list[Event] = field(default_factory=list)
    calls: int = 0

    async def write(self, event: Event) -> None:
        self.calls += 1
        if self.calls <= self.refuses:
            raise RuntimeError("the pen is empty")
        self.told.append(event)


@pytest.fixture
def diary() -> Diary:
    return Diary()
