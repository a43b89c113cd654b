"""Addresses in the database: one for each order."""

from typing import Final, LiteralString

from farthing.addresses.model import Address
from farthing.db import Transaction
from farthing.ids import OrderId

NAMES: Final = ("country", "name", "line1", "line2", "company", "city", "state", "postal_code", "phone")
SELECT: LiteralString = "SELECT country, name, line1, line2, company, city, state, postal_code, phone FROM shipping_addresses"


async def keep(tx: Transaction, order: OrderId, address: Address) -> None:
    """Where the order is sent, in the place of what was said before."""
    await tx.run(
        """
        INSERT INTO shipping_addresses
            (order_id, country, name, line1, line2, company, city, state, postal_code, phone, kept_at)
        VALUES (%(order)s, %(country)s, %(name)s, %(line1)s, %(line2)s, %(company)s, %(city)s, %(state)s, %(postal_code)s,
            %(phone)s, %(now)s)
        ON CONFLICT (order_id) DO UPDATE SET country = excluded.country, name = excluded.name, line1 = excluded.line1,
            line2 = excluded.line2, company = excluded.company, city = excluded.city, state = excluded.state,
            postal_code = excluded.postal_code, phone = excluded.phone, kept_at = excluded.kept_at
        """,
        order=order,
        now=tx.now,
        **address.plain(),
    )


async def find(tx: Transaction, order: OrderId) -> Address | None:
    return await tx.find(
        lambda row: Address(**{name: row[name] for name in NAMES}), SELECT + " WHERE order_id = %(order)s", order=order
    )
