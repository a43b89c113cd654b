"""A person is forgotten on request: nothing says any more who they were; what was bought stays, and stays sound."""

import pytest
from tests.customers.test_push import ADA, known, remembered, theirs
from tests.news import count, hear, read, sound, work
from tests.reconcile.test_missed_events import fee_told
from tests.worlds import Account, buy, session_of, start

from farthing import checkout, customers, disputes, erasure, payments, refunds
from farthing.catalog import CartItem
from farthing.errors import Conflict, ProviderUnavailable
from farthing.money import Money
from farthing.world import World


async def mentions(world: World, words: str) -> list[str]:
    """Tables in which the words stand."""
    found = []
    async with world.db.transaction("test") as tx:
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        for table in await tx.all(lambda row: str(row["tablename"]), tables):
            text = "convert_from(body, 'UTF8')" if table == "provider_events" else "t::text"
            sql = f"SELECT count(*) AS rows FROM {table} t WHERE {text} ILIKE %s"
            row = await (await tx.connection.execute(sql.encode(), (f"%{words}%",))).fetchone()
            if row and row["rows"]:
                found.append(table)
    return found


@pytest.mark.covers("F31")
@pytest.mark.covers("C13", "F180")
async def test_nothing_says_any_more_who_it_was_and_the_books_stay(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA, save_method=True)
    await fee_told(account)
    await hear(world, account)
    await work(world)
    before = await count(world, "ledger_entries")
    assert {"customers", "orders", "emails", "provider_events"} <= {*await mentions(world, "ada@example.com")}
    person = await known(world)
    await erasure.erase(world, person.id, actor="test")
    await erasure.erase(world, person.id, actor="test")
    await work(world)
    assert await theirs(account) == []
    await hear(world, account)
    await erasure.clean_again(world)
    for words in ("ada@example.com", "Lovelace"):
        assert await mentions(world, words) == []
    assert await count(world, "orders") == 1
    assert await count(world, "ledger_entries") >= before, "the fee may be known only now"
    assert await sound(world)
    again = await remembered(world)
    assert again.id != person.id, "who comes back is somebody new"


async def test_who_can_still_pay_is_not_forgotten_yet(world: World) -> None:
    await start(world, buyer=ADA)
    person = await known(world)
    with pytest.raises(Conflict, match="can still be paid"):
        await erasure.erase(world, person.id, actor="test")
    assert (await known(world)).email == "ada@example.com"


async def test_what_staff_and_the_host_wrote_of_them_no_longer_names_them(world: World, account: Account) -> None:
    written = {"for": "Ada Lovelace", "colour": "blue"}
    started = await checkout.start(
        world,
        items=[CartItem("guide")],
        buyer=ADA,
        success_url="http://testserver/thanks",
        cancel_url="http://testserver/cart",
        actor="test",
        metadata=written,
    )
    await account.pay(await session_of(world, started.id))
    await hear(world, account)
    order = await read(world, started.order_id)
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, order.id)
        await refunds.request(
            tx,
            order.id,
            refunds.Wanted(Money(100, "eur")),
            reason="duplicate",
            message="I am Ada",
            policy=world.catalog.refunds,
            by_buyer=False,
        )
    dispute = (await account.complain(str(payment.provider_payment_id)))["id"]
    await hear(world, account)
    async with world.db.transaction("test") as tx:
        (open_one,) = (await disputes.list_page(tx, limit=2)).items
        await disputes.save_evidence(tx, world.catalog, open_one.id, {"uncategorized_text": "ADA@EXAMPLE.COM was there."})
    person = await known(world)
    with pytest.raises(Conflict, match="dispute that is not decided"):
        await erasure.erase(world, person.id, actor="test")
    assert "dispute_answers" in await mentions(world, "ada@example.com"), "nothing was changed"
    await account.decide(dispute, "won")
    await hear(world, account)
    await erasure.erase(world, person.id, actor="test")
    await work(world)
    for words in ("ada@example.com", "I am Ada"):
        assert await mentions(world, words) == []
    assert await mentions(world, "Lovelace") == ["events"], "what happened is written once, as the host described the order"
    assert (await read(world, order.id)).metadata == {"for": "[erased]", "colour": "blue"}
    assert await sound(world)


async def test_one_whose_making_was_never_answered_is_found_and_deleted_there(world: World, account: Account) -> None:
    person = await remembered(world)
    await account.fail_next("lost_response", "/v1/customers", times=3)
    with pytest.raises(ProviderUnavailable):
        await customers.at_provider(world, person.id, actor="test")
    assert len(await theirs(account)) == 1
    await erasure.erase(world, person.id, actor="test")
    assert await theirs(account) == []
