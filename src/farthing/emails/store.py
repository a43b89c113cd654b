"""Emails in the database: written once for each fact, then sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from farthing.db import Row, Transaction
from farthing.emails.words import Letter
from farthing.errors import NotFound
from farthing.ids import EmailId, OrderId
from farthing.lifecycles import EmailStatus
from farthing.paging import Page, checked_limit

SELECT: LiteralString = """
    SELECT id, key, kind, order_id, recipient, locale, subject, body_text, body_html, status, written_at, sent_at FROM emails
"""


@dataclass(frozen=True, slots=True)
class Email:
    id: EmailId
    key: str
    kind: str
    order_id: OrderId | None
    recipient: str
    locale: str | None
    subject: str
    text: str
    html: str
    status: EmailStatus
    written_at: datetime
    sent_at: datetime | None


async def write(
    tx: Transaction, *, key: str, kind: str, order: OrderId | None, recipient: str, locale: str, letter: Letter
) -> Email:
    """Store the message, or find the one that was written for this key before."""
    await tx.run(
        """
        INSERT INTO emails (id, key, kind, order_id, recipient, locale, subject, body_text, body_html, status, written_at)
        VALUES (%(id)s, %(key)s, %(kind)s, %(order)s, %(recipient)s, %(locale)s, %(subject)s, %(text)s, %(html)s, 'waiting',
            %(now)s)
        ON CONFLICT (key) DO NOTHING
        """,
        id=EmailId.new(),
        key=key,
        kind=kind,
        order=order,
        recipient=recipient,
        locale=locale,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        now=tx.now,
    )
    found = await tx.find(_email, SELECT + " WHERE key = %(key)s", key=key)
    assert found is not None, "it was just written, or was there before"
    return found


async def find(tx: Transaction, key: str) -> Email | None:
    """What was written for a key."""
    return await tx.find(_email, SELECT + " WHERE key = %(key)s", key=key)


async def mark_sent(tx: Transaction, email: Email) -> bool:
    """Whether this call is the one that says so."""
    return bool(
        await tx.run(
            "UPDATE emails SET status = 'sent', sent_at = %(now)s WHERE id = %(id)s AND status = 'waiting'",
            id=email.id,
            now=tx.now,
        )
    )


async def get(tx: Transaction, id: EmailId) -> Email:
    found = await tx.find(_email, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no email {id}.")
    return found


async def of_order(tx: Transaction, order: OrderId) -> list[Email]:
    return await tx.all(_email, SELECT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def list_page(tx: Transaction, *, limit: int, cursor: EmailId | None = None) -> Page[Email]:
    """Newest first."""
    rows = await tx.all(
        _email,
        SELECT + " WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) ORDER BY id DESC LIMIT %(limit)s",
        cursor=cursor,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda email: email.id)


def _email(row: Row) -> Email:
    return Email(
        id=EmailId.of(row["id"]),
        key=row["key"],
        kind=row["kind"],
        order_id=None if row["order_id"] is None else OrderId.of(row["order_id"]),
        recipient=row["recipient"],
        locale=row["locale"],
        subject=row["subject"],
        text=row["body_text"],
        html=row["body_html"],
        status=EmailStatus(row["status"]),
        written_at=row["written_at"],
        sent_at=row["sent_at"],
    )
