-- The language its buyer reads; without one, that of the shop.
ALTER TABLE orders ADD COLUMN locale text CHECK (locale ~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$');

-- A reminder is sent once for each end: an entitlement that is prolonged may be reminded of again.
ALTER TABLE entitlements ADD COLUMN reminded_of timestamptz;
CREATE INDEX entitlements_ending ON entitlements (expires_at) WHERE revoked_at IS NULL AND expires_at IS NOT NULL;

-- In which language it was written.
ALTER TABLE emails ADD COLUMN locale text;
