"""Who buys: one row for each user of the host, and one for each guest's address."""

from farthing.customers.store import Customer, find_by_external_id, get, provider_customer_id, remember

__all__ = ["Customer", "find_by_external_id", "get", "provider_customer_id", "remember"]
