"""Passwords of staff: hashed with Argon2id, checked off the event loop, equally slow whether or not the address is known."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from farthing.errors import Invalid

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 200
AT_ONCE: Final = 2
"""One check takes 64 MB of memory: more at a time would let strangers fill it."""

_HASHER: Final = PasswordHasher()
_THREADS: Final = ThreadPoolExecutor(AT_ONCE, "passwords")


async def hashed(password: str) -> str:
    """Raises Invalid for one that is too short to be safe."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise Invalid(f"A password has {LENGTH_MIN} to {LENGTH_MAX} characters.", param="password")
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password behind the hash. Without one, the same work is done for nothing."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _check, password[: LENGTH_MAX + 1], stored)


def _check(password: str, stored: str | None) -> bool:
    try:
        _HASHER.verify(stored or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _nobodys() -> str:
    return _HASHER.hash("the password of nobody")
