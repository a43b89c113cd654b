"""Digital downloads: which files a customer may fetch, how often and until when, and the links by which they do."""

from farthing.downloads.door import fetch
from farthing.downloads.links import Link, link
from farthing.downloads.model import Download
from farthing.downloads.present import DownloadShown
from farthing.downloads.store import get, grant, of_customer, of_order, restore_line, revoke_line, was_fetched

__all__ = [
    "Download",
    "DownloadShown",
    "Link",
    "fetch",
    "get",
    "grant",
    "link",
    "of_customer",
    "of_order",
    "restore_line",
    "revoke_line",
    "was_fetched",
]
