"""The proof that a guest placed an order: a signature of its id, given once to whoever placed it, sent in a header ever after.

It is made from the order's id and FARTHING_SECRET_KEY, so it is stored nowhere. It opens one order and the payments of it.
"""

import hmac
from hashlib import sha256
from typing import Annotated, Final

from fastapi import Header

from farthing.config import Settings
from farthing.errors import NotFound, Unauthenticated
from farthing.ids import OrderId

LENGTH: Final = 43
"""Hexadecimal digits: 172 bits."""

OrderToken = Annotated[
    str | None,
    Header(
        alias="Farthing-Order-Token",
        max_length=255,
        description="For guests: the `order_token` that came with the order they placed.",
    ),
]


def token_of(settings: Settings, order: OrderId) -> str | None:
    """None where the installation has no FARTHING_SECRET_KEY: then guests cannot come back to their order."""
    if settings.secret_key is None:
        return None
    key = settings.secret_key.get_secret_value().encode()
    return "order_token_" + hmac.new(key, f"order token {order}".encode(), sha256).hexdigest()[:LENGTH]


def check(settings: Settings, order: OrderId, token: str | None) -> None:
    """Raises Unauthenticated without a token, and NotFound for another order's, as if there were no such order."""
    if token is None:
        raise Unauthenticated(
            "Send an API key as `Authorization: Bearer fk_…`, sign in, or send the order's token as Farthing-Order-Token."
        )
    own = token_of(settings, order)
    if own is None or not hmac.compare_digest(own.encode(), token.encode()):
        raise NotFound(f"There is no order {order}.")
