"""The Stripe-Signature header: a moment of real time and an HMAC over it and the body."""

from __future__ import annotations

import hashlib
import hmac


def header(body: bytes, secret: str, moment: int) -> str:
    signature = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={signature}"
