"""Too few payments come: staff are told once, and again only after they came again."""

from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Final

from farthing import emails, events
from farthing.analytics.model import Ratio
from farthing.db import Transaction
from farthing.emails import Letter
from farthing.events import Event
from farthing.world import World

WINDOWS: Final = (1, 24)
"""Hours that are looked back."""

TOLD: Final = ("admin", "finance", "developer")
"""Roles that get the email."""


@dataclass(frozen=True, slots=True)
class Success:
    """Payments that were tried in a stretch of time. One that failed first and came then, came."""

    succeeded: int
    failed: int

    @property
    def tried(self) -> int:
        return self.succeeded + self.failed

    def is_below(self, percent: int) -> bool:
        return 100 * self.succeeded < percent * self.tried

    def __str__(self) -> str:
        return f"{Ratio(self.succeeded, self.tried)} of {self.tried} payments"


async def success(tx: Transaction, hours: int, *, livemode: bool) -> Success:
    found = await tx.find(
        lambda row: Success(row["succeeded"], row["failed"]),
        "SELECT succeeded, failed FROM payment_success(%(since)s, %(now)s) WHERE livemode = %(livemode)s",
        since=tx.now - timedelta(hours=hours),
        now=tx.now,
        livemode=livemode,
    )
    return found or Success(0, 0)


async def watch_payments(world: World) -> int:
    """Sweep: look how many payments came in the last hour and day."""
    for hours in WINDOWS:
        await world.db.run("sweep", lambda tx, hours=hours: _look(tx, world, hours))  # type: ignore[misc]
    return 0


async def _look(tx: Transaction, world: World, hours: int) -> None:
    policy, livemode = world.catalog.alerts, world.provider.livemode
    found = await success(tx, hours, livemode=livemode)
    if not found.is_below(policy.payment_success_percent):
        await tx.run(
            """
            UPDATE payment_alerts SET closed_at = %(now)s
            WHERE livemode = %(livemode)s AND window_hours = %(hours)s AND closed_at IS NULL
            """,
            now=tx.now,
            livemode=livemode,
            hours=hours,
        )
    elif found.tried >= policy.payments_min:
        # Of two workers that see it at the same moment, one row is in.
        new = await tx.run(
            """
            INSERT INTO payment_alerts (livemode, window_hours, succeeded, failed, limit_percent, opened_at)
            VALUES (%(livemode)s, %(hours)s, %(succeeded)s, %(failed)s, %(percent)s, %(now)s) ON CONFLICT DO NOTHING
            """,
            livemode=livemode,
            hours=hours,
            succeeded=found.succeeded,
            failed=found.failed,
            percent=policy.payment_success_percent,
            now=tx.now,
        )
        if new:
            await events.record(
                tx,
                "alert.payment_success_rate",
                order=None,
                hours=hours,
                succeeded=found.succeeded,
                failed=found.failed,
                limit_percent=policy.payment_success_percent,
            )


async def tell_staff(world: World, event: Event) -> None:
    """To everybody who runs the shop. Repeating it is harmless: each message is stored under a key of its own."""
    data = event.data
    found, hours = Success(data["succeeded"], data["failed"]), data["hours"]
    when = "hour" if hours == 1 else f"{hours} hours"
    subject = f"Only {Ratio(found.succeeded, found.tried)} of payments came in the last {when}"
    page = f"{world.settings.base_url}/admin/metrics"
    text = (
        f"{found.failed} of {found.tried} payments of {world.catalog.shop.name} failed in the last {when}, and did not come"
        f" since. The limit is {data['limit_percent']}%. You are told again only after payments came again.\n\n"
        f"Why they failed: {page}\n"
    )
    html = "".join(f"<p>{escape(part)}</p>" for part in text.strip().split("\n\n"))
    async with world.db.transaction("worker") as tx:
        addresses = await tx.all(
            lambda row: (str(row["id"]), str(row["email"])),
            "SELECT id, email FROM staff WHERE disabled_at IS NULL AND role = ANY(%(told)s) ORDER BY id",
            told=list(TOLD),
        )
    for id, address in addresses:
        key = f"payment_alert:{event.id}:{id}"
        await emails.send_to_staff(world, key=key, kind="payment_alert", recipient=address, letter=Letter(subject, text, html))
