DROP TABLE off_session_charges;
DROP TABLE payment_methods;

DROP INDEX provider_customers_former;
DROP INDEX provider_customers_due;
-- The version before knows only customers whom the provider has.
DELETE FROM provider_customers WHERE provider_customer_id IS NULL;
ALTER TABLE provider_customers
    DROP COLUMN incarnation,
    DROP COLUMN request,
    DROP COLUMN asked_at,
    DROP COLUMN pushed_fingerprint,
    DROP COLUMN pushed_keys,
    DROP COLUMN pushed_at,
    DROP COLUMN push_due_at,
    DROP COLUMN push_claimed_until,
    DROP COLUMN push_error,
    DROP COLUMN former_ids,
    ALTER COLUMN provider_customer_id SET NOT NULL;

DROP INDEX customers_name;
DROP INDEX customers_email;
ALTER TABLE customers DROP CONSTRAINT customers_forgotten;
-- Nothing brings back who was forgotten: the version before knows them by an id that is nobody's.
UPDATE customers SET external_id = 'erased:' || id WHERE erased_at IS NOT NULL;
ALTER TABLE customers
    DROP CONSTRAINT customers_known,
    ADD CONSTRAINT customers_check CHECK (external_id IS NOT NULL OR email IS NOT NULL),
    DROP COLUMN fingerprint,
    DROP COLUMN erased_at,
    DROP COLUMN updated_at,
    DROP COLUMN metadata;
