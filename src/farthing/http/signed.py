"""Links that stand for one thing: signed for one purpose, expiring, and without a word about whom."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

from farthing.config import Settings
from farthing.errors import ConfigError, NotFound
from farthing.ids import Id

SIGNATURE: Final = 16
"""Bytes of the signature: 128 bits, far more than can be tried over the wire."""

BODY: Final = 21
"""Sixteen of the id, five of the moment until which it is good."""


def token(settings: Settings, purpose: str, id: Id, until: datetime) -> str:
    body = id.bytes + int(until.timestamp()).to_bytes(5, "big")
    return base64.urlsafe_b64encode(body + _sign(settings, purpose, body)).rstrip(b"=").decode()


def read(settings: Settings, purpose: str, token: str) -> tuple[bytes, datetime]:
    """The id it stands for, and until when it is good. Raises NotFound for one that is not ours."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    body, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
    # The last letter has bits to spare: several spell the same bytes, and only the one that we wrote is ours.
    ours = base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == token
    if not ours or len(body) != BODY or not hmac.compare_digest(signature, _sign(settings, purpose, body)):
        raise NotFound("There is no such payment link: follow the link of the email again.")
    return body[:16], datetime.fromtimestamp(int.from_bytes(body[16:], "big"), UTC)


def _sign(settings: Settings, purpose: str, body: bytes) -> bytes:
    if settings.secret_key is None:
        raise ConfigError("FARTHING_SECRET_KEY is not set, and payment links must be signed.")
    # A key of its own for each purpose: a signature for something else is none here.
    key = hmac.digest(settings.secret_key.get_secret_value().encode(), f"farthing {purpose}".encode(), hashlib.sha256)
    return hmac.digest(key, body, hashlib.sha256)[:SIGNATURE]
