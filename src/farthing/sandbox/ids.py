"""Ids as Stripe makes them: a prefix that says what it is, and random letters and digits."""

from __future__ import annotations

import hashlib
import os
import random
import string
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ALPHABET = string.ascii_letters + string.digits
# A letter for each byte; that eight of them come a little more often does no harm here.
_LETTERS = (ALPHABET * 5)[:256].encode()
LONG = {"cs_test": 58, "whsec": 32}


def new_id(prefix: str) -> str:
    return f"{prefix}_{random_text(LONG.get(prefix, 24))}"


def random_text(length: int) -> str:
    source = _source.get()
    if source:
        return "".join(source.choice(ALPHABET) for _ in range(length))
    return os.urandom(length).translate(_LETTERS).decode()


_source: ContextVar[random.Random | None] = ContextVar("source", default=None)


@contextmanager
def seeded(seed: str) -> Iterator[None]:
    """Ids that come again in the next run, for tests that compare whole answers."""
    token = _source.set(random.Random(seed))  # noqa: S311 - test ids, and on request only
    try:
        yield
    finally:
        _source.reset(token)


def account_of_key(key: str) -> str:
    """`sk_test_abc` and `rk_test_abc` open the same account, and open it again after a restart."""
    suffix = key.split("_", 2)[2]
    return "acct_" + hashlib.sha256(suffix.encode()).hexdigest()[:16]
