"""The `Idempotency-Key` header of our own POSTs, and the sign that an answer is an earlier one."""

from hashlib import sha256
from typing import Annotated, Final

from fastapi import Header, Response

from farthing.http.callers import Caller, Guest
from farthing.http.idempotency import KEY_MAX, Key

REPLAYED: Final = "Idempotency-Replayed"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=KEY_MAX,
        description="Any text of your own, new for each new request: repeating the request with it repeats the answer.",
        examples=["5d0c3e0e-8a1c-4f0e-9d7e-1c1b5a4f6b1e"],
    ),
]


def key_of(header: str | None, caller: Caller, operation: str, request: object, *, email: str | None = None) -> Key | None:
    """The key as this caller means it, for this operation with this input. Guests are told apart by their address."""
    if header is None:
        return None
    scope = caller.actor
    if isinstance(caller, Guest) and email is not None:
        scope = f"guest:{sha256(email.lower().encode()).hexdigest()[:32]}"
    return Key.of(scope, header, [operation, request])


def mark_replayed(response: Response) -> None:
    response.headers[REPLAYED] = "true"
