"""A payout run: many sales that are due at once go out together, and each as if it were alone."""

from dataclasses import replace

from tests.marketplace.conftest import MARKET, Market, of
from tests.marketplace.test_disputed_earnings import decided, disputed
from tests.marketplace.test_one_payment_many_sellers import usd
from tests.marketplace.test_paying_sellers import (
    debts,
    earned,
    owes_a_lamp,
    settle,
    theirs,
    transfers,
)
from tests.news import sound
from tests.worlds import buy

from farthing import catalog, disputes, payouts
from farthing.db import Transaction
from farthing.payouts.flow import BATCH


async def test_what_a_seller_owes_is_kept_once_of_two_sales_that_go_out_together(market: Market) -> None:
    await owes_a_lamp(market)
    await earned(market, 1000, "pin")
    await earned(market, 3000, "sofa")
    assert await payouts.release_due(market.world) == 1, "of the pin there is nothing to send"
    await settle(market)
    *_, sent = await transfers(market, market.grace)
    assert (sent.money, sent.netted) == (usd(2700 - 900), usd(900))
    assert await market.do(debts) == {}
    assert await sound(market.world)


async def test_what_a_bank_charged_is_kept_once_of_two_sales_that_go_out_together(market: Market) -> None:
    says = MARKET.replace("holding_days = 3", 'holding_days = 3\ndispute_fees = "seller"')
    strict = replace(market, world=replace(market.world, catalog=catalog.parse(says)))
    dispute = await disputed(
        strict, await buy(strict.world, strict.account, of(await strict.lists(strict.grace, "lamp", 2000)))
    )
    await decided(strict, dispute, "lost")
    await disputes.sync_dispute(strict.world, dispute, actor="test")
    assert await strict.do(debts) == {"seller:grace:owed": 1500}
    await earned(strict, 1000, "pin")
    await earned(strict, 1000, "mug")
    await settle(strict)
    (sent,) = await transfers(strict, strict.grace)
    assert (sent.money, sent.netted) == (usd(300), usd(600))
    assert await strict.do(debts) == {}
    assert await sound(strict.world)


async def test_one_sale_that_cannot_be_released_holds_up_no_other_of_its_run(market: Market) -> None:
    async def refuse(tx: Transaction, event: object) -> None:
        if tx.actor == "sweep" and getattr(event, "data", {})["amount"]["amount"] == 900:
            raise RuntimeError("the host's own books cannot hold a pin")

    for sku, amount in (("lamp", 2000), ("pin", 1000), ("sofa", 3000)):
        await earned(market, amount, sku)
    market.world.db.hooks["transfer.requested"] = [refuse]
    assert await payouts.release_due(market.world) == 2
    assert sorted(each["amount"] for each in await theirs(market)) == [1800, 2700]
    del market.world.db.hooks["transfer.requested"]
    await settle(market)
    assert sorted(each["amount"] for each in await theirs(market)) == [900, 1800, 2700]
    assert await sound(market.world)


async def test_a_run_of_more_sales_than_go_out_together_pays_each_once(market: Market) -> None:
    many = 2 * BATCH + 1
    for number in range(many):
        await earned(market, 1000 + number, f"thing {number}")
    assert await payouts.release_due(market.world) == many
    assert len(await theirs(market)) == len(await transfers(market, market.grace)) == many
    assert await sound(market.world)
