DROP INDEX provider_events_subscription, events_subscription;
-- What came with subscriptions goes with them.
DELETE FROM entitlements WHERE subscription_id IS NOT NULL;
ALTER TABLE entitlements
    DROP CONSTRAINT entitlements_once_each_subscription,
    DROP CONSTRAINT entitlements_come_from_somewhere,
    ALTER COLUMN line_item_id SET NOT NULL,
    ALTER COLUMN order_id SET NOT NULL,
    DROP COLUMN limit_amount,
    DROP COLUMN subscription_id;
DROP TABLE invoice_refunds, invoice_payments, invoice_lines, invoices, subscription_facts, subscriptions, subscription_starts;
DROP SEQUENCE subscription_looks;
DELETE FROM provider_prices WHERE interval IS NOT NULL;
ALTER TABLE provider_prices
    DROP CONSTRAINT provider_prices_recurring,
    DROP COLUMN interval_count,
    DROP COLUMN interval;
