"""How often one caller may ask for what costs something, counted in this process with the `limits` library."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Depends, Request, Response
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from farthing.errors import TooMany
from farthing.http.callers import Caller, CustomerCaller, Server
from farthing.http.credentials import Anybody

LIMITER: Final = "limiter"
"""Where in the state of the application the limiter is."""


class _Storage(MemoryStorage):
    """The library looks for what is over among all callers, with every request: here at most once a second."""

    _cleaned_at = 0.0

    async def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802 - so the library calls it
        if time.monotonic() - self._cleaned_at >= 1:
            self._cleaned_at = time.monotonic()
            await super()._MemoryStorage__schedule_expiry()  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Rates:
    """What each kind of caller may do, in the notation of `limits`."""

    guest: str = "60/minute"
    customer: str = "120/minute"
    server: str = "6000/minute"


class Limiter:
    """Counts for one application, in the event loop it serves from."""

    def __init__(self, rates: Rates | None = None) -> None:
        rates = rates or Rates()
        self._guest, self._customer, self._server = (parse(rate) for rate in (rates.guest, rates.customer, rates.server))
        self._windows = FixedWindowRateLimiter(_Storage())

    async def hit(self, caller: Caller, address: str) -> Mapping[str, str]:
        """Count one request; the headers that tell how many are left. Raises TooMany."""
        rate, name = self._rate(caller, address)
        allowed = await self._windows.hit(rate, name)
        window = await self._windows.get_window_stats(rate, name)
        seconds = max(1, round(window.reset_time - time.time()))
        headers = {
            "RateLimit-Limit": str(rate.amount),
            "RateLimit-Remaining": str(max(0, window.remaining)),
            "RateLimit-Reset": str(seconds),
        }
        if not allowed:
            told = headers | {"Retry-After": str(seconds)}
            raise TooMany(
                f"Only {rate} are taken from one caller. Wait {seconds} second{'' if seconds == 1 else 's'}.",
                extra={"headers": told},
            )
        return headers

    def _rate(self, caller: Caller, address: str) -> tuple[RateLimitItem, str]:
        match caller:
            case Server():
                return self._server, caller.actor
            case CustomerCaller():
                return self._customer, caller.actor
            case _:
                return self._guest, f"guest:{address}"


async def _limited(request: Request, response: Response, caller: Anybody) -> None:
    limiter: Limiter = getattr(request.app.state, LIMITER)
    headers = await limiter.hit(caller, request.client.host if request.client else "unknown")
    response.headers.update(headers)


LIMITED: Final = Depends(_limited)
"""For `dependencies=` of a route that costs something."""
