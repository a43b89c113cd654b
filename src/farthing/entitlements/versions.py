"""The version of what a customer may use: a token that was signed under an older one is out of date."""

from farthing.db import Transaction
from farthing.ids import CustomerId


async def outdate(tx: Transaction, customer: CustomerId) -> None:
    """Something was taken from the customer, or given back: count up."""
    await tx.run(
        """
        INSERT INTO access_versions (customer_id, version) VALUES (%(customer)s, 2)
        ON CONFLICT (customer_id) DO UPDATE SET version = access_versions.version + 1
        """,
        customer=customer,
    )


async def version_of(tx: Transaction, customer: CustomerId) -> int:
    """1 for a customer from whom nothing was ever taken."""
    found: int | None = await tx.value(
        "SELECT version FROM access_versions WHERE customer_id = %(customer)s", customer=customer
    )
    return 1 if found is None else found
