"""The way back from the provider's pages: addresses that say whose visit it was, signed by us, and prove nothing else.

Nothing that stands in such an address is believed but our own id. That somebody came back does not say that they finished:
the provider is asked.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlencode

from farthing.errors import NotFound
from farthing.http import signed
from farthing.ids import SellerId
from farthing.world import World

Way = Literal["return", "refresh"]

GOOD_FOR: Final = timedelta(days=1)
"""Longer than any visit: whoever comes back later signs in and looks."""

PATHS: Final[Mapping[Way, str]] = {"return": "/seller/return", "refresh": "/seller/refresh"}


def address(world: World, seller: SellerId, way: Way) -> str:
    token = signed.token(world.settings, f"seller {way}", seller, world.clock.now() + GOOD_FOR)
    return f"{world.settings.base_url}{PATHS[way]}?{urlencode({'visit': token})}"


def read(world: World, token: str, way: Way, *, now: datetime) -> SellerId:
    """Whose visit it was. Raises NotFound for what we did not sign, or signed for something else, or too long ago."""
    try:
        raw, until = signed.read(world.settings, f"seller {way}", token)
    except NotFound:
        raise NotFound("There is no such visit: open your seller page again.") from None
    if until < now:
        raise NotFound("This visit was too long ago: open your seller page again.")
    return SellerId(bytes=raw)
