"""Downloads in the database: granted once for each sale, counted by one statement, revoked, never deleted."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final, LiteralString

from farthing import events
from farthing.db import Row, Transaction
from farthing.downloads.model import Download
from farthing.errors import NotFound
from farthing.ids import CustomerId, DownloadId, LineItemId, OrderId

COLUMNS: Final[LiteralString] = """
    downloads.id, downloads.customer_id, order_id, line_item_id, file, downloads.name, downloads_max, downloaded_count,
    granted_at, expires_at, downloaded_at, revoked_at
"""

SELECT: Final[LiteralString] = f"SELECT {COLUMNS} FROM downloads"  # noqa: S608
LISTED_MAX: Final = 500


async def grant(
    tx: Transaction,
    *,
    customer: CustomerId,
    order: OrderId,
    line: LineItemId,
    files: Sequence[str],
    downloads_max: int | None,
    expires_at: datetime | None,
) -> None:
    """Once for each line and file, however often it is called."""
    for position, file in enumerate(files):
        granted = await tx.run(
            """
            INSERT INTO downloads (id, customer_id, order_id, line_item_id, position, file, name, downloads_max, granted_at,
                expires_at)
            VALUES (%(id)s, %(customer)s, %(order)s, %(line)s, %(position)s, %(file)s, %(name)s, %(downloads_max)s, %(now)s,
                %(expires_at)s)
            ON CONFLICT (line_item_id, position) DO NOTHING
            """,
            id=(id := DownloadId.new()),
            customer=customer,
            order=order,
            line=line,
            position=position,
            file=file,
            name=(name := PurePosixPath(file).name or file),
            downloads_max=downloads_max,
            now=tx.now,
            expires_at=expires_at,
        )
        if granted:
            await events.record(tx, "download.granted", order=order, download=id, file=name)


async def revoke_line(tx: Transaction, line: LineItemId, order: OrderId) -> None:
    revoked = await tx.all(
        lambda row: row["name"],
        "UPDATE downloads SET revoked_at = %(now)s WHERE line_item_id = %(line)s AND revoked_at IS NULL RETURNING name",
        line=line,
        now=tx.now,
    )
    for name in revoked:
        await events.record(tx, "download.revoked", order=order, file=name)


async def restore_line(tx: Transaction, line: LineItemId, order: OrderId) -> None:
    restored = await tx.all(
        lambda row: row["name"],
        "UPDATE downloads SET revoked_at = NULL WHERE line_item_id = %(line)s AND revoked_at IS NOT NULL RETURNING name",
        line=line,
    )
    for name in restored:
        await events.record(tx, "download.granted", order=order, file=name)


async def count(tx: Transaction, id: DownloadId, link: str) -> bool:
    """Count one more, if one more is left: whoever clicks at the same moment, never more than were sold."""
    order = await tx.find(
        lambda row: (OrderId.of(row["order_id"]), str(row["name"])),
        """
        UPDATE downloads SET downloaded_count = downloaded_count + 1, downloaded_at = %(now)s, counted_link = %(link)s
        WHERE id = %(id)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
            AND (downloads_max IS NULL OR downloaded_count < downloads_max)
        RETURNING order_id, name
        """,
        id=id,
        link=link,
        now=tx.now,
    )
    if order is not None:
        await events.record(tx, "download.fetched", order=order[0], download=id, file=order[1])
    return order is not None


async def may_resume(tx: Transaction, id: DownloadId, link: str) -> bool:
    """Whether this link was the one that was counted last, so that the rest of the file belongs to it."""
    found: bool | None = await tx.value(
        """
        SELECT counted_link = %(link)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
        FROM downloads WHERE id = %(id)s
        """,
        id=id,
        link=link,
        now=tx.now,
    )
    return bool(found)


async def get(tx: Transaction, id: DownloadId) -> Download:
    found = await tx.find(_download, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no download {id}.")
    return found


async def was_fetched(tx: Transaction, line: LineItemId) -> bool:
    found: bool = await tx.value(
        "SELECT EXISTS (SELECT 1 FROM downloads WHERE line_item_id = %(line)s AND downloaded_count > 0) AS fetched", line=line
    )
    return found


async def of_customer(tx: Transaction, external_id: str) -> list[Download]:
    """All that the host's user may download or once could, newest first."""
    return await tx.all(
        _download,
        SELECT
        + """
        JOIN customers ON customers.id = downloads.customer_id WHERE customers.external_id = %(external_id)s
        ORDER BY downloads.id DESC LIMIT %(limit)s
        """,
        external_id=external_id,
        limit=LISTED_MAX,
    )


async def of_order(tx: Transaction, order: OrderId) -> list[Download]:
    return await tx.all(_download, SELECT + " WHERE order_id = %(order)s ORDER BY id", order=order)


def _download(row: Row) -> Download:
    return Download(
        id=DownloadId.of(row["id"]),
        customer_id=CustomerId.of(row["customer_id"]),
        order_id=OrderId.of(row["order_id"]),
        line_item_id=LineItemId.of(row["line_item_id"]),
        file=row["file"],
        name=row["name"],
        downloads_max=row["downloads_max"],
        downloaded_count=row["downloaded_count"],
        granted_at=row["granted_at"],
        expires_at=row["expires_at"],
        downloaded_at=row["downloaded_at"],
        revoked_at=row["revoked_at"],
    )
