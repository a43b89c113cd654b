"""Acting on the inbox: claim what is due, look at each object once, write what came of it.

Nothing here depends on the order in which events arrive: an event only says where to look.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from farthing import checkout, customers, disputes, events, invoices, payments, payouts, sellers, shipping, subscriptions
from farthing.db import Transaction
from farthing.errors import CarrierUnavailable, FarthingError, ProviderUnavailable
from farthing.lifecycles import NoticeStatus
from farthing.payments import NotYetKnown, Recorded
from farthing.webhooks import store
from farthing.webhooks.store import StoredNotice
from farthing.world import World

log = structlog.get_logger("farthing.webhooks")

CLAIM_MAX: Final = 64
AT_ONCE: Final = 6
"""Objects looked at in parallel: fewer than there are connections."""

LEASE: Final = timedelta(seconds=30)
"""A worker that dies with events in its hands gives them back after this long."""

ATTEMPTS_MAX: Final = 12
BACKOFF: Final = tuple(timedelta(seconds=s) for s in (1, 2, 5, 15, 60, 300, 900, 3600))


OWNED: Final = {
    "customer": customers.sync,
    "payment_method": customers.sync_method,
    "account": sellers.sync_account,
    "payout": payouts.sync_payout,
    "transfer": payouts.sync_transfer,
}
"""What belongs to somebody here, or concerns nobody: kind → looking at it."""


async def drain(world: World) -> int:
    """The sweep: act on one batch. Returns how many events it had in its hands."""
    async with world.db.transaction("sweep") as tx:
        claimed = await store.claim(tx, limit=CLAIM_MAX, lease=LEASE)
    groups: dict[tuple[str | None, str | None], list[StoredNotice]] = {}
    for notice in claimed:
        groups.setdefault((notice.subject_kind, notice.subject_id), []).append(notice)
    gate = asyncio.Semaphore(AT_ONCE)

    async def guarded(group: Sequence[StoredNotice]) -> None:
        async with gate:
            await act(world, group)

    await asyncio.gather(*(guarded(group) for group in groups.values()))
    return len(claimed)


async def act(world: World, notices: Sequence[StoredNotice]) -> None:
    """Look at the object these events are about. Whatever goes wrong is kept with them, and tried again or shown."""
    try:
        await look(world, notices)
    except (ProviderUnavailable, CarrierUnavailable) as error:
        await _put_off(world, notices, error.detail, attempts_max=None)
    except NotYetKnown as error:
        await _put_off(world, notices, str(error))
    except FarthingError as error:
        await _put_off(world, notices, error.detail)
    except Exception as error:
        log.exception("notice.failed", notice=str(notices[0].id), type=notices[0].type)
        await _put_off(world, notices, f"{type(error).__name__} while acting on it; the log has more")


async def look(world: World, notices: Sequence[StoredNotice]) -> None:
    """See how their object stands and record it, and with it what became of them. Raises what goes wrong."""
    first = notices[0]
    assert first.subject_id is not None, "what has no subject is ignored when it is stored"
    actor = f"webhook:{first.provider}"

    async def also(tx: Transaction, recorded: Recorded) -> None:
        status = NoticeStatus.PROCESSED if recorded.ignored is None else NoticeStatus.IGNORED
        ids = [notice.id for notice in notices]
        await store.finish(tx, ids, status, reason=recorded.ignored, order=recorded.order_id)

    match first.subject_kind:
        case "payment":
            seen = next((seen for n in notices if (seen := world.provider.conclusive_payment(n.body))), None)
            # The fee comes with a later event: then the snapshot is not enough.
            wants_fee = any(notice.type.startswith("charge.") for notice in notices)
            if seen is not None and not wants_fee and seen.reference is not None:
                await payments.sync(world, first.subject_id, actor=actor, seen=seen, also=also)
            else:
                await invoices.sync_payment(world, first.subject_id, actor=actor, also=also)
        case "checkout":
            await checkout.sync(world, first.subject_id, actor=actor, also=also)
        case "refund":
            await subscriptions.sync_refund(world, first.subject_id, actor=actor, also=also)
        case "customer" | "payment_method" | "account" | "payout" | "transfer" as kind:
            await OWNED[kind](world, first.subject_id, actor=actor, also=lambda tx, why: also(tx, Recorded(None, why)))
        case "dispute":
            await disputes.sync_dispute(world, first.subject_id, actor=actor, also=also)
        case "fraud_warning":
            await disputes.sync_fraud_warning(world, first.subject_id, actor=actor, also=also)
        case "subscription":
            await subscriptions.sync(world, first.subject_id, actor=actor, also=also, newest=True)
        case "tracker":
            await shipping.sync_tracker(
                world, first.provider, first.subject_id, actor=actor, also=lambda tx, why: also(tx, Recorded(None, why))
            )
        case "subscription_checkout":
            await subscriptions.sync_checkout(world, first.subject_id, actor=actor, also=also)
        case unknown:
            raise AssertionError(f"nobody looks at a {unknown}")


async def _put_off(
    world: World, notices: Sequence[StoredNotice], reason: str, *, attempts_max: int | None = ATTEMPTS_MAX
) -> None:
    """Try again later, or park it for a person after enough attempts. An outage, however long, is no event's own fault."""

    async def work(tx: Transaction) -> None:
        for notice in notices:
            if attempts_max is not None and notice.attempts >= attempts_max:
                await store.finish(tx, [notice.id], NoticeStatus.PARKED, reason=reason, order=None)
                await events.record(
                    tx, "notice.parked", notice=notice.id, provider_event=notice.provider_event_id, reason=reason
                )
            else:
                wait = BACKOFF[min(notice.attempts - 1, len(BACKOFF) - 1)]
                await store.put_off(tx, [notice.id], until=tx.now + wait, reason=reason)

    await world.db.run("sweep", work)
