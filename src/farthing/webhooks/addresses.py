"""Which addresses lead to the door: the canonical one, and those that hosts have registered at their provider before."""

import hmac
from dataclasses import dataclass
from typing import Final

from farthing.config import Settings

CANONICAL: Final = "/webhooks/stripe"
NAMED: Final = ("/webhooks/", "/webhook/", "/api/webhooks/")
"""The provider's name follows, and the token where there is one."""

UNNAMED: Final = frozenset({"/api/payments/webhook", "/api/v1/payments/webhook", "/api/v1/stripe/webhook"})


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the door, as somebody came to it."""

    provider: str
    token: str | None

    def admits(self, provider: str, settings: Settings) -> bool:
        """Whether it is one that this installation has. The token is compared in constant time, and told to nobody."""
        secret = settings.webhook_token
        if secret is None or self.token is None:
            return self.provider == provider and secret is None and self.token is None
        known = hmac.compare_digest(self.token.encode(), secret.get_secret_value().encode())
        return known and self.provider == provider


def read_address(path: str) -> Address | None:
    """None for an address of something else."""
    if path in UNNAMED:
        return Address("stripe", None)
    for prefix in NAMED:
        if path.startswith(prefix):
            provider, slash, token = path.removeprefix(prefix).partition("/")
            return Address(provider, token if slash else None)
    return None


def path_of(settings: Settings) -> str:
    """What to register at the provider. With a token, it is a secret."""
    token = settings.webhook_token
    return CANONICAL if token is None else f"{CANONICAL}/{token.get_secret_value()}"
