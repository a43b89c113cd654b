DROP TABLE payment_alerts;
DROP FUNCTION payment_success, failed_payments, failed_payments_between, uuid_of, conversion_by_plan, mrr_retention, mrr_months,
    mrr_kept_on, mrr_rebuild, mrr_refresh(integer);
DROP VIEW mrr_differences;
DROP TRIGGER subscription_facts_make_stale ON subscription_facts;
DROP FUNCTION mrr_mark_stale;
DROP TABLE mrr_stale, mrr_cohorts, mrr_days, mrr_movements;
DROP VIEW mrr_movements_from_facts;
DROP FUNCTION mrr_on;
DROP VIEW subscription_worth;
DROP FUNCTION mrr_parts;
DROP INDEX subscription_starts_started, payments_succeeded, invoice_payments_paid, events_of_failed_payments,
    subscription_facts_customer;
ALTER TABLE subscription_facts DROP COLUMN paused;
