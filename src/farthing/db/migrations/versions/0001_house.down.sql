DROP TABLE staff_sessions, staff, api_keys, idempotency_keys, emails, hook_runs, events, entitlements, refunds, checkouts,
    payments, line_items, orders, provider_prices, provider_products, provider_customers, customers, provider_events,
    ledger_entries, ledger_transactions, ledger_accounts;
DROP FUNCTION ledger_refuse_change, ledger_check_balance, ledger_refuse_late_entry;
