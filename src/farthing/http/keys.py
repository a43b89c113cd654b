"""API keys of the shop's own servers. The secret is shown once; we keep its hash, and a hint to tell keys apart."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from farthing import events
from farthing.db import Database, Row, Transaction
from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import ApiKeyId

PREFIX: Final = "fk_"
NAME_MAX: Final = 100
SECRET_MAX: Final = 100
USED_EVERY: Final = timedelta(minutes=1)
"""How exact `used_at` is: a row that every request writes would be a queue."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: ApiKeyId
    name: str
    hint: str
    livemode: bool
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


async def create(tx: Transaction, name: str, *, livemode: bool) -> tuple[ApiKey, str]:
    """A new key and its secret, which nobody can read again."""
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
        raise Invalid(f"The name of a key has 1 to {NAME_MAX} printable characters.", param="name")
    # 256 random bits: a plain hash is enough, for there is nothing to guess.
    secret = f"{PREFIX}{'live' if livemode else 'test'}_{secrets.token_urlsafe(32)}"
    key = ApiKey(ApiKeyId.new(), name, f"{secret[:8]}…{secret[-4:]}", livemode, tx.now, None, None)
    await tx.run(
        """
        INSERT INTO api_keys (id, name, secret_hash, hint, livemode, created_at)
        VALUES (%(id)s, %(name)s, %(hash)s, %(hint)s, %(livemode)s, %(now)s)
        """,
        id=key.id,
        name=name,
        hash=_hash(secret),
        hint=key.hint,
        livemode=livemode,
        now=tx.now,
    )
    await events.record(tx, "api_key.created", api_key=key.id, name=name)
    return key, secret


async def find(db: Database, secret: str) -> ApiKey | None:
    """The key that is not revoked. One statement, because it is asked on every request."""
    if len(secret) > SECRET_MAX:
        return None
    async with db.connection() as connection:
        row = await (
            await connection.execute(
                """
                SELECT id, name, hint, livemode, created_at, used_at, revoked_at FROM api_keys
                WHERE secret_hash = %(hash)s AND revoked_at IS NULL
                """,
                {"hash": _hash(secret)},
            )
        ).fetchone()
        if row is None:
            return None
        key, now = _key(row), db.clock.now()
        if key.used_at is None or now - key.used_at > USED_EVERY:
            await connection.execute("UPDATE api_keys SET used_at = %(now)s WHERE id = %(id)s", {"now": now, "id": key.id})
    return key


async def revoke(tx: Transaction, id: ApiKeyId) -> None:
    """From the commit on, the key opens nothing."""
    revoked = await tx.run(
        "UPDATE api_keys SET revoked_at = %(now)s WHERE id = %(id)s AND revoked_at IS NULL", id=id, now=tx.now
    )
    if not revoked:
        if await tx.value("SELECT 1 FROM api_keys WHERE id = %(id)s", id=id) is None:
            raise NotFound(f"There is no API key {id}.")
        raise Conflict(f"{id} is revoked already.")
    await events.record(tx, "api_key.revoked", api_key=id)


async def list_all(tx: Transaction) -> list[ApiKey]:
    """Newest first, revoked ones too."""
    return await tx.all(
        _key,
        """
        SELECT id, name, hint, livemode, created_at, used_at, revoked_at FROM api_keys
        ORDER BY id DESC
        """,
    )


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _key(row: Row) -> ApiKey:
    return ApiKey(
        id=ApiKeyId.of(row["id"]),
        name=row["name"],
        hint=row["hint"],
        livemode=row["livemode"],
        created_at=row["created_at"],
        used_at=row["used_at"],
        revoked_at=row["revoked_at"],
    )
