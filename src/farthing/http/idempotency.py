"""Idempotency keys of our own callers: the same key and input get the same answer, in PostgreSQL and not in a cache.

A key is claimed in the first transaction of the work and answered in its last. A process that dies between the two leaves the
subject behind: whoever asks again goes on with it instead of starting anew.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel

from farthing.db import Row, Transaction
from farthing.errors import Invalid, KeyInUse, KeyReused

T = TypeVar("T", bound=BaseModel)

KEY_MAX: Final = 255
LEASE: Final = timedelta(seconds=60)
"""How long the first request may run before a repetition takes over."""

KEPT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known about a key: nothing yet, a subject that was begun, or the whole answer."""

    subject: UUID | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key as one caller used it for one input. Two callers' keys never meet."""

    caller: str
    key: str
    input_hash: bytes

    @classmethod
    def of(cls, caller: str, key: str, request: object) -> "Key":
        """Raises Invalid for a key that is empty, too long or not printable."""
        if not 1 <= len(key) <= KEY_MAX or not key.isprintable():
            raise Invalid(f"An idempotency key has 1 to {KEY_MAX} printable characters.", param="Idempotency-Key")
        return cls(caller, key, sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).digest())


async def claim(tx: Transaction, key: Key) -> Claim:
    """Take the key, or learn what became of it. Of two at once, one waits for the other's commit.

    Raises KeyReused where the input was another one, KeyInUse while the first request is still running.
    """
    params = {"caller": key.caller, "key": key.key, "hash": key.input_hash, "until": tx.now + LEASE, "now": tx.now}
    taken = await tx.run(
        """
        INSERT INTO idempotency_keys (caller, key, input_hash, claimed_until, created_at)
        VALUES (%(caller)s, %(key)s, %(hash)s, %(until)s, %(now)s)
        ON CONFLICT (caller, key) DO NOTHING
        """,
        **params,
    )
    if taken:
        return Claim()
    row = await tx.find(
        lambda row: row,
        """
        SELECT input_hash, subject, answer_status, answer_body, claimed_until FROM idempotency_keys
        WHERE caller = %(caller)s AND key = %(key)s FOR UPDATE
        """,
        **params,
    )
    assert row is not None, "the key conflicted, so it is there"
    return await _seen_before(tx, key, row)


async def _seen_before(tx: Transaction, key: Key, row: Row) -> Claim:
    if bytes(row["input_hash"]) != key.input_hash:
        raise KeyReused(f"The idempotency key {key.key!r} was used for another request: use a new one.")
    if row["answer_status"] is not None:
        return Claim(row["subject"], Answer(row["answer_status"], bytes(row["answer_body"])))
    if row["claimed_until"] > tx.now:
        raise KeyInUse(f"The first request with the idempotency key {key.key!r} is still running: try again shortly.")
    await tx.run(
        "UPDATE idempotency_keys SET claimed_until = %(until)s WHERE caller = %(caller)s AND key = %(key)s",
        until=tx.now + LEASE,
        caller=key.caller,
        key=key.key,
    )
    return Claim(row["subject"])


async def begin(tx: Transaction, key: Key, subject: UUID) -> None:
    """Say what the key stands for, in the transaction that makes it."""
    await tx.run(
        "UPDATE idempotency_keys SET subject = %(subject)s WHERE caller = %(caller)s AND key = %(key)s",
        subject=subject,
        caller=key.caller,
        key=key.key,
    )


async def remember(tx: Transaction, key: Key, answer: Answer) -> None:
    """Keep the answer for every repetition."""
    await tx.run(
        """
        UPDATE idempotency_keys SET answer_status = %(status)s, answer_body = %(body)s
        WHERE caller = %(caller)s AND key = %(key)s
        """,
        status=answer.status,
        body=answer.body,
        caller=key.caller,
        key=key.key,
    )


async def once(
    tx: Transaction, key: Key | None, answer: type[T], work: Callable[[], Awaitable[tuple[UUID, T]]], *, status: int = 201
) -> tuple[T, bool]:
    """Do what makes something, or answer as the first time; and whether it was answered before. Key, work and answer are one
    commit. `work` returns what it made and how that is shown.
    """
    found = await claim(tx, key) if key else Claim()
    if found.answer is not None:
        return answer.model_validate_json(found.answer.body), True
    subject, shown = await work()
    if key:
        await begin(tx, key, subject)
        await remember(tx, key, Answer(status, shown.model_dump_json().encode()))
    return shown, False


async def let_go(tx: Transaction, key: Key) -> None:
    """The work stopped without an answer: a repetition may go on at once."""
    await tx.run(
        """
        UPDATE idempotency_keys SET claimed_until = %(now)s
        WHERE caller = %(caller)s AND key = %(key)s AND answer_status IS NULL
        """,
        now=tx.now,
        caller=key.caller,
        key=key.key,
    )


async def forget(tx: Transaction, key: Key) -> None:
    """Nothing came of it: a repetition starts anew."""
    await tx.run("DELETE FROM idempotency_keys WHERE caller = %(caller)s AND key = %(key)s", caller=key.caller, key=key.key)


async def purge(tx: Transaction) -> int:
    """Drop the keys nobody will repeat any more."""
    return await tx.run("DELETE FROM idempotency_keys WHERE created_at < %(before)s", before=tx.now - KEPT)
