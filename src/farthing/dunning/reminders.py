"""What is told once: that a plan cannot be used any more, and that a card will not be good for the next charge."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from farthing import events, subscriptions
from farthing.db import Transaction
from farthing.dunning import store
from farthing.errors import ProviderError, ProviderUnavailable
from farthing.ids import SubscriptionId
from farthing.providers import SeenMethod
from farthing.world import World

SWEEP_MAX: Final = 50

log = structlog.get_logger("farthing.dunning")


async def tell_of_lapses(world: World) -> int:
    """Sweep: tell once of each plan that cannot be used any more because its money never came."""
    async with world.db.transaction("sweep") as tx:
        ids = await store.lapsed(tx, limit=SWEEP_MAX)
        for id in ids:
            found = await subscriptions.lock(tx, id)
            if found.paid_until is not None and await store.mark_lapse_told(tx, id, found.paid_until):
                await events.record(tx, "subscription.lapsed", order=None, **subscriptions.told(found))
    return 0


async def check_cards(world: World) -> int:
    """Sweep: look, before each charge, whether the card that pays will still be good, and tell where it will not."""
    days = world.catalog.subscriptions.card_reminder_days
    async with world.db.transaction("sweep") as tx:
        due = await store.charges_to_check(tx, before=tx.now + timedelta(days=days), limit=SWEEP_MAX)
    for id, charge_at in due:
        async with world.db.transaction("sweep") as tx:
            found = await subscriptions.get(tx, id)
        try:
            method = await world.provider_named(found.provider).paying_method(found.provider_subscription_id)
        except ProviderUnavailable:
            return 0
        except ProviderError as error:
            log.warning("card.not_checked", subscription=str(id), error=error.detail)
            method = None
        async with world.db.transaction("sweep") as tx:
            await _tell(tx, id, charge_at, method)
    return 0


async def _tell(tx: Transaction, id: SubscriptionId, charge_at: datetime, method: SeenMethod | None) -> None:
    found = await subscriptions.lock(tx, id)
    await store.mark_checked(tx, id, charge_at)
    if method is None or method.exp_year is None or method.exp_month is None:
        return
    if (method.exp_year, method.exp_month) >= (charge_at.year, charge_at.month):
        return
    if await store.mark_card_told(tx, id, f"{method.id} {method.exp_year}-{method.exp_month:02d}"):
        card = {"exp_month": method.exp_month, "exp_year": method.exp_year, "next_charge_at": charge_at.isoformat()}
        await events.record(tx, "card.expiring", order=None, **subscriptions.told(found), **card)
