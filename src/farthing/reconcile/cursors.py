"""How far the provider's list of events was read, in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from farthing.db import Row, Transaction


@dataclass(frozen=True, slots=True)
class EventCursor:
    """`read_until` is by the provider's clock, the others by ours. `lost_since` says from when on events are gone for good."""

    read_until: datetime
    last_event_id: str | None
    swept_at: datetime
    due_at: datetime
    lost_since: datetime | None
    created_at: datetime


async def ensure(tx: Transaction, provider: str, livemode: bool, *, every: timedelta) -> EventCursor:
    """The cursor; where there is none yet, one that begins with what we sold first: before it there was nothing to miss. And a
    day before it by our clock, which may be ahead."""
    await tx.run(
        """
        INSERT INTO event_cursors (provider, livemode, read_until, swept_at, due_at, created_at)
        SELECT %(provider)s, %(livemode)s, coalesce(min(sold_at), %(now)s) - interval '1 day', %(now)s, %(due)s, %(now)s
        FROM (
            SELECT min(placed_at) AS sold_at FROM orders WHERE livemode = %(livemode)s
            UNION ALL SELECT min(started_at) FROM subscription_starts WHERE livemode = %(livemode)s
        ) AS sold
        ON CONFLICT DO NOTHING
        """,
        provider=provider,
        livemode=livemode,
        due=tx.now + every,
        now=tx.now,
    )
    found = await find(tx, provider, livemode)
    assert found is not None, "it was just made sure of"
    return found


async def find(tx: Transaction, provider: str, livemode: bool) -> EventCursor | None:
    return await tx.find(
        _cursor,
        """
        SELECT read_until, last_event_id, swept_at, due_at, lost_since, created_at FROM event_cursors
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND account = ''
        """,
        provider=provider,
        livemode=livemode,
    )


async def claim(tx: Transaction, provider: str, livemode: bool, *, until: datetime) -> bool:
    """Take the turn, if it is time: of several workers one gets it. One that dies with it is followed at the next turn."""
    return bool(
        await tx.run(
            """
            UPDATE event_cursors SET due_at = %(until)s
            WHERE provider = %(provider)s AND livemode = %(livemode)s AND account = '' AND due_at <= %(now)s
            """,
            provider=provider,
            livemode=livemode,
            until=until,
            now=tx.now,
        )
    )


async def advance(tx: Transaction, provider: str, livemode: bool, *, until: datetime, last_event_id: str | None) -> None:
    """Everything that happened before `until` is stored. It never goes back, whoever else reads at the same time."""
    await tx.run(
        """
        UPDATE event_cursors SET last_event_id = CASE WHEN read_until < %(until)s + interval '1 second'
                THEN coalesce(%(last)s, last_event_id) ELSE last_event_id END,
            read_until = greatest(read_until, %(until)s)
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND account = ''
        """,
        provider=provider,
        livemode=livemode,
        until=until,
        last=last_event_id,
    )


async def mark_swept(tx: Transaction, provider: str, livemode: bool, *, lost_since: datetime | None) -> None:
    """The list was read to its end."""
    await tx.run(
        """
        UPDATE event_cursors SET swept_at = %(now)s, lost_since = coalesce(lost_since, %(lost)s)
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND account = ''
        """,
        provider=provider,
        livemode=livemode,
        lost=lost_since,
        now=tx.now,
    )


async def forget_loss(tx: Transaction, provider: str, livemode: bool, *, before: datetime) -> None:
    """All objects were compared: what the lost events would have told is known."""
    await tx.run(
        """
        UPDATE event_cursors SET lost_since = NULL
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND account = '' AND lost_since <= %(before)s
        """,
        provider=provider,
        livemode=livemode,
        before=before,
    )


def _cursor(row: Row) -> EventCursor:
    return EventCursor(
        row["read_until"], row["last_event_id"], row["swept_at"], row["due_at"], row["lost_since"], row["created_at"]
    )
