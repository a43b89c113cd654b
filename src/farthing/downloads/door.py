"""`GET /downloads/{token}`: the file itself, from a folder of ours, or the way to the host's storage."""

import asyncio
import inspect
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from farthing.config import LOOPBACK
from farthing.db import Transaction
from farthing.downloads import links, store
from farthing.downloads.links import Named
from farthing.downloads.model import Download
from farthing.errors import DownloadOver, DownloadUnavailable
from farthing.world import World

SIGNED_WITHIN: Final = 5.0
"""Seconds the host's storage has to sign a URL."""

HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}

log = structlog.get_logger("farthing.downloads")


async def fetch(world: World, request: Request, token: str) -> Response:
    """Hand out the file, and count it. Raises NotFound, DownloadOver, DownloadUnavailable.

    What is there is looked up first: nobody loses a download to a file that is missing. A part further on, asked for by the
    link that was counted last, is the same download going on.
    """
    named = links.read(world, token)
    async with world.db.transaction("download") as tx:
        download = await store.get(tx, named.download)
    answer = await (_at_storage(world, download) if world.sign_download else _from_folder(world, download))
    if request.method != "HEAD":
        goes_on = _goes_on(request)
        await world.db.run("download", lambda tx: _count(tx, named, goes_on=goes_on))
    elif over := download.over(world.clock.now()):
        raise DownloadOver(over)
    return answer


async def _count(tx: Transaction, named: Named, *, goes_on: bool) -> None:
    if goes_on and await store.may_resume(tx, named.download, named.link):
        return
    if not await store.count(tx, named.download, named.link):
        download = await store.get(tx, named.download)
        raise DownloadOver(download.over(tx.now) or "This file cannot be downloaded any more.")


def _goes_on(request: Request) -> bool:
    """Several parts in one request are none further on: together they may be the whole file."""
    wanted = request.headers.get("range", "")
    if "," in wanted:
        return False
    start = wanted.removeprefix("bytes=").partition("-")[0]
    return wanted.startswith("bytes=") and start.isascii() and start.isdigit() and int(start[:18]) > 0


async def _from_folder(world: World, download: Download) -> Response:
    folder = world.settings.downloads.resolve()
    path = (folder / download.file).resolve()
    if not path.is_relative_to(folder) or not await asyncio.to_thread(Path.is_file, path):
        log.error("download.missing", download=str(download.id), file=download.file)
        raise DownloadUnavailable("The file is not there at the moment. The shop has been told; try again later.")
    return FileResponse(path, filename=download.name, media_type="application/octet-stream", headers=HEADERS)


async def _at_storage(world: World, download: Download) -> Response:
    assert world.sign_download is not None, "asked only where there is one"
    try:
        async with asyncio.timeout(SIGNED_WITHIN):
            signed = world.sign_download(download.file)
            url = await signed if inspect.isawaitable(signed) else signed
    except TimeoutError:
        raise DownloadUnavailable("The storage of the file did not answer in time. Try again.") from None
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    if not secure or host not in {allowed.lower() for allowed in world.settings.download_hosts}:
        log.error("download.host_refused", download=str(download.id), host=host, fix="FARTHING_DOWNLOAD_HOSTS")
        raise DownloadUnavailable("The file is not there at the moment. The shop has been told; try again later.")
    return RedirectResponse(url, 303, headers=HEADERS)
