"""Keys for what we sign ourselves: one for each purpose, all from FARTHING_SECRET_KEY, so that none can stand for another."""

import hashlib
import hmac

from farthing.config import Settings
from farthing.errors import ConfigError

LENGTH_MIN = 32


def derived_key(settings: Settings, purpose: str) -> bytes:
    """32 bytes. Raises ConfigError without a secret key to derive them from."""
    secret = b"" if settings.secret_key is None else settings.secret_key.get_secret_value().encode()
    if len(secret) < LENGTH_MIN:
        raise ConfigError("FARTHING_SECRET_KEY is not set, or too short: make one with `openssl rand -hex 32`.")
    return hmac.digest(secret, f"farthing {purpose}".encode(), hashlib.sha256)
