"""What becomes of a job that raised: it runs again after a pause, or it is dead and waits for somebody to look at it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import psycopg

from farthing.errors import Conflict, Invalid, NotFound

DELAYS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400)
)
"""The pause after each failure: an outage of a minute costs little, one of two days is survived."""

ATTEMPTS_MAX: Final = len(DELAYS) + 1
JITTER: Final = 0.2
MESSAGE_MAX: Final = 500

NEVER: Final = (Conflict, Invalid, NotFound)
"""These will be raised again however often the job runs."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception as it is stored and shown: its class and what it said."""

    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


@dataclass(frozen=True, slots=True)
class Again:
    delay: timedelta
    failure: Failure


@dataclass(frozen=True, slots=True)
class Dead:
    failure: Failure


def after(error: Exception, attempts: int, chance: float) -> Again | Dead:
    """`attempts` were made before this one; `chance`, from 0 to 1, spreads what failed together."""
    error = _single(error)
    if isinstance(error, NEVER) or attempts + 1 >= ATTEMPTS_MAX:
        return Dead(describe(error))
    return Again(DELAYS[attempts] * (1 + JITTER * (2 * chance - 1)), describe(error))


def describe(error: Exception) -> Failure:
    # jsonb refuses a NUL, and JSON a lone surrogate: one odd name in a message must not stop the queue.
    said = _said(error).replace("\0", "").encode(errors="replace").decode()
    return Failure(type(error).__name__, said[:MESSAGE_MAX])


def _said(error: Exception) -> str:
    from pydantic_core import ValidationError

    match error:
        # PostgreSQL's DETAIL quotes the row, and pydantic the input: both may hold personal data.
        case psycopg.Error():
            return error.diag.message_primary or str(error).partition("\n")[0]
        case ValidationError():
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            return "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['type']}" for problem in problems)
        case _:
            return str(error)


def _single(error: Exception) -> Exception:
    """What a task group wrapped, where it is one exception."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
