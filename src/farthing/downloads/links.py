"""Links to a file: signed, good for a while, and only for that one file."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import jwt

from farthing.downloads.model import Download
from farthing.errors import Conflict, DownloadOver, NotFound
from farthing.http.signing import derived_key
from farthing.ids import DownloadId
from farthing.world import World

PATH: Final = "/downloads/"
TOKEN_MAX: Final = 1000
ALGORITHM: Final = "HS256"


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """What a link is of. `link` tells it from other links to the same file."""

    download: DownloadId
    link: str


def link(world: World, download: Download) -> Link:
    """A link that works for FARTHING_DOWNLOAD_MINUTES. Each opening of it counts. Raises Conflict where nothing is left."""
    now = world.clock.now()
    if over := download.over(now):
        raise Conflict(over)
    expires_at = now + timedelta(minutes=world.settings.download_minutes)
    claims = {"sub": str(download.id), "jti": secrets.token_urlsafe(9), "exp": int(expires_at.timestamp())}
    token = jwt.encode(claims, _key(world), algorithm=ALGORITHM)
    return Link(f"{world.settings.base_url}{PATH}{token}", expires_at)


def read(world: World, token: str) -> Named:
    """Raises NotFound for what we did not sign, DownloadOver for what has run out."""
    try:
        if len(token) > TOKEN_MAX:
            raise jwt.InvalidTokenError
        claims = jwt.decode(
            token, _key(world), algorithms=[ALGORITHM], options={"verify_exp": False, "require": ["exp", "sub"]}
        )
    except jwt.PyJWTError:
        raise NotFound("This is not a link to a download.") from None
    if claims["exp"] <= world.clock.now().timestamp():
        raise DownloadOver("This link has expired: open your downloads for a new one.")
    return Named(DownloadId.parse(claims["sub"]), claims["jti"])


def _key(world: World) -> bytes:
    return derived_key(world.settings, "download link 1")
