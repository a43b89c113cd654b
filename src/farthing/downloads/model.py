"""A file that a customer may fetch so many times, until a day."""

from dataclasses import dataclass
from datetime import datetime

from farthing.ids import CustomerId, DownloadId, LineItemId, OrderId


@dataclass(frozen=True, slots=True)
class Download:
    id: DownloadId
    customer_id: CustomerId
    order_id: OrderId
    line_item_id: LineItemId
    file: str
    """A path under the folder of downloads, or the key by which the host's storage knows it."""
    name: str
    """What the buyer's file is called."""
    downloads_max: int | None
    downloaded_count: int
    granted_at: datetime
    expires_at: datetime | None
    downloaded_at: datetime | None
    revoked_at: datetime | None

    @property
    def left(self) -> int | None:
        """How often it may still be fetched; None: as often as wanted."""
        return None if self.downloads_max is None else self.downloads_max - self.downloaded_count

    def is_open(self, now: datetime) -> bool:
        return self.over(now) is None

    def over(self, now: datetime) -> str | None:
        """Why it cannot be fetched any more, as a sentence; None while it can."""
        if self.revoked_at is not None:
            return "This download was taken back: its price was refunded."
        if self.expires_at is not None and self.expires_at <= now:
            return "The time in which this file could be downloaded is over."
        if self.left is not None and self.left <= 0:
            return "This file was downloaded as often as was bought."
        return None
