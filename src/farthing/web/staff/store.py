"""Staff and their sessions in the database. A session's token is kept by the browser alone: here is only its SHA-256."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from psycopg.errors import UniqueViolation

from farthing import events
from farthing.db import Row, Transaction
from farthing.errors import Conflict, Invalid
from farthing.ids import StaffId
from farthing.web.staff import passwords
from farthing.web.staff.roles import Role

SESSION: Final = timedelta(hours=12)
EMAIL_MAX: Final = 254


@dataclass(frozen=True, slots=True)
class Staff:
    id: StaffId
    email: str
    role: Role

    @property
    def actor(self) -> str:
        """How the audit trail names them: by id, so that no log holds an address."""
        return f"staff:{self.id}"


async def create_staff(tx: Transaction, email: str, password: str, role: Role | str) -> Staff:
    """Add a member of staff. Raises Invalid for what cannot be one, Conflict where the address has an account already."""
    if "@" not in email or len(email) > EMAIL_MAX or not email.isprintable() or " " in email:
        raise Invalid("The address of staff is an email address.", param="email")
    if role not in set(Role):
        raise Invalid(f"{str(role)[:20]!r} is not a role: choose one of {', '.join(Role)}.", param="role")
    staff = Staff(StaffId.new(), email, Role(role))
    hash = await passwords.hashed(password)
    try:
        async with tx.connection.transaction():
            await tx.run(
                """
                INSERT INTO staff (id, email, password_hash, role, created_at)
                VALUES (%(id)s, %(email)s, %(hash)s, %(role)s, %(now)s)
                """,
                id=staff.id,
                email=email,
                hash=hash,
                role=staff.role,
                now=tx.now,
            )
    except UniqueViolation:
        raise Conflict("There is an account with this address already.") from None
    await events.record(tx, "staff.created", staff=staff.id, role=str(staff.role))
    return staff


async def find_for_sign_in(tx: Transaction, email: str) -> tuple[Staff, str] | None:
    """Who signs in with this address, and the hash of their password."""
    return await tx.find(
        lambda row: (_staff(row), row["password_hash"]),
        """
        SELECT id, email, role, password_hash FROM staff WHERE lower(email) = lower(%(email)s) AND disabled_at IS NULL
        """,
        email=email,
    )


async def open_session(tx: Transaction, staff: Staff) -> str:
    """The token for the browser to keep. Sessions that are over are swept out on the way."""
    token = secrets.token_urlsafe(32)
    await tx.run("DELETE FROM staff_sessions WHERE expires_at <= %(now)s", now=tx.now)
    await tx.run(
        """
        INSERT INTO staff_sessions (token_hash, staff_id, created_at, expires_at)
        VALUES (%(hash)s, %(staff)s, %(now)s, %(until)s)
        """,
        hash=_digest(token),
        staff=staff.id,
        now=tx.now,
        until=tx.now + SESSION,
    )
    await events.record(tx, "staff.signed_in", staff=staff.id)
    return token


async def find_by_token(tx: Transaction, token: str) -> Staff | None:
    return await tx.find(
        _staff,
        """
        SELECT staff.id, staff.email, staff.role FROM staff_sessions session JOIN staff ON staff.id = session.staff_id
        WHERE session.token_hash = %(hash)s AND session.expires_at > %(now)s AND staff.disabled_at IS NULL
        """,
        hash=_digest(token),
        now=tx.now,
    )


async def close_session(tx: Transaction, token: str) -> None:
    await tx.run("DELETE FROM staff_sessions WHERE token_hash = %(hash)s", hash=_digest(token))


async def names(tx: Transaction) -> dict[str, str]:
    """Actor of the audit trail → address, for pages that staff look at."""
    return dict(await tx.all(lambda row: (f"staff:{StaffId.of(row['id'])}", row["email"]), "SELECT id, email FROM staff"))


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _staff(row: Row) -> Staff:
    return Staff(StaffId.of(row["id"]), row["email"], Role(row["role"]))
