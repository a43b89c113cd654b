"""A user of the host is one customer at the provider, made once, and kept up to date by itself."""

import asyncio
from typing import Any

import pytest
from psycopg import sql
from tests.news import count, happened, hear, sound, work
from tests.worlds import Account, buy, session_of, start

from farthing import customers, worker
from farthing.checkout import Buyer
from farthing.customers import Customer
from farthing.errors import Conflict, Invalid, ProviderError, ProviderUnavailable
from farthing.world import World

ADA = Buyer("ada", "ada@example.com", "Ada Lovelace")


async def known(world: World, external_id: str = "ada") -> Customer:
    async with world.db.transaction("test") as tx:
        found = await customers.find_by_external_id(tx, external_id)
    assert found is not None
    return found


async def remembered(world: World, **what: Any) -> Customer:
    what = {"external_id": "ada", "email": "ada@example.com", "name": "Ada Lovelace"} | what
    return await world.db.run("test", lambda tx: customers.remember(tx, **what))


async def link_of(world: World, customer: Customer) -> customers.Attachment:
    async with world.db.transaction("test") as tx:
        (link,) = await customers.attachments_of(tx, customer.id)
    return link


async def theirs(account: Account) -> list[dict[str, Any]]:
    return list((await account.get("/v1/customers", limit="100"))["data"])


async def change(world: World, column: str, value: object) -> None:
    async with world.db.transaction("test") as tx:
        statement = sql.SQL("UPDATE provider_customers SET {} = %s").format(sql.Identifier(column))
        await tx.connection.execute(statement, (value,))


@pytest.mark.covers("S003-6", "S003-9", "S003-32", "C15", "D7", "D8", "F49")
async def test_a_signed_in_buyer_is_one_customer_there_however_often_they_buy(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA)
    await buy(world, account, buyer=ADA)
    (made,) = await theirs(account)
    assert (made["email"], made["name"]) == ("ada@example.com", "Ada Lovelace")
    assert made["metadata"] == {"farthing_customer": str((await known(world)).id), "farthing_external_id": "ada"}
    sessions = (await account.get("/v1/checkout/sessions"))["data"]
    assert {session["customer"] for session in sessions} == {made["id"]}
    assert (await link_of(world, await known(world))).provider_customer_id == made["id"]
    assert await sound(world)


@pytest.mark.covers("C15")
async def test_a_guest_has_an_address_in_the_form_and_no_customer_there(world: World, account: Account) -> None:
    await start(world, buyer=Buyer(None, "guest@example.com"))
    (session,) = (await account.get("/v1/checkout/sessions"))["data"]
    assert (session["customer"], session["customer_email"]) == (None, "guest@example.com")
    assert await count(world, "provider_customers") == 0


@pytest.mark.covers("S003-9")
async def test_what_changes_is_pushed_by_a_job_and_what_does_not_is_not(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA)
    await work(world)
    before = (await account.events("customer.updated"))[:]
    await remembered(world)
    await work(world)
    assert await account.events("customer.updated") == before, "nothing new was said"
    await remembered(world, email="ada@new.example", metadata={"school": "Analytical"})
    await remembered(world, name="Ada King", email=None)
    await work(world)
    (made,) = await theirs(account)
    assert (made["email"], made["name"], made["metadata"]["school"]) == ("ada@new.example", "Ada King", "Analytical")
    await remembered(world, email="ada@example.com", metadata={"team": "engines"})
    await work(world)
    (made,) = await theirs(account)
    assert made["email"] == "ada@example.com", "back to what it was before is a change too"
    assert "school" not in made["metadata"]
    assert made["metadata"]["team"] == "engines"
    assert (await link_of(world, await known(world))).fresh
    assert {"customer.updated", "customer.pushed"} <= {*await happened(world)}


@pytest.mark.covers("F49")
async def test_a_lost_answer_leaves_one_customer(world: World, account: Account) -> None:
    await account.fail_next("lost_response", "/v1/customers", times=3)
    with pytest.raises(ProviderUnavailable):
        await start(world, buyer=ADA)
    assert (await link_of(world, await known(world))).provider_customer_id is None
    await remembered(world, email="ada@new.example")
    await work(world)
    await change(world, "push_due_at", world.clock.now().replace(year=2020))
    await customers.push_due(world)
    await work(world)
    (made,) = await theirs(account)
    assert made["email"] == "ada@new.example", "the question was repeated word for word, and the news pushed after it"
    assert (await link_of(world, await known(world))).provider_customer_id == made["id"]


@pytest.mark.covers("F49")
async def test_after_a_day_an_answer_that_was_lost_is_looked_up_in_the_list(world: World, account: Account) -> None:
    await account.fail_next("lost_response", "/v1/customers", times=3)
    person = await remembered(world)
    with pytest.raises(ProviderUnavailable):
        await customers.at_provider(world, person.id, actor="test")
    async with world.db.transaction("test") as tx:
        await tx.connection.execute("UPDATE provider_customers SET asked_at = asked_at - interval '24 hours'")
    found = await customers.at_provider(world, person.id, actor="test")
    assert [each["id"] for each in await theirs(account)] == [found]
    grace = await remembered(world, external_id="grace", email="grace@example.com")
    await account.fail_next("500_before", "/v1/customers", times=3)
    with pytest.raises(ProviderUnavailable):
        await customers.at_provider(world, grace.id, actor="test")
    async with world.db.transaction("test") as tx:
        await tx.connection.execute("UPDATE provider_customers SET asked_at = asked_at - interval '24 hours'")
    assert await customers.at_provider(world, grace.id, actor="test")
    assert (await link_of(world, grace)).incarnation == 2, "nothing came of the first question: a new one has a new key"
    assert len(await theirs(account)) == 2


async def test_who_was_deleted_there_is_made_anew_on_the_next_use(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA)
    (first,) = await theirs(account)
    (await account.http.delete(f"/v1/customers/{first['id']}")).raise_for_status()
    await buy(world, account, buyer=ADA)
    (second,) = await theirs(account)
    link = await link_of(world, await known(world))
    assert second["id"] != first["id"]
    assert (link.provider_customer_id, link.incarnation) == (second["id"], 2)
    (await account.http.delete(f"/v1/customers/{second['id']}")).raise_for_status()
    await hear(world, account, "customer.deleted")
    assert (await link_of(world, await known(world))).provider_customer_id is None
    assert (await happened(world)).count("customer.gone") == 2, "news of the first one is old news"
    async with world.db.transaction("test") as tx:
        assert await customers.find(tx, first["id"]) == await known(world), "whose it was is still known"


async def test_a_refusal_says_what_was_wrong_and_is_not_asked_again_until_something_changes(
    world: World, account: Account
) -> None:
    with pytest.raises(ProviderError, match="Stripe refused"):
        await start(world, buyer=Buyer("ada", "not an address"))
    link = await link_of(world, await known(world))
    assert link.push_error == "the provider refused email (email_invalid)"
    assert link.push_due_at is None
    await buy(world, account, buyer=ADA)
    link = await link_of(world, await known(world))
    assert (link.push_error, link.fresh) == (None, True)


@pytest.mark.covers("F49")
async def test_a_state_is_pushed_by_one_at_a_time(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA)
    person = await remembered(world, name="Ada King")
    async with world.db.transaction("test") as tx:
        await tx.connection.execute("UPDATE provider_customers SET push_claimed_until = now() + interval '1 minute'")
    with pytest.raises(ProviderUnavailable, match="Somebody else is pushing"):
        await customers.push(world, person.id, actor="test")
    await change(world, "push_claimed_until", None)
    await asyncio.gather(*(customers.push(world, person.id, actor="test") for _ in range(4)), return_exceptions=True)
    (made,) = await theirs(account)
    assert made["name"] == "Ada King"
    assert len(await account.events("customer.updated")) == 1


async def test_live_and_test_customers_are_never_mixed_up(world: World) -> None:
    person = await remembered(world)
    async with world.db.transaction("test") as tx:
        await customers.want(tx, person, "stripe", livemode=True)
        await tx.connection.execute("UPDATE provider_customers SET provider_customer_id = 'cus_live'")
    found = await customers.at_provider(world, person.id, actor="test")
    assert found != "cus_live"


async def test_what_names_nobody_or_cannot_be_stored_is_refused(world: World) -> None:
    for wrong in (
        {"external_id": " "},
        {"external_id": None, "email": None},
        {"name": "a\0b"},
        {"metadata": {"farthing_customer": "x"}},
        {"metadata": {"a[b]": "x"}},
        {"metadata": {"a": ""}},
        {"metadata": {str(i): "x" for i in range(41)}},
    ):
        with pytest.raises(Invalid):
            await remembered(world, **wrong)
    assert await count(world, "customers") == 0


async def test_people_are_found_by_what_others_have_at_hand(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA)
    person = await known(world)
    (made,) = await theirs(account)
    await remembered(world, external_id="grace", email="grace_%@example.com", name="Grace Hopper")
    async with world.db.transaction("test") as tx:
        for words in ("ada", "ADA@example.com", "ada@ex", "ada lov", str(person.id), made["id"]):
            assert [each.id for each in (await customers.list_page(tx, limit=10, search=words)).items] == [person.id], words
        assert [c.external_id for c in (await customers.list_page(tx, limit=10, search="grace_%")).items] == ["grace"]
        assert (await customers.list_page(tx, limit=10, search="a_a")).items == []
        first = await customers.list_page(tx, limit=1)
        rest = await customers.list_page(tx, limit=1, cursor=first.items[0].id)
        assert [c.external_id for c in (*first.items, *rest.items)] == ["grace", "ada"]


def test_the_sweep_and_the_job_are_known_to_workers() -> None:
    assert "customers.push" in worker.TASKS
    assert "customers" in {sweep.name for sweep in worker.SWEEPS}


async def test_a_page_that_was_begun_and_never_asked_for_is_opened_by_the_sweep(world: World, account: Account) -> None:
    from farthing import checkout

    await account.fail_next("500_before", "/v1/customers", times=3)
    with pytest.raises(ProviderUnavailable):
        await start(world, buyer=ADA)
    async with world.db.transaction("test") as tx:
        await tx.connection.execute("UPDATE checkouts SET started_at = started_at - interval '1 minute'")
    await checkout.close_due(world)
    (session,) = (await account.get("/v1/checkout/sessions"))["data"]
    assert session["customer"] == (await theirs(account))[0]["id"]
    started = await start(world, buyer=ADA)
    assert await session_of(world, started.id)


async def test_nobody_sells_to_who_was_erased(world: World) -> None:
    person = await remembered(world)
    await world.db.run("test", lambda tx: customers.forget(tx, person.id))
    with pytest.raises(Conflict, match="was erased"):
        await customers.at_provider(world, person.id, actor="test")
