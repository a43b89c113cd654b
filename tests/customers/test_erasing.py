"""A person is forgotten on request: nothing says any more who they were; what was bought stays, and stays sound."""

import pytest
from tests.customers.test_push import ADA, known, remembered, theirs
from tests.news import count, hear, sound, work
from tests.reconcile.test_missed_events import fee_told
from tests.worlds import WATCHED, Account, buy, start

from farthing import customers, erasure
from farthing.errors import Conflict, ProviderUnavailable
from farthing.world import World


async def mentions(world: World, words: str) -> list[str]:
    """Tables in which the words stand."""
    found = []
    async with world.db.transaction("test") as tx:
        for table in [*WATCHED.split(), "provider_events", "hook_runs"]:
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


async def test_one_whose_making_was_never_answered_is_found_and_deleted_there(world: World, account: Account) -> None:
    person = await remembered(world)
    await account.fail_next("lost_response", "/v1/customers", times=3)
    with pytest.raises(ProviderUnavailable):
        await customers.at_provider(world, person.id, actor="test")
    assert len(await theirs(account)) == 1
    await erasure.erase(world, person.id, actor="test")
    assert await theirs(account) == []
