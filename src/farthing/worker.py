"""What a worker does: the tasks it knows, and the sweeps it makes."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from farthing import (
    analytics,
    checkout,
    credits,
    customers,
    disputes,
    dunning,
    entitlements,
    erasure,
    invoices,
    job_postings,
    payments,
    payouts,
    reactions,
    reconcile,
    returns,
    sellers,
    shipping,
    subscriptions,
    webhooks,
)
from farthing.http import idempotency
from farthing.ids import CustomerId, DisputeAnswerId, PayoutId, RefundId, SellerId, TransferId, TransferReversalId
from farthing.jobs import Sweep, Task, Worker
from farthing.world import World

REMINDED_MAX: Final = 500


async def send_refund(world: World, args: Mapping[str, str | int]) -> None:
    """Task: ask the provider for a promised refund. The refund's id is the key there, so it happens once."""
    await payments.send_refund(world, RefundId.parse(str(args["refund"])))


async def send_transfer(world: World, args: Mapping[str, str | int]) -> None:
    """Task: send what a seller earned. The transfer's id is the key at the provider, so it happens once."""
    await payouts.send_transfer(world, TransferId.parse(str(args["transfer"])))


async def send_reversal(world: World, args: Mapping[str, str | int]) -> None:
    """Task: take back what went back to a buyer. The reversal's id is the key at the provider, so it happens once."""
    await payouts.send_reversal(world, TransferReversalId.parse(str(args["reversal"])))


async def send_payout(world: World, args: Mapping[str, str | int]) -> None:
    """Task: send what a seller has to their bank. The payout's id is the key at the provider, so it happens once."""
    await payouts.send_payout(world, PayoutId.parse(str(args["payout"])))


async def push_customer(world: World, args: Mapping[str, str | int]) -> None:
    """Task: bring the provider up to what we know of a customer. Pushing what is pushed does nothing."""
    await customers.push(world, CustomerId.parse(str(args["customer"])), actor="worker")


async def send_answer(world: World, args: Mapping[str, str | int]) -> None:
    """Task: give the bank our evidence, or accept the dispute. The answer's id is the key there, so it happens once."""
    await disputes.send_answer(world, DisputeAnswerId.parse(str(args["answer"])))


async def reject_seller(world: World, args: Mapping[str, str | int]) -> None:
    """Task: tell the provider that we have nothing to do with a seller any more. Told twice, it is the same question."""
    await sellers.send_rejection(world, SellerId.parse(str(args["seller"])))


async def purge_keys(world: World) -> int:
    """Sweep: idempotency keys that nobody repeats any more."""
    async with world.db.transaction("sweep") as tx:
        await idempotency.purge(tx)
    return 0


async def remind_of_ends(world: World) -> int:
    """Sweep: tell once of each access that ends soon."""
    async with world.db.transaction("sweep") as tx:
        before = tx.now + timedelta(days=world.catalog.emails.reminder_days)
        return await entitlements.remind(tx, before=before, limit=REMINDED_MAX)


TASKS: Final[Mapping[str, Task[World]]] = {
    "events.announce": reactions.announce,
    "events.react": reactions.react,
    "payments.send_refund": send_refund,
    "payouts.send_transfer": send_transfer,
    "payouts.send_reversal": send_reversal,
    "payouts.send_payout": send_payout,
    "customers.push": push_customer,
    "disputes.send_answer": send_answer,
    "sellers.reject": reject_seller,
    "reconcile.run": reconcile.run_task,
}
"""Name of a job → what it does. A task may run twice, and says why that is harmless."""

SWEEPS: Final = (
    Sweep("inbox", timedelta(seconds=1), webhooks.drain, bell=webhooks.BELL),
    Sweep("checkouts", timedelta(seconds=5), checkout.close_due),
    Sweep("customers", timedelta(seconds=30), customers.push_due),
    Sweep("off-session charges", timedelta(seconds=30), checkout.ask_again),
    Sweep("erasures", timedelta(hours=1), erasure.clean_again),
    Sweep("ways to pay", timedelta(seconds=5), checkout.tidy),
    Sweep("stock kept too long", timedelta(seconds=30), checkout.let_stock_go),
    Sweep("earnings held long enough", timedelta(minutes=1), payouts.release_due),
    Sweep("earnings to be taken back", timedelta(minutes=1), payouts.take_back_due),
    Sweep("payouts on their way", timedelta(minutes=5), payouts.look_at_banks),
    Sweep("returns never sent", timedelta(minutes=10), returns.lapse_due),
    Sweep("labels", timedelta(seconds=30), shipping.ask_again),
    Sweep("parcels on their way", timedelta(minutes=1), shipping.track_due),
    Sweep("money held long enough on sellers' accounts", timedelta(minutes=10), payouts.pay_out_due),
    Sweep("exchanges", timedelta(minutes=1), returns.end_exchanges),
    Sweep("late news", timedelta(minutes=10), payments.look_again),
    Sweep("endings", timedelta(minutes=15), remind_of_ends),
    Sweep("starts of subscriptions", timedelta(seconds=10), subscriptions.close_due),
    Sweep("late news of subscriptions", timedelta(minutes=5), subscriptions.look_again),
    Sweep("questions about subscriptions", timedelta(seconds=30), subscriptions.ask_again),
    Sweep("changes of subscriptions", timedelta(seconds=30), subscriptions.apply_due),
    Sweep("paused subscriptions", timedelta(minutes=1), subscriptions.resume_due),
    Sweep("ending trials", timedelta(minutes=5), subscriptions.tell_of_trials),
    Sweep("tries to collect", timedelta(seconds=30), dunning.ask_again),
    Sweep("lapsed plans", timedelta(minutes=1), dunning.tell_of_lapses),
    Sweep("expiring cards", timedelta(minutes=15), dunning.check_cards),
    Sweep("fees of invoices", timedelta(minutes=10), invoices.look_for_fees),
    Sweep("accounts of sellers", timedelta(minutes=1), sellers.look_again),
    Sweep("old words", timedelta(hours=1), webhooks.forget),
    Sweep("disputes", timedelta(minutes=10), disputes.watch),
    Sweep("job postings", timedelta(seconds=10), job_postings.expire_due),
    Sweep("credits", timedelta(minutes=1), credits.expire_due),
    Sweep("missed events", timedelta(seconds=30), reconcile.sweep_due),
    Sweep("nightly reconciliation", timedelta(minutes=1), reconcile.nightly_due),
    Sweep("success of payments", timedelta(minutes=5), analytics.watch_payments),
    Sweep("figures", timedelta(seconds=5), analytics.refresh_due),
    Sweep("idempotency keys", timedelta(hours=1), purge_keys),
)
"""What is looked for again and again: every timer is a column, and one of these acts on it."""


async def run(world: World, dsn: str, stop: asyncio.Event) -> None:
    """Work until told to stop. The DSN leads to PostgreSQL itself: through a transaction pooler nobody hears a bell."""
    await Worker(dsn, world, TASKS, SWEEPS).run(stop)
