"""Two pages for one content, both paid at the same moment, by fifty buyers: one owns it, and one gets the money back."""

import asyncio

import pytest
from tests.news import sound, work
from tests.races.rounds import ROUNDS
from tests.worlds import Account, session_of, start

from farthing import checkout
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.world import World

ARTICLE = CartItem("article", content="abc-123")


@pytest.mark.covers("S002-4", "D7", "F37", "F35")
async def test_of_two_payments_at_once_one_buys_and_one_goes_back(world: World, account: Account) -> None:
    sessions: list[str] = []
    for number in range(ROUNDS):
        for _ in range(2):
            started = await start(world, ARTICLE, buyer=Buyer(f"user-{number}", f"user-{number}@example.com"))
            sessions.append(await session_of(world, started.id))
    paid = [await account.pay(session) for session in sessions]
    assert {answer.status_code for answer in paid} == {200}
    for at in range(0, len(sessions), 8):
        await asyncio.gather(*(checkout.sync(world, session, actor="test") for session in sessions[at : at + 8]))
    await work(world)
    async with world.db.transaction("test") as tx:
        counted = await tx.all(
            lambda row: (row["status"], row["surplus_reason"], row["count"], row["refunded"]),
            """
            SELECT status, surplus_reason, count(*) AS count, sum(refunded_amount)::int AS refunded FROM payments
            GROUP BY status, surplus_reason ORDER BY status
            """,
        )
        owners = await tx.value("SELECT count(DISTINCT customer_id) FROM purchases WHERE status = 'completed'")
        bought = await tx.value("SELECT count(*) FROM purchases")
    assert counted == [("succeeded", None, ROUNDS, 0), ("surplus", "already_purchased", ROUNDS, ROUNDS * 300)]
    assert (owners, bought) == (ROUNDS, ROUNDS)
    assert await sound(world)
