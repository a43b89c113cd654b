DROP INDEX earnings_pending;
DROP INDEX earnings_owed;
DROP INDEX seller_orders_early_due;
