"""The proof that a guest placed an order: a signature of its id, given once to whoever placed it, sent in a header ever after.

It is made from the order and FARTHING_SECRET_KEY, so it is stored nowhere. It opens one order and the payments of it, for as
long as somebody may wait for them: a debit's answer takes a fortnight at most.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final

from fastapi import Header

from farthing.config import Settings
from farthing.errors import NotFound, Unauthenticated
from farthing.ids import OrderId

LENGTH: Final = 43
"""Hexadecimal digits: 172 bits."""

GOOD_FOR: Final = timedelta(days=30)
PREFIX: Final = "order_token_"

OrderToken = Annotated[
    str | None,
    Header(
        alias="Farthing-Order-Token",
        max_length=255,
        description="For guests: the `order_token` that came with the order they placed.",
    ),
]


def token_of(settings: Settings, order: OrderId, *, placed_at: datetime) -> str | None:
    """The same for the same order. None where the installation has no FARTHING_SECRET_KEY: then guests cannot come back."""
    return _signed(settings, order, f"{int((placed_at + GOOD_FOR).timestamp()):x}")


def check(settings: Settings, order: OrderId, token: str | None, *, now: datetime) -> None:
    """Raises Unauthenticated without a token, or with one that was good once; NotFound for another order's, as if there were
    no such order."""
    if token is None:
        raise Unauthenticated(
            "Send an API key as `Authorization: Bearer fk_…`, sign in, or send the order's token as Farthing-Order-Token."
        )
    until = token.removeprefix(PREFIX).partition("_")[0]
    own = _signed(settings, order, until)
    if own is None or not hmac.compare_digest(own.encode(), token.encode()):
        raise NotFound(f"There is no order {order}.")
    if datetime.fromtimestamp(int(until, 16), UTC) <= now:
        raise Unauthenticated("This order's token is too old: ask the shop how the order stands.")


def _signed(settings: Settings, order: OrderId, until: str) -> str | None:
    if settings.secret_key is None:
        return None
    key = settings.secret_key.get_secret_value().encode()
    mark = hmac.new(key, f"order token {order} {until}".encode(), sha256).hexdigest()[:LENGTH]
    return f"{PREFIX}{until}_{mark}"
