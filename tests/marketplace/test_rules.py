"""The rules of a marketplace find nothing in a sound one, and find what breaks it; every table is read by its room."""

from functools import partial

from psycopg import sql
from tests.invariants.test_rules import MARKET_PLANTS, missed
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_canceling import cancel
from tests.marketplace.test_disputed_earnings import decided, disputed
from tests.marketplace.test_one_payment_many_sellers import parts
from tests.marketplace.test_paying_sellers import AVAILABLE_AT_ONCE, earned, give_back, settle
from tests.marketplace.test_returning import approved, arrived, to_exchange
from tests.news import sound, work
from tests.worlds import buy

from farthing import cancellations, checkout, earnings, listings, payouts, returns, seller_orders, sellers
from farthing.db import Transaction


async def held(table: str, tx: Transaction) -> int:
    found = await tx.connection.execute(sql.SQL("SELECT count(*) AS rows FROM {}").format(sql.Identifier(table)))
    row = await found.fetchone()
    assert row is not None
    return int(row["rows"])


async def comes_back(market: Market) -> None:
    """Some of an order is called off, some is returned, and a parcel of it could not be delivered."""
    _, part, _ = await arrived(market, 1, sku="cup")
    back = await approved(market, part)
    await market.do(lambda tx: returns.receive(tx, back.id))
    order = await buy(market.world, market.account, of(await market.lists(market.grace, "plate"), 3))
    (part,) = await parts(market, order)
    line = part.lines[0].line_id
    await cancel(market, part, (line, 1))
    parcel = await market.do(lambda tx: seller_orders.ship(tx, part.id, [(line, 1)], carrier="dhl"))
    await market.do(lambda tx: seller_orders.move_shipment(tx, parcel.id, "return"))
    await market.do(lambda tx: returns.receive_parcel(tx, parcel.id))
    _, back = await to_exchange(market, 2000, sku="pot")
    await checkout.exchange(market.world, back.id, [of(await market.lists(market.grace, "pan", 2000))], actor="test")


async def test_what_breaks_a_marketplace_is_found_and_all_of_its_rows_are_read(market: Market) -> None:
    paid = await earned(market)
    await settle(market)
    await give_back(market, paid, 500)
    await settle(market)
    await give_back(market, paid, 100)
    await buy(market.world, market.account, of(await market.lists(market.linus, "novel"), 2))
    await comes_back(market)
    lost = await disputed(
        market, await buy(market.world, market.account, of(await market.lists(market.linus, "vase"))), amount=500
    )
    await decided(market, lost, "lost")
    await earned(market, sku="desk", card=AVAILABLE_AT_ONCE)
    await settle(market)
    await payouts.pay_out(market.world, market.grace.id, actor="test")
    await work(market.world)
    assert await sound(market.world)
    assert await missed(market.world, MARKET_PLANTS) == []
    assert await sound(market.world)

    async def read(tx: Transaction) -> dict[str, int]:
        whose = [market.grace.id, market.linus.id]
        parts_ = (await seller_orders.list_page(tx, livemode=False, limit=100)).items
        parcels = [parcel for part in parts_ for parcel in await seller_orders.shipments_of(tx, part.id)]
        called_off = [each for part in parts_ for each in await cancellations.of_order(tx, part.order_id)]
        back = (await returns.list_page(tx, livemode=False, limit=100)).items
        sent = (await payouts.list_page(tx, livemode=False, limit=100)).items
        return {
            "sellers": len((await sellers.list_page(tx, livemode=False, limit=100)).items),
            "listings": len((await listings.list_page(tx, livemode=False, limit=100)).items),
            "earnings": sum([len((await earnings.list_page(tx, seller, limit=100)).items) for seller in whose]),
            "seller_orders": len(parts_),
            "seller_order_lines": sum(len(part.lines) for part in parts_),
            "shipments": len(parcels),
            "shipment_lines": sum(len(parcel.lines) for parcel in parcels),
            "cancellations": len({each.id for each in called_off}),
            "cancellation_lines": sum({each.id: len(each.lines) for each in called_off}.values()),
            "returns": len(back),
            "return_lines": sum(len(each.lines) for each in back),
            "payouts": len((await payouts.list_payouts(tx, livemode=False, limit=100)).items),
            "transfers": len(sent),
            "transfer_reversals": sum([len(await payouts.reversals_of(tx, each.id)) for each in sent]),
        }

    seen = await market.do(read)
    for table, count in seen.items():
        assert await market.do(partial(held, table)) == count > 0, table
