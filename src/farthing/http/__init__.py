"""What every route shares: the caller, the idempotency key, refusals, pages of lists."""
