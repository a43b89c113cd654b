"""What the database refuses of a purchase, whoever writes to it, and by which columns it finds one at once."""

from typing import Final, LiteralString

import psycopg
import pytest
from tests.worlds import Account, buy

from farthing.catalog import CartItem
from farthing.world import World

NEVER: Final[tuple[LiteralString, ...]] = (
    "UPDATE purchases SET amount = -1",
    "UPDATE purchases SET seller_share_amount = seller_share_amount - 1",
    "UPDATE purchases SET platform_fee_amount = -1, seller_share_amount = seller_share_amount + 1 + platform_fee_amount",
    "UPDATE purchases SET status = 'pending'",
    "UPDATE purchases SET status = 'refunded'",
    "UPDATE purchases SET refunded_amount = amount + 1",
    "UPDATE purchases SET content = ''",
)


@pytest.mark.covers("S002-3", "S002-5", "F30")
async def test_a_purchase_that_cannot_be_is_refused_by_the_database(world: World, account: Account) -> None:
    await buy(world, account, CartItem("article", content="abc-123"))
    for sql in NEVER:
        with pytest.raises(psycopg.errors.CheckViolation):
            async with world.db.transaction("test") as tx:
                await tx.run(sql)
    async with world.db.transaction("test") as tx:
        found = await tx.all(lambda row: str(row["indexdef"]), "SELECT indexdef FROM pg_indexes WHERE tablename = 'purchases'")
    for columns in ("(customer_id, id)", "(content, id)", "(seller, id)", "(order_id)"):
        assert any(columns in index for index in found), columns
