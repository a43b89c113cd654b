"""What can be compared with the provider's lists: one row for each kind of object."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from farthing import checkout, disputes, invoices, payouts, subscriptions
from farthing.db import Transaction
from farthing.payments import Recorded
from farthing.providers import Listed, PaymentProvider
from farthing.reconcile import model, ours
from farthing.reconcile.model import Difference, Known
from farthing.reconcile.ours import Wanted
from farthing.world import World

ACTOR: Final = "reconcile"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of object is listed and found there, known here, compared, and made right by the normal path."""

    name: str
    pages: Callable[[PaymentProvider, datetime | None], AsyncIterator[Sequence[Listed[Any]]]]
    find: Callable[[PaymentProvider, str], Awaitable[Listed[Any] | None]]
    known: Callable[[Transaction, Wanted], Awaitable[Known]]
    compare: Callable[[Listed[Any], Known], Sequence[Difference] | None]
    heal: Callable[[World, str], Awaitable[Recorded]]


async def _sync_invoice(world: World, named: str) -> Recorded:
    """An invoice is seen with its subscription."""
    listed = await world.provider.find_invoice(named)
    if listed is None or listed.seen.subscription_id is None:
        return Recorded(None, "it belongs to no subscription")
    return await subscriptions.sync(world, listed.seen.subscription_id, actor=ACTOR)


async def _sync_payout(world: World, named: str) -> Recorded:
    await payouts.sync_payout(world, named, actor=ACTOR)
    return Recorded(None)


KINDS: Final = (
    # First: what paid for an invoice is known by it, and what went back of that by what paid.
    Kind(
        "subscription",
        pages=lambda provider, since: provider.list_subscriptions(since=since),
        find=lambda provider, named: provider.find_subscription(named),
        known=ours.subscriptions,
        compare=model.compare_subscription,
        heal=lambda world, named: subscriptions.sync(world, named, actor=ACTOR),
    ),
    Kind(
        "invoice",
        pages=lambda provider, since: provider.list_invoices(since=since),
        find=lambda provider, named: provider.find_invoice(named),
        known=ours.invoices,
        compare=model.compare_invoice,
        heal=_sync_invoice,
    ),
    Kind(
        "payment",
        pages=lambda provider, since: provider.list_payments(since=since),
        find=lambda provider, named: provider.find_payment(named),
        known=ours.payments,
        compare=model.compare_payment,
        heal=lambda world, named: invoices.sync_payment(world, named, actor=ACTOR),
    ),
    Kind(
        "refund",
        pages=lambda provider, since: provider.list_refunds(since=since),
        find=lambda provider, named: provider.find_refund(named),
        known=ours.refunds,
        compare=model.compare_refund,
        heal=lambda world, named: subscriptions.sync_refund(world, named, actor=ACTOR),
    ),
    Kind(
        "checkout",
        pages=lambda provider, since: provider.list_checkouts(since=since),
        find=lambda provider, named: provider.find_checkout(named),
        known=ours.checkouts,
        compare=model.compare_checkout,
        heal=lambda world, named: checkout.sync(world, named, actor=ACTOR),
    ),
    Kind(
        "dispute",
        pages=lambda provider, since: provider.list_disputes(since=since),
        find=lambda provider, named: provider.find_dispute(named),
        known=ours.disputes,
        compare=model.compare_dispute,
        heal=lambda world, named: disputes.sync_dispute(world, named, actor=ACTOR),
    ),
    Kind(
        "transfer",
        pages=lambda provider, since: provider.list_transfers(since=since),
        find=lambda provider, named: provider.find_listed_transfer(named),
        known=ours.transfers,
        compare=model.compare_transfer,
        heal=lambda world, named: payouts.sync_transfer(world, named, actor=ACTOR),
    ),
    Kind(
        "payout",
        pages=lambda provider, since: provider.list_payouts(since=since),
        find=lambda provider, named: provider.find_payout(named),
        known=ours.payouts,
        compare=model.compare_payout,
        heal=_sync_payout,
    ),
)


def wanted(provider: PaymentProvider, page: Sequence[Listed[Any]]) -> Wanted:
    """What is to be known of a page."""
    return Wanted(
        provider.name,
        provider.livemode,
        ids=[listed.seen.id for listed in page],
        references=[mark for listed in page if (mark := getattr(listed.seen, "reference", None)) is not None],
        payments=[id for listed in page if (id := getattr(listed.seen, "payment_id", None)) is not None],
        accounts=[id for listed in page if (id := getattr(listed.seen, "account_id", None)) is not None],
        subscriptions=[id for listed in page if (id := getattr(listed.seen, "subscription_id", None)) is not None],
    )


def wanted_by_id(provider: PaymentProvider, id: str) -> Wanted:
    return Wanted(provider.name, provider.livemode, ids=[id], references=[])


async def look(world: World, kind: Kind, id: str) -> tuple[Sequence[Difference] | None, Listed[Any] | None]:
    """One object as it is now, there and here: its differences (None: it is not ours), and how it is listed."""
    provider = world.provider
    listed = await kind.find(provider, id)
    async with world.db.transaction(ACTOR) as tx:
        if listed is None:
            known = await kind.known(tx, wanted_by_id(provider, id))
            return model.missing_there(kind.name, id, known.by_provider_id.get(id)), None
        known = await kind.known(tx, wanted(provider, [listed]))
    return kind.compare(listed, known), listed
