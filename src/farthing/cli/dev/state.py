"""What one home keeps from one `farthing dev` to the next: its keys, ports and sign-in, for the owner's eyes only."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from farthing.errors import ConfigError

PORT: Final = 4242
STAFF: Final = "dev@localhost"
WEBHOOK: Final = "/webhooks/stripe"
"""As in `farthing.routing`, which takes a second to load."""


@dataclass(frozen=True, slots=True)
class State:
    """All secrets are of this machine alone: the sandbox takes any key, and no real money is near."""

    stripe_key: str
    secret_key: str
    staff_password: str
    port: int
    sandbox_port: int | None = None
    webhook_id: str | None = None
    webhook_secret: str | None = None
    connect_webhook_id: str | None = None
    connect_webhook_secret: str | None = None
    """Of the endpoint that hears of sellers' accounts."""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def carries(self) -> bool:
        """Whether parcels are followed here: the extra `easypost`, at the sandbox."""
        return self.sandbox_port is not None and find_spec("easypost") is not None

    @property
    def easypost_key(self) -> str:
        return f"EZTK{self.stripe_key.rpartition('_')[2]}"

    @property
    def easypost_base(self) -> str:
        return f"{self.sandbox_url}/easypost/v2"

    @property
    def easypost_secret(self) -> str:
        return hashlib.sha256(f"parcels {self.secret_key}".encode()).hexdigest()

    def _carrier(self) -> dict[str, str]:
        if not self.carries:
            return {}
        return {
            "EASYPOST_API_KEY": self.easypost_key,
            "EASYPOST_API_BASE": self.easypost_base,
            "EASYPOST_WEBHOOK_SECRET": self.easypost_secret,
        }

    def environment(self) -> dict[str, str]:
        """The settings of everything that belongs to this home, as variables."""
        return self._carrier() | {
            "STRIPE_SECRET_KEY": self.stripe_key,
            "STRIPE_API_BASE": self.sandbox_url,
            "STRIPE_WEBHOOK_SECRET": ",".join(filter(None, (self.webhook_secret, self.connect_webhook_secret))),
            "FARTHING_SECRET_KEY": self.secret_key,
            "FARTHING_BASE_URL": self.base_url,
        }


def path(home: Path) -> Path:
    return home / "dev.json"


def find(home: Path) -> State | None:
    """Raises ConfigError for a file that is not one of ours."""
    try:
        found = json.loads(path(home).read_text(encoding="utf-8"))
        known = {field.name for field in fields(State)}
        return State(**{name: value for name, value in found.items() if name in known})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path(home)} cannot be used ({error}): delete it, and `farthing dev` makes a new one.") from None


def new(port: int) -> State:
    return State(
        stripe_key=f"sk_test_{secrets.token_hex(16)}",
        secret_key=secrets.token_hex(32),
        staff_password=secrets.token_urlsafe(9),
        port=port,
    )


def save(home: Path, state: State) -> None:
    """Whole or not at all, and readable by nobody else."""
    draft = path(home).with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(state), file, indent=2)
    draft.replace(path(home))
