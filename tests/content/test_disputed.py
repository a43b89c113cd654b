"""Content whose buyer went to the bank: it is nobody's until the bank has decided, and is not sold to them twice meanwhile."""

import pytest
from tests.disputes.disputed import complain, dispute_of
from tests.news import happened, hear, sound, work
from tests.worlds import Account, buy, session_of, start

from farthing import checkout, payments, purchases
from farthing.catalog import CartItem
from farthing.errors import AlreadyPurchased
from farthing.ids import OrderId
from farthing.lifecycles import PurchaseStatus
from farthing.world import World

ARTICLE = CartItem("article", content="abc-123")


async def status(world: World, order: OrderId) -> PurchaseStatus:
    async with world.db.transaction("test") as tx:
        (found,) = await purchases.of_order(tx, order)
    return found.status


async def owns(world: World) -> bool:
    return await purchases.owns(world.db, "ada", "abc-123")


@pytest.mark.covers("F17", "S002-4")
async def test_a_buyer_who_disputes_cannot_buy_the_same_content_again_before_the_bank_has_decided(
    world: World, account: Account
) -> None:
    waiting = await start(world, ARTICLE)
    order = await buy(world, account, ARTICLE)
    await complain(world, account, order)
    await hear(world, account)
    assert (await status(world, order.id), await owns(world)) == (PurchaseStatus.SUSPENDED, False)
    with pytest.raises(AlreadyPurchased, match="before the bank has decided"):
        await start(world, ARTICLE)

    # A page that was open before is paid: it buys nothing, and the money goes back.
    session = await session_of(world, waiting.id)
    assert (await account.pay(session)).status_code == 200
    await checkout.sync(world, session, actor="test")
    await work(world)
    async with world.db.transaction("test") as tx:
        (surplus,) = await payments.of_order(tx, waiting.order_id)
        (sales,) = await purchases.sales_by_seller(tx)
    assert (surplus.surplus_reason, surplus.refunded_amount) == ("already_purchased", 300)
    assert (sales.sold_count, sales.refunded_count) == (1, 0), "a dispute is no refund"

    await account.decide((await dispute_of(world, order)).provider_dispute_id, "won")
    await hear(world, account)
    assert (await status(world, order.id), await owns(world)) == (PurchaseStatus.COMPLETED, True)
    told = [type for type in await happened(world, order.id) if type in ("purchase.suspended", "purchase.restored")]
    assert told == ["purchase.suspended", "purchase.restored"]
    assert await sound(world)


async def test_a_buyer_who_won_a_dispute_may_buy_the_content_again(world: World, account: Account) -> None:
    order = await buy(world, account, ARTICLE)
    await complain(world, account, order)
    await hear(world, account)
    await account.decide((await dispute_of(world, order)).provider_dispute_id, "lost")
    await hear(world, account)
    assert (await status(world, order.id), await owns(world)) == (PurchaseStatus.REFUNDED, False)
    again = await buy(world, account, ARTICLE)
    assert (await status(world, again.id), await owns(world)) == (PurchaseStatus.COMPLETED, True)
    assert await sound(world)
