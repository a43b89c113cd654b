"""After a busy day every table holds rows, and every row is read by the code that wrote it."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.news import busy, paid_beside
from tests.worlds import Account, account, outbox, sandbox, settings, start, world

from farthing import (
    catalog,
    checkout,
    credits,
    customers,
    discounts,
    disputes,
    downloads,
    emails,
    entitlements,
    events,
    fulfillment,
    inventory,
    job_postings,
    jobs,
    ledger,
    orders,
    payments,
    purchases,
    reconcile,
    refunds,
    sellers,
    timeline,
    webhooks,
)
from farthing.db import Transaction
from farthing.http import idempotency, keys
from farthing.http.idempotency import Key
from farthing.ids import CustomerId, PaymentId
from farthing.web import staff
from farthing.world import World

__all__ = ["account", "outbox", "sandbox", "settings", "world"]

KEY = Key.of("app", "key-1", [])

Reader = Callable[[Transaction], Awaitable[int]]
"""Reads a whole table through its room, and says how many rows it saw."""


async def _orders(tx: Transaction) -> list[orders.Order]:
    return list((await orders.list_page(tx, limit=100)).items)


async def _of_each_order(tx: Transaction, look: Callable[[Transaction, Any], Awaitable[Any]]) -> int:
    return sum([len(await look(tx, order.id)) for order in await _orders(tx)])


async def _customers(tx: Transaction) -> int:
    return len({(await customers.get(tx, order.customer_id)).id for order in await _orders(tx)})


async def _refund_lines(tx: Transaction) -> int:
    found = [refund for order in await _orders(tx) for refund in await payments.refunds_of_order(tx, order.id)]
    return sum([len(await payments.lines_of_refund(tx, refund.id)) for refund in found])


async def _of_each_customer(tx: Transaction, look: Callable[[Transaction, Any], Awaitable[Any]]) -> int:
    return sum([len(await look(tx, person.id)) for person in (await customers.list_page(tx, limit=100)).items])


async def _entries(tx: Transaction) -> int:
    assert await ledger.trial_balance(tx)
    return len(await ledger.recent_entries(tx, limit=10_000))


async def _lines(tx: Transaction) -> int:
    return sum(len(order.lines) for order in await _orders(tx))


async def _answers(tx: Transaction) -> int:
    found = (await disputes.list_page(tx, limit=100)).items
    return sum([len(await disputes.answers_of(tx, dispute.id)) for dispute in found])


async def _spends(tx: Transaction, customer: CustomerId) -> list[credits.CreditSpend]:
    return await credits.spends_of(tx, customer, limit=100)


async def _statement(tx: Transaction, customer: CustomerId) -> list[credits.CreditEntry]:
    return await credits.statement(tx, customer, limit=1000)


async def _accounts(tx: Transaction) -> int:
    ids = {order.customer_id for order in await _orders(tx)}
    return len([id for id in ids if (await credits.show(tx, id)).balance])


async def _grants(tx: Transaction) -> int:
    ids = {order.customer_id for order in await _orders(tx)}
    entries = [entry for id in ids for entry in await credits.statement(tx, id, limit=1000)]
    return len({entry.grant_id for entry in entries})


async def _posting_lines(tx: Transaction) -> int:
    return sum(len(posting.lines) for posting in (await job_postings.list_page(tx, limit=100)).items)


async def _posting_addons(tx: Transaction) -> int:
    return sum(len(posting.addons) for posting in (await job_postings.list_page(tx, limit=100)).items)


async def _levels(tx: Transaction) -> int:
    return sum(len(item.levels) for item in (await inventory.list_items(tx, after=None, limit=100)).items)


async def _movements(tx: Transaction) -> int:
    items = (await inventory.list_items(tx, after=None, limit=100)).items
    return sum([len((await inventory.movements(tx, item.sku, before=None, limit=100)).items) for item in items])


async def _cursors(tx: Transaction) -> int:
    return 0 if await reconcile.cursor_of(tx, "stripe", livemode=False) is None else 1


async def _jobs(tx: Transaction) -> int:
    counted = await jobs.counts(tx)
    await jobs.dead(tx)
    return counted.ready + counted.delayed + counted.running + counted.dead


async def _key(tx: Transaction) -> int:
    own = await tx.value("SELECT count(*) FROM idempotency_keys WHERE caller = 'off-session'")
    return int(own) + (1 if (await idempotency.claim(tx, KEY)).answer else 0)


async def _length(rows: Awaitable[Any]) -> int:
    found = await rows
    return len(getattr(found, "items", found) if not isinstance(found, dict) else found)


READERS: dict[str, Reader] = {
    "orders": lambda tx: _length(orders.list_page(tx, limit=100)),
    "line_items": _lines,
    "customers": _customers,
    "provider_customers": lambda tx: _of_each_customer(tx, customers.attachments_of),
    "off_session_charges": lambda tx: _of_each_order(tx, checkout.charges_of_order),
    "payment_methods": lambda tx: _of_each_customer(tx, customers.methods_of),
    "payments": lambda tx: _of_each_order(tx, payments.of_order),
    "refunds": lambda tx: _of_each_order(tx, payments.refunds_of_order),
    "refund_lines": _refund_lines,
    "disputes": lambda tx: _of_each_order(tx, disputes.of_order),
    "dispute_answers": _answers,
    "fraud_warnings": lambda tx: _of_each_order(tx, disputes.warnings_of_order),
    "refund_requests": lambda tx: _length(refunds.list_page(tx, limit=100)),
    "checkouts": lambda tx: _of_each_order(tx, checkout.of_order),
    "entitlements": lambda tx: _of_each_order(tx, entitlements.of_order),
    "coupons": lambda tx: _length(discounts.list_coupons(tx, {}, limit=100)),
    "promotion_codes": lambda tx: _length(discounts.list_codes(tx, {}, limit=100)),
    "redemptions": lambda tx: _length(discounts.list_redemptions(tx, limit=100)),
    "job_postings": lambda tx: _length(job_postings.list_page(tx, limit=100)),
    "job_posting_lines": _posting_lines,
    "job_posting_addons": _posting_addons,
    "fulfillments": lambda tx: _of_each_order(tx, fulfillment.of_order),
    "stock_locations": lambda tx: _length(inventory.locations(tx)),
    "stock_items": lambda tx: _length(inventory.list_items(tx, after=None, limit=100)),
    "stock_levels": _levels,
    "stock_reservations": lambda tx: _of_each_order(tx, inventory.of_order),
    "stock_movements": _movements,
    "credit_accounts": _accounts,
    "credit_grants": _grants,
    "credit_spends": lambda tx: _of_each_customer(tx, _spends),
    "credit_entries": lambda tx: _of_each_customer(tx, _statement),
    "purchases": lambda tx: _length(purchases.list_page(tx, limit=100)),
    "downloads": lambda tx: _of_each_order(tx, downloads.of_order),
    "emails": lambda tx: _length(emails.list_page(tx, limit=100)),
    "events": lambda tx: _length(events.list_page(tx, limit=100)),
    "hook_runs": lambda tx: _of_each_order(tx, timeline.hook_runs_of_order),
    "sellers": lambda tx: _length(sellers.list_page(tx, livemode=False, limit=100)),
    "provider_events": lambda tx: _length(webhooks.list_page(tx, limit=100)),
    "provider_prices": lambda tx: _length(catalog.provider_price_ids(tx, "stripe", livemode=False)),
    "ledger_entries": _entries,
    "idempotency_keys": _key,
    "api_keys": lambda tx: _length(keys.list_all(tx)),
    "staff": lambda tx: _length(staff.names(tx)),
    "jobs": _jobs,
    "event_cursors": _cursors,
    "reconciliations": lambda tx: _length(reconcile.runs_page(tx, limit=100)),
    "discrepancies": lambda tx: _length(reconcile.list_page(tx, limit=100)),
}

OF_SUBSCRIPTIONS = {
    "provider_coupons",
    "trial_claims",
    "subscription_starts",
    "subscriptions",
    "subscription_facts",
    "subscription_changes",
    "invoices",
    "invoice_lines",
    "invoice_payments",
    "invoice_refunds",
    "invoice_attempts",
    "invoice_disputes",
    "tax_details",
    "tax_documents",
    "tax_series",
}
"""Their customers live on clocks of their own: tests/subscriptions and tests/dunning fill and read them."""

OF_MARKETPLACE = {
    "listings",
    "earnings",
    "earning_reversals",
    "seller_orders",
    "seller_order_lines",
    "shipments",
    "shipment_lines",
    "cancellations",
    "cancellation_lines",
    "returns",
    "return_lines",
    "transfers",
    "transfer_reversals",
    "transfer_lines",
    "seller_fees",
    "payouts",
    "shipping_addresses",
    "ship_from_addresses",
    "labels",
}
"""Of sellers who were onboarded: tests/marketplace and tests/shipping fill and read them."""

OF_FIGURES = {"mrr_movements", "mrr_days", "mrr_cohorts", "mrr_stale", "payment_alerts"}
"""Derived from facts of subscriptions, or from failing payments: tests/analytics fills and reads them."""

READ_BY_NOBODY_AS_RECORDS = {
    "purchase_reversals",  # read when they are withdrawn
    "access_versions",  # one number
    "provider_products",  # the catalog's memory, which its own tests read
    "ledger_accounts",
    "ledger_transactions",  # read with the entries
    "staff_sessions",
    "jobs_log",
    "jobs_statistics",
    "jobs_schedules",
    "schema_version",
    "reconciliation_seen",  # the memory of one run
}


async def test_every_row_of_every_table_is_read_by_its_room(world: World, account: Account) -> None:
    await catalog.apply(world)
    await busy(world, account)
    await start(world, key=KEY)
    await sellers.remember(world, sellers.Wanted("grace", email="grace@example.com"), actor="test")
    await reconcile.sweep_events(world, actor="test")
    await paid_beside(account, PaymentId.new())
    run = await world.db.run("test", lambda tx: reconcile.start(tx, "stripe", livemode=False, since=None, heals=False))
    await reconcile.run(world, run)
    async with world.db.transaction("test") as tx:
        await keys.create(tx, "the shop's server", livemode=False)
        await staff.create_staff(tx, "root@example.com", "correct horse battery staple", "admin")
    async with world.db.transaction("test") as tx:
        tables = await tx.all(
            lambda row: str(row["tablename"]), "SELECT tablename FROM pg_tables WHERE schemaname = 'farthing' ORDER BY 1"
        )
        assert set(tables) - READ_BY_NOBODY_AS_RECORDS - OF_SUBSCRIPTIONS - OF_MARKETPLACE - OF_FIGURES == set(READERS)
        held = {name: await tx.value(f"SELECT count(*) FROM {name}") for name in READERS}
        seen = {name: min(await read(tx), held[name]) for name, read in READERS.items()}
    assert {name: count for name, count in held.items() if name != "jobs" and not count} == {}
    assert seen == {name: min(count, 100) if name in ("events", "provider_events") else count for name, count in held.items()}
