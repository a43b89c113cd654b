"""`farthing webhooks`: is the door there where the provider delivers, and does it let in whom it should?"""

from __future__ import annotations

import time
from typing import Final

import httpx

from farthing import webhooks as room
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.config import Settings
from farthing.errors import ConfigError
from farthing.providers.stripe import rehearsal

PATIENCE: Final = 10.0
FORGED: Final = "whsec_of_nobody"
SIGNS: Final = {True: "[green]✓[/]", False: "[red]✗[/]"}


async def test() -> int:
    """Knock at the webhook door as Stripe would, signed and then forged, and see whether the first was stored.

    The event is of a type that nothing follows from. The exit code is 3 where something is not as it should be.

    For example:

        farthing webhooks test
        farthing webhooks test --json
    """
    settings = opening.settings()
    if not settings.stripe_webhook_secrets:
        raise ConfigError("STRIPE_WEBHOOK_SECRET is not set: no delivery can be verified.")
    secret = settings.stripe_webhook_secrets[0].get_secret_value()
    with terminal().progress("Knocking"):
        signed, id = await _knock(settings, secret)
        forged, _ = await _knock(settings, FORGED)
        stored = await _is_stored(id)
    checks = [
        ("a signed delivery is let in", signed == 200, _told(signed)),
        ("a forged one is refused", forged == 400, _told(forged)),
        ("what came in is stored", stored, "stored" if stored else "not in this database: another one is behind the door"),
    ]
    well = all(fine for _, fine, _ in checks)
    document = {"url": settings.base_url, "healthy": well, "checks": [{"check": c, "ok": f, "said": s} for c, f, s in checks]}
    rows = [(show.Marked(SIGNS[fine]), what, said) for what, fine, said in checks]
    terminal().show(document, show.table(("", "Check", "Found"), rows))
    return 0 if well else ConfigError.exit_code


async def _knock(settings: Settings, secret: str) -> tuple[int | None, str]:
    """The status that the door answers, None where nobody does; and the event's id. The address may hold a secret token."""
    body, signature, id = rehearsal(secret, livemode=settings.livemode, now=int(time.time()))
    headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        try:
            answer = await http.post(settings.base_url + room.path_of(settings), content=body, headers=headers)
        except httpx.HTTPError:
            return None, id
    return answer.status_code, id


async def _is_stored(id: str) -> bool:
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        return await room.find_by_provider_id(tx, id) is not None


def _told(status: int | None) -> str:
    return "nobody answers at FARTHING_BASE_URL" if status is None else f"HTTP {status}"
