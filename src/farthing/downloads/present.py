"""A download as it is shown over HTTP. Where the file really is stays with us."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.downloads.model import Download
from farthing.http.bodies import Shown


class DownloadShown(Shown):
    id: str = Field(examples=["download_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["download"] = "download"
    name: str
    order: str
    line_item: str
    active: bool
    downloads_left: int | None = Field(description="null: as often as wanted.")
    downloaded_count: int
    granted_at: datetime
    expires_at: datetime | None
    downloaded_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, download: Download, now: datetime) -> "DownloadShown":
        return cls(
            id=str(download.id),
            name=download.name,
            order=str(download.order_id),
            line_item=str(download.line_item_id),
            active=download.is_open(now),
            downloads_left=download.left,
            downloaded_count=download.downloaded_count,
            granted_at=download.granted_at,
            expires_at=download.expires_at,
            downloaded_at=download.downloaded_at,
            revoked_at=download.revoked_at,
        )


class LinkShown(Shown):
    object: Literal["download_link"] = "download_link"
    url: str = Field(description="Each opening of it counts as one download.")
    expires_at: datetime
