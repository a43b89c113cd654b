"""The database goes back half an hour, and the provider does not."""

import psycopg
import pytest
from tests.news import hear, read, sound
from tests.races.snapshots import Snapshot
from tests.reconcile.test_missed_events import dashboard_refund, intent_of
from tests.reconcile.test_reconcile import compare, found, named
from tests.worlds import Account, buy, session_of, start

from farthing import payments, reconcile
from farthing.world import World


@pytest.mark.covers("F116")
async def test_after_a_restore_from_a_backup_what_the_provider_knows_comes_back_and_the_rest_is_named(
    world: World, account: Account, dsn: str
) -> None:
    refunded_later = await buy(world, account)
    paid_later = await start(world)
    session = await session_of(world, paid_later.id)
    await hear(world, account)
    with psycopg.connect(dsn, autocommit=True, options="-c search_path=farthing,public") as connection:
        backup = Snapshot(connection)
        await account.pay(session)
        await dashboard_refund(account, await intent_of(world, refunded_later.id), 900)
        bought_later = await buy(world, account)
        lost = await intent_of(world, bought_later.id)
        await hear(world, account)
        assert (await read(world, paid_later.order_id)).status == "paid"
        backup.restore()
        connection.execute("SELECT setval(pg_get_serial_sequence('orders', 'number'), max(number) + 10000) FROM orders")

    assert (await read(world, paid_later.order_id)).status == "open"
    done = await compare(world, heals=True)
    assert (done.found, done.healed) == (4, 3)
    assert (await read(world, paid_later.order_id)).status == "paid"
    async with world.db.transaction("test") as tx:
        [refund] = await payments.refunds_of_order(tx, refunded_later.id)
    assert (refund.status, refund.money.amount) == ("succeeded", 900)
    assert await named(world) == {("missing_here", lost, "payment")}, "an order that only the lost half hour knew"
    [difference] = await found(world)
    assert (difference.difference.ours, difference.difference.theirs) == (None, "succeeded 49.00 EUR")

    again = await buy(world, account)
    assert again.id != bought_later.id, "no id is given twice"
    assert again.number > bought_later.number + 1000, "nor a number, where the guide was followed"
    await reconcile.sweep_events(world, actor="test")
    await hear(world, account)
    assert await sound(world)
    assert {each.difference.subject for each in await found(world)} == {lost}
