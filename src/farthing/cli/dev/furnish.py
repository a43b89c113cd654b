"""What a house needs before anybody may come in: a schema, a webhook endpoint, products at the provider, a member of staff.

Each looks first and makes only what is missing, so that the second start is quick and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from farthing import catalog, config
from farthing.app import Farthing
from farthing.cli import opening
from farthing.cli.dev.state import STAFF, WEBHOOK, State
from farthing.db import Transaction
from farthing.providers.stripe import Endpoint, register_webhook
from farthing.world import World

ACTOR = "farthing dev"


def farthing(environ: Mapping[str, str]) -> Farthing:
    """Ours, to prepare with: entering it starts PostgreSQL and migrates. It sells the kinds of the application as well."""
    settings = config.load(environ)
    return Farthing(settings, run_worker=False, kinds=opening.kinds(settings, environ))


async def webhook(state: State) -> State:
    """Deliveries of the sandbox come to this house, signed with a secret that we know."""
    own = await _endpoint(state, state.webhook_id, state.webhook_secret, connect_events=False)
    sellers = await _endpoint(state, state.connect_webhook_id, state.connect_webhook_secret, connect_events=True)
    if state.carries:
        await _parcels(state)
    return replace(
        state,
        webhook_id=own.id,
        webhook_secret=own.secret,
        connect_webhook_id=sellers.id,
        connect_webhook_secret=sellers.secret,
    )


async def _parcels(state: State) -> None:
    from farthing.carriers.easypost import EasyPost

    carrier = EasyPost(state.easypost_key, base=state.easypost_base)
    try:
        await carrier.listen(f"{state.base_url}/webhooks/easypost", state.easypost_secret)
    finally:
        await carrier.close()


async def _endpoint(state: State, id: str | None, secret: str | None, *, connect_events: bool) -> Endpoint:
    url = state.base_url + WEBHOOK
    known = None if id is None else Endpoint(id, url, enabled=True, secret=secret)
    return await register_webhook(state.stripe_key, url, base=state.sandbox_url, known=known, connect_events=connect_events)


async def rooms(world: World, state: State, *, sells: bool) -> None:
    """With `sells`, the catalog is applied: at the sandbox nobody minds."""
    if sells:
        await catalog.apply(world, actor=ACTOR)
    await world.db.run(ACTOR, lambda tx: _staff(tx, state))


async def _staff(tx: Transaction, state: State) -> None:
    if await tx.value("SELECT 1 FROM staff WHERE lower(email) = %(email)s", email=STAFF) is None:
        # Loaded only where somebody is missing: with it come all pages, which this process does not serve.
        from farthing.web.staff import create_staff

        await create_staff(tx, STAFF, state.staff_password, "admin")
