"""The Stripe-Signature header: a moment of real time and an HMAC over it and the body, one for each secret that is valid."""

from __future__ import annotations

import hashlib
import hmac
import time

from farthing.sandbox.store import Record


def header(body: bytes, secrets: list[str], moment: int) -> str:
    return ",".join((f"t={moment}", *(f"v1={_signature(body, secret, moment)}" for secret in secrets)))


def _signature(body: bytes, secret: str, moment: int) -> str:
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def secrets_of(endpoint: Record) -> list[str]:
    """The newest first. After a rotation the old one stays valid for as long as was said then."""
    inner = endpoint.inner
    overlaps = "old_secret" in inner and inner["old_until"] > time.time()
    return [inner["secret"], inner["old_secret"]] if overlaps else [inner["secret"]]
