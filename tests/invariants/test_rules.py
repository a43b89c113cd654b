"""Every rule finds nothing in a sound shop, and finds what breaks it.

A violation is planted in a transaction that is rolled back, with the constraints and triggers that forbid it taken away.
"""

from collections import Counter
from collections.abc import Sequence

from psycopg import Rollback
from tests.news import busy, sound
from tests.worlds import Account

from farthing.db import Transaction
from farthing.invariants import RULES, check_all
from farthing.invariants.check import SHOWN_MAX
from farthing.world import World

UNGUARD = """
DO $$ DECLARE found record; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR found IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
        WHERE contype = 'c' AND connamespace = 'farthing'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.place, found.conname);
    END LOOP;
    DROP INDEX payments_one_settles_each_order, checkouts_one_live_each_order, payments_one_live_each_order;
END $$
"""

POST = """
    WITH fact AS (
        INSERT INTO ledger_transactions (id, kind, reference, posted_at, actor)
        VALUES (gen_random_uuid(), 'planted', 'planted', now(), 'test') RETURNING id
    )
    INSERT INTO ledger_entries (transaction_id, account, amount, currency)
    SELECT fact.id, leg.account, leg.amount, 'eur' FROM fact, (VALUES {}) AS leg (account, amount)
"""

NOTICE = """
    INSERT INTO provider_events (id, provider, livemode, provider_event_id, type, body, received_at, status, due_at)
    VALUES (gen_random_uuid(), 'stripe', false, 'evt_planted', 'x', '', now() - interval '1 day', 'received', now())
"""

TAX_DOCUMENT = """
    WITH made AS (
        INSERT INTO invoices (id, customer_id, provider, livemode, provider_invoice_id, status, currency, subtotal_amount,
            discount_amount, tax_amount, total_amount, due_amount, paid_amount, remaining_amount, period_start, period_end,
            attempt_count, issued_at, look, seen_at)
        SELECT gen_random_uuid(), id, 'stripe', false, 'in_planted', 'open', 'eur', 100, 0, 0, 100, 100, 0, 100, now(), now(),
            0, now(), 1, now()
        FROM customers LIMIT 1 RETURNING id, customer_id
    )
    INSERT INTO tax_documents (id, kind, entity, series, year, number, livemode, name, customer_id, invoice_id, currency,
        net_amount, tax_amount, total_amount, seller, buyer, lines, notes, issued_at)
    SELECT gen_random_uuid(), 'invoice', 'main', 'INV', 2026, 1, false, 'INV-2026-000001', customer_id, id, 'eur', 90, 0, 90,
        '{}', '{}', '[]', '[]', now()
    FROM made
"""

USED_FOR_NOTHING = """
    WITH start AS (
        INSERT INTO subscription_starts (id, customer_id, provider, livemode, plan, price, plan_group, quantity, unit_amount,
            currency, interval, interval_count, way, status, request, started_at, expires_at, closed_at)
        SELECT gen_random_uuid(), id, 'stripe', false, 'pro', 'monthly', 'main', 1, 2000, 'eur', 'month', 1, 'direct', 'failed',
            '{}', now(), now(), now()
        FROM customers LIMIT 1 RETURNING id, customer_id
    )
    INSERT INTO redemptions (id, start_id, customer_id, coupon_key, code, discount_amount, currency, once, status, reserved_at,
        closed_at)
    SELECT gen_random_uuid(), start.id, start.customer_id, coupon_key, code, 1, 'eur', false, 'redeemed', now(), now()
    FROM start, promotion_codes LIMIT 1
"""

PAID_OUT_EARLY = """
    WITH unripe AS (
        UPDATE seller_orders SET early = true, release_at = now() + interval '9 days' WHERE released_at IS NOT NULL
        RETURNING seller_id
    )
    INSERT INTO payouts (id, seller_id, provider, livemode, provider_account_id, provider_payout_id, currency, amount, status,
        automatic, requested_at, sent_at, paid_at)
    SELECT gen_random_uuid(), id, provider, livemode, provider_account_id, 'po_planted', 'usd', 1, 'paid', false, now(), now(),
        now()
    FROM sellers WHERE id IN (SELECT seller_id FROM unripe)
"""

MARKET_PLANTS = [
    ("payouts-not-early", PAID_OUT_EARLY),
    ("losses-borne", "UPDATE disputes SET lost_amount = 0, lost_to = NULL WHERE lost_amount > 0"),
    ("losses-borne", "UPDATE earning_reversals SET withdrawn_at = now() WHERE reference LIKE 'dispute%'"),
    ("transfers-counted", "UPDATE earnings SET transferred_amount = transferred_amount - 1 WHERE transferred_amount > 0"),
    ("transfers-counted", "UPDATE transfers SET amount = amount + 1"),
    ("transfer-lines", "UPDATE transfer_lines SET amount = amount + 1 WHERE kind = 'sale'"),
    ("transfer-lines", "UPDATE transfers SET netted_amount = netted_amount + 1"),
    ("transfers-not-early", "UPDATE transfers SET requested_at = requested_at - interval '9 days'"),
    ("transfers-not-early", "UPDATE seller_orders SET status = 'confirmed' WHERE status = 'completed'"),
    ("debts-in-books", "UPDATE earnings SET transferred_amount = transferred_amount + 1"),
    ("debts-in-books", "UPDATE transfers SET status = 'requested'"),
    ("sellers-shipped", "UPDATE seller_order_lines SET shipped = shipped - 1 WHERE shipped > 0"),
    ("sellers-shipped", "UPDATE shipments SET status = 'lost'"),
    ("cancellations-counted", "UPDATE cancellation_lines SET quantity = quantity + 1"),
    ("cancellations-counted", "UPDATE cancellations SET refund_id = NULL, order_id = (SELECT min(id::text)::uuid FROM orders)"),
    ("returns-counted", "UPDATE seller_order_lines SET to_return = to_return + 1 WHERE returned > 0"),
    ("returns-counted", "UPDATE seller_order_lines SET returned = returned - 1 WHERE returned > 0"),
    ("returns-counted", "UPDATE seller_order_lines SET came_back = came_back - 1 WHERE came_back > 0"),
    ("returns-on-the-shelf", "UPDATE return_lines SET restocked = restocked - 1 WHERE restocked > 0"),
    ("exchanged-once", "UPDATE line_items SET exchanged_amount = exchanged_amount + 1"),
    ("exchanged-once", "UPDATE return_lines SET exchanged_quantity = exchanged_quantity + 1"),
    ("exchanges-credited", "UPDATE returns SET credit_amount = credit_amount + 1 WHERE credit_amount > 0"),
    ("returns-paid-back-once", "UPDATE returns SET order_id = (SELECT max(id::text)::uuid FROM orders)"),
    ("shares-owed", "UPDATE earnings SET seller_share_amount = seller_share_amount + 1 WHERE transferred_amount = 0"),
    ("provider-account", "UPDATE transfers SET reversed_amount = reversed_amount + 1"),
]
"""In a marketplace: tests/marketplace plants them."""

PLANTS = [
    ("coupons-follow-plans", USED_FOR_NOTHING),
    ("tax-numbers-without-a-gap", "INSERT INTO tax_series VALUES ('main', 'INV', 2026, false, 1)"),
    ("tax-documents-agree", TAX_DOCUMENT),
    ("ledger-balances", "UPDATE ledger_entries SET amount = amount + 1 WHERE id = (SELECT min(id) FROM ledger_entries)"),
    ("ledger-balances", "UPDATE ledger_entries SET currency = 'usd' WHERE id = (SELECT min(id) FROM ledger_entries)"),
    ("ledger-two-entries", "DELETE FROM ledger_entries WHERE id = (SELECT max(id) FROM ledger_entries)"),
    (
        "ledger-two-entries",
        """
        INSERT INTO ledger_transactions (id, kind, reference, posted_at, actor)
        VALUES (gen_random_uuid(), 'planted', 'planted', now(), 'test')
        """,
    ),
    ("liabilities-not-negative", POST.format("('surplus', 100), ('sales', -100)")),
    ("liabilities-not-negative", POST.format("('refunds:owed', 1), ('refunds', -1)")),
    ("provider-account", POST.format("('provider:stripe', 1), ('sales', -1)")),
    ("provider-account", "UPDATE payments SET fee_amount = coalesce(fee_amount, 0) + 1, fee_currency = 'eur'"),
    ("order-lines", "UPDATE line_items SET amount = amount + 1"),
    ("order-lines", "UPDATE line_items SET currency = 'usd'"),
    ("order-lines", "DELETE FROM line_items"),
    ("coupons-counted", "UPDATE coupons SET reserved_count = reserved_count + 1"),
    ("coupons-counted", "UPDATE promotion_codes SET redeemed_count = redeemed_count + 1"),
    ("coupons-counted", "DELETE FROM redemptions"),
    ("coupons-limited", "UPDATE coupons SET redemptions_max = 0"),
    ("coupons-limited", "UPDATE promotion_codes SET redemptions_max = 0"),
    ("coupons-follow-orders", "UPDATE redemptions SET status = 'released'"),
    ("coupons-follow-orders", "UPDATE redemptions SET discount_amount = discount_amount + 1000000"),
    ("stock-moved", "UPDATE stock_levels SET on_hand = on_hand + 1"),
    ("stock-moved", "DELETE FROM stock_movements WHERE kind = 'sold'"),
    ("stock-kept", "UPDATE stock_levels SET reserved = reserved + 1"),
    ("stock-kept", "UPDATE stock_items SET backordered = backordered + 1"),
    ("stock-follows-orders", "UPDATE orders SET status = 'canceled' WHERE status = 'open'"),
    ("stock-follows-orders", "UPDATE stock_reservations SET quantity = 9 WHERE status = 'committed'"),
    ("stock-sold-once", "UPDATE stock_movements SET quantity = quantity - 1 WHERE kind = 'sold'"),
    ("stock-sold-once", "UPDATE stock_reservations SET restocked = restocked + 1 WHERE restocked > 0"),
    ("paid-once", "UPDATE payments SET settles = false"),
    ("paid-once", "UPDATE payments SET settles = true"),
    ("paid-once", "UPDATE orders SET status = 'canceled' WHERE status = 'paid'"),
    ("free-asks-nobody", "UPDATE orders SET total_amount = 0 WHERE status = 'open'"),
    ("free-asks-nobody", "UPDATE orders SET total_amount = 0 WHERE status = 'paid'"),
    ("one-way-to-pay", "UPDATE payments SET live = true"),
    ("captured-is-the-price", "UPDATE orders SET uncaptured_amount = 1 WHERE status = 'paid'"),
    ("captured-is-the-price", "UPDATE payments SET amount = amount + 1 WHERE settles"),
    ("kept-is-decided", "UPDATE payments SET status = 'authorized', capture_before = now() - interval '25 hours'"),
    ("charges-answered", "UPDATE off_session_charges SET status = 'asking', asked_at = now() - interval '26 hours'"),
    ("charges-answered", "UPDATE payments SET received_amount = NULL WHERE settles"),
    ("charges-answered", "UPDATE payment_methods SET customer_id = gen_random_uuid()"),
    ("paid-in-full", "UPDATE payments SET received_amount = received_amount - 1 WHERE settles"),
    ("paid-in-full", "UPDATE payments SET received_currency = 'usd' WHERE settles"),
    ("refunds-counted", "UPDATE payments SET refunded_amount = refunded_amount + 1"),
    ("refunds-counted", "UPDATE payments SET refunding_amount = refunding_amount + 1"),
    ("refunds-counted", "UPDATE refunds SET status = 'failed' WHERE status = 'succeeded'"),
    ("refunds-not-more", "UPDATE refunds SET amount = amount * 1000"),
    ("refund-lines", "DELETE FROM refund_lines"),
    ("refund-lines", "UPDATE refund_lines SET amount = amount + 1"),
    ("refund-lines", "UPDATE refund_lines SET line_item_id = (SELECT id FROM line_items ORDER BY id LIMIT 1)"),
    ("line-refunds-counted", "UPDATE line_items SET refunded_amount = refunded_amount + 1"),
    ("line-refunds-counted", "UPDATE line_items SET refunding_quantity = refunding_quantity + 1"),
    ("line-refunds-counted", "UPDATE refund_lines SET tax_amount = tax_amount + 1"),
    ("line-refunds-counted", "UPDATE line_items SET tax_amount = tax_amount + 1, discount_amount = discount_amount + 1"),
    ("requests-answered", "UPDATE refund_requests SET amount = amount + 1"),
    ("requests-answered", "UPDATE refund_requests SET status = 'approved' WHERE status = 'refunded'"),
    ("requests-answered", "UPDATE refund_requests SET needs_second = true"),
    ("refunded-whole", "UPDATE orders SET status = 'refunded' WHERE status = 'paid'"),
    ("refunded-whole", "UPDATE orders SET status = 'paid' WHERE status = 'refunded'"),
    ("posted", "DELETE FROM ledger_transactions WHERE kind = 'payment'"),
    ("posted", "UPDATE payments SET provider = 'paypal'"),
    ("surplus-goes-back", "DELETE FROM refunds WHERE reason = 'surplus'"),
    ("granted", "DELETE FROM entitlements"),
    ("granted", "UPDATE entitlements SET revoked_at = now()"),
    ("granted", "UPDATE entitlements SET revoked_at = NULL WHERE revoked_at IS NOT NULL"),
    ("granted", "UPDATE orders SET status = 'open' WHERE status = 'paid'"),
    ("addons-accompany", "UPDATE line_items SET addon_to = id WHERE addon_to IS NOT NULL"),
    (
        "addons-accompany",
        "UPDATE line_items SET addon_to = (SELECT id FROM line_items WHERE kind = 'access' LIMIT 1) WHERE addon_to IS NOT NULL",
    ),
    ("jobs-paid", "UPDATE job_posting_lines SET revoked_at = now()"),
    ("jobs-paid", "DELETE FROM job_posting_lines"),
    ("jobs-expire", "UPDATE job_postings SET expires_at = now() - interval '2 hours' WHERE status = 'published'"),
    ("services-opened", "DELETE FROM fulfillments"),
    ("services-opened", "UPDATE orders SET status = 'expired' WHERE status = 'paid'"),
    ("credits-add-up", "UPDATE credit_grants SET remaining = remaining - 1"),
    ("credits-add-up", "UPDATE credit_accounts SET balance = balance + 1"),
    ("credits-not-negative", "UPDATE credit_entries SET amount = amount * 1000 WHERE target = 'spent'"),
    ("credits-spent", "UPDATE credit_spends SET amount = amount + 1"),
    ("credits-spent", "UPDATE credit_spends SET status = 'spent' WHERE status = 'released'"),
    ("credits-granted", "DELETE FROM credit_grants"),
    ("owned", "DELETE FROM purchases"),
    ("owned", "UPDATE orders SET status = 'open' WHERE status = 'paid'"),
    ("owned-paid", "UPDATE orders SET status = 'refunded' WHERE status = 'paid'"),
    ("shares-whole", "UPDATE purchases SET seller_share_amount = seller_share_amount + 1"),
    ("shares-whole", "UPDATE purchases SET refunded_amount = 1, refunded_seller_share_amount = 1"),
    ("shares-owed", "UPDATE purchases SET seller_share_amount = seller_share_amount + 1"),
    ("shares-owed", POST.format("('sales', 1), ('seller:grace:pending', -1)")),
    ("files-granted", "DELETE FROM downloads WHERE position = 0"),
    ("files-granted", "UPDATE downloads SET downloaded_count = 3"),
    ("paid-recorded", "DELETE FROM events WHERE type = 'order.paid'"),
    (
        "paid-recorded",
        """
        INSERT INTO events (id, type, happened_at, actor, order_id, data)
        SELECT gen_random_uuid(), type, happened_at, actor, order_id, data FROM events WHERE type = 'order.paid'
        """,
    ),
    ("one-live-page", "UPDATE checkouts SET status = 'open', expires_at = now() - interval '31 minutes'"),
    ("provider-account", "UPDATE disputes SET fee_amount = fee_amount + 1 WHERE fee_amount > 0"),
    ("disputes-counted", "UPDATE payments SET withheld_amount = withheld_amount + 1"),
    ("disputes-counted", "UPDATE disputes SET reinstated_amount = withdrawn_amount - 1 WHERE withdrawn_amount > 0"),
    ("disputes-in-books", "UPDATE disputes SET lost_amount = 0 WHERE lost_amount > 0"),
    ("disputes-in-books", POST.format("('disputed', 1), ('sales', -1)")),
    (
        "disputes-not-more",
        """
        WITH old AS (UPDATE disputes SET looked_at = now() - interval '3 hours')
        UPDATE payments SET refunded_amount = received_amount WHERE withheld_amount > 0
        """,
    ),
    ("disputes-hold-access", "UPDATE orders SET access_held_at = NULL WHERE access_held_at IS NOT NULL"),
    ("disputes-hold-access", "UPDATE disputes SET access = 'suspended' WHERE status = 'won'"),
    ("disputes-told", "DELETE FROM events WHERE type = 'dispute.opened'"),
    (
        "disputes-reminded",
        """
        UPDATE disputes SET evidence_due_by = now() + interval '20 hours', looked_at = now() - interval '3 hours'
        WHERE status = 'needs_response'
        """,
    ),
    (
        "dispute-answers-move",
        "UPDATE dispute_answers SET status = 'promised', promised_at = now() - interval '25 hours'",
    ),
    ("inbox-moves", NOTICE),
    (
        "differences-decided",
        """
        INSERT INTO discrepancies (id, provider, livemode, kind, subject_kind, subject, field, status, first_seen_at,
            last_seen_at)
        VALUES (gen_random_uuid(), 'stripe', false, 'differs', 'payment', 'pi_1', 'fee', 'open', now() - interval '8 days',
            now())
        """,
    ),
    ("refunds-move", "UPDATE refunds SET status = 'promised', promised_at = now() - interval '25 hours'"),
]


async def _broken_by(tx: Transaction, plant: str) -> list[str]:
    await tx.connection.execute(UNGUARD)
    touched = (await tx.connection.execute(plant)).rowcount
    assert touched > 0, f"nothing was planted: {plant}"
    return [violation.rule.name for violation in await check_all(tx)]


async def missed(world: World, plants: Sequence[tuple[str, str]]) -> list[tuple[str, str, list[str]]]:
    """Which violations their rules do not find."""
    found = []
    for name, plant in plants:
        async with world.db.connection() as connection, connection.transaction() as rolled_back:
            broken = await _broken_by(Transaction(connection, world.clock.now(), "test"), plant)
            if name not in broken:
                found.append((name, plant, broken))
            raise Rollback(rolled_back)
    return found


async def test_a_sound_shop_breaks_no_rule_and_each_rule_finds_what_breaks_it(world: World, account: Account) -> None:
    assert await sound(world), "an empty shop is sound"
    await busy(world, account)
    assert await sound(world)
    assert await missed(world, PLANTS) == []
    assert await sound(world)


async def test_a_violation_shows_some_rows_and_counts_all(world: World) -> None:
    async with world.db.transaction("test") as tx:
        for i in range(SHOWN_MAX + 5):
            await tx.connection.execute(NOTICE.replace("evt_planted", f"evt_{i}"))
        (violation,) = await check_all(tx)
    assert (violation.rule.name, violation.count, len(violation.rows)) == ("inbox-moves", SHOWN_MAX + 5, SHOWN_MAX)
    assert violation.rows[0]["type"] == "x"


def test_every_rule_has_a_violation_here_and_a_sentence() -> None:
    assert {name for name, _ in [*PLANTS, *MARKET_PLANTS]} == {rule.name for rule in RULES}
    assert max(Counter(rule.name for rule in RULES).values()) == 1
    assert all(rule.sentence.endswith(".") for rule in RULES)
