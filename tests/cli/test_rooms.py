"""Events, jobs, keys, staff, catalog and database from the command line."""

import json
import re
from collections.abc import Mapping
from uuid import UUID

import psycopg
import pytest
from tests.cli.conftest import Farthing
from tests.worlds import CATALOG, Account, buy, signed

from farthing import catalog, jobs, webhooks
from farthing.db import Transaction, migrate
from farthing.errors import Conflict
from farthing.ids import NoticeId
from farthing.webhooks import Delivery
from farthing.world import World

LATEST = migrate.latest()


async def deliver(world: World, account: Account, *types: str) -> list[str]:
    """Store what the account's events of these types are, without acting on them; their ids."""
    told = [event for type in types for event in await account.events(type)]
    now = world.clock.now().timestamp()
    for event in told:
        body, signature = signed(event)
        notice = world.provider.verify(body, signature, now=now)
        await webhooks.store(world.db, [Delivery(world.provider.name, notice, body)])
    return [event["id"] for event in told]


async def statuses(world: World) -> dict[str, int]:
    async with world.db.transaction("test") as tx:
        return await webhooks.counts(tx)


async def test_events_are_listed_shown_and_replayed(farthing: Farthing, world: World, account: Account) -> None:
    await buy(world, account)
    [paid, created] = await deliver(world, account, "payment_intent.succeeded", "payment_intent.created")
    await webhooks.drain(world)
    assert await statuses(world) == {"processed": 1, "ignored": 1}

    listed = farthing("events", "list", "--since", "1h", "--json").json["data"]
    assert {(event["event"], event["status"]) for event in listed} == {(paid, "processed"), (created, "ignored")}
    only = farthing("events", "list", "--type", "payment_intent.succeeded", "--json").json["data"]
    assert [event["event"] for event in only] == [paid]

    shown = farthing("events", "show", paid, "--json").json
    assert (shown["type"], shown["body"]["id"]) == ("payment_intent.succeeded", paid)
    assert farthing("events", "show", shown["id"], "--json").json == shown

    *tried, summary = map(json.loads, farthing("events", "replay", "--since", "1h", "--dry-run", "--json").out.splitlines())
    assert [(event["event"], event["outcome"]) for event in tried] == [(paid, "nothing")]
    assert (summary["replayed"], summary["chosen"]) == (0, 1)
    assert await statuses(world) == {"processed": 1, "ignored": 1}
    assert farthing("events", "replay", paid, "--json").json["replayed"] == 1
    assert await statuses(world) == {"received": 1, "ignored": 1}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "evt_unknown"], 4),
        (["show", str(NoticeId.new())], 4),
        (["replay", "evt_unknown"], 4),
        (["replay"], 2),
        (["replay", "evt_1", "--status", "parked"], 2),
        (["list", "--since", "yesterday"], 2),
    ],
)
async def test_events_that_are_not_there_are_refused(farthing: Farthing, words: list[str], code: int) -> None:
    said = farthing("events", *words)
    assert (said.code, said.out) == (code, "")


async def test_dead_jobs_are_seen_and_run_again(farthing: Farthing, world: World) -> None:
    async def schedule(tx: Transaction) -> None:
        await jobs.schedule(tx, "doomed", id="42")

    async def refuse(world: World, args: Mapping[str, str | int]) -> None:
        raise Conflict("This will never work.")

    await world.db.run("test", schedule)
    await jobs.drain(world.db, world, {"doomed": refuse})
    assert farthing("jobs", "list", "--json").json == {
        "ready": 0,
        "running": 0,
        "delayed": 0,
        "dead": 1,
        "oldest_seconds": None,
    }
    [dead] = farthing("jobs", "dead", "--json").json["data"]
    assert (dead["task"], dead["args"]) == ("doomed", {"id": "42"})
    assert "This will never work." in dead["error"]
    assert farthing("jobs", "retry", str(dead["id"]), "--json").json == {"retried": [dead["id"]]}
    assert farthing("jobs", "list", "--json").json["dead"] == 0
    assert farthing("jobs", "retry", str(dead["id"])).code == 5
    assert farthing("jobs", "retry", "4711").code == 4
    assert farthing("jobs", "retry").code == 2


async def test_a_key_is_shown_once_and_revoked_for_good(farthing: Farthing) -> None:
    made = farthing("keys", "create", "the web server", "--json").json
    assert made["secret"].startswith("fk_test_")
    listed = farthing("keys", "list", "--json")
    assert [key["name"] for key in listed.json["data"]] == ["the web server"]
    assert made["secret"] not in listed.out
    assert farthing("keys", "revoke", made["id"]).code == 8
    assert farthing("keys", "list", "--json").json["data"][0]["revoked_at"] is None
    assert farthing("keys", "revoke", made["id"], "--yes").code == 0
    assert farthing("keys", "list", "--json").json["data"][0]["revoked_at"] is not None
    assert farthing("keys", "revoke", made["id"], "--yes").code == 5


async def test_staff_are_added_with_a_password_that_no_process_list_shows(farthing: Farthing, dsn: str) -> None:
    made = farthing("users", "create", "ada@shop.example", "--role", "admin", stdin="a long enough password\n")
    assert made.code == 0
    assert "a long enough password" not in made.out + made.err
    assert farthing("users", "create", "ada@shop.example", "--generate").code == 5
    assert farthing("users", "create", "eve@shop.example", stdin="short\n").code == 2
    assert farthing("users", "create", "nobody", "--generate").code == 2
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT email, role FROM farthing.staff").fetchall() == [("ada@shop.example", "admin")]


@pytest.mark.covers("S000-49")
async def test_the_catalog_is_planned_applied_and_then_as_planned(farthing: Farthing, account: Account) -> None:
    planned = farthing("catalog", "plan", "--check", "--json")
    assert planned.code == 7
    assert {change["verb"] for change in planned.json["changes"]} == {"create product", "create price"}
    assert farthing("catalog", "apply").code == 8
    assert (await account.get("/v1/products"))["data"] == []
    assert farthing("catalog", "apply", "--yes", "--json").json["applied"] == planned.json["changes"]
    active = [product for product in catalog.parse(CATALOG).products.values() if product.active]
    assert len((await account.get("/v1/products"))["data"]) == len(active)
    assert farthing("catalog", "plan", "--check", "--json").code == 0
    assert farthing("catalog", "apply", "--yes", "--json").json == {"applied": []}


def test_the_catalog_is_listed_and_checked_without_a_database(bare: Farthing) -> None:
    assert [product["key"] for product in bare("catalog", "list", "--json").json["data"]] == list(
        catalog.parse(CATALOG).products
    )
    assert json.loads(bare("catalog", "schema").out)["$schema"].startswith("http://json-schema.org/")
    missing = bare("catalog", "list", environ={"FARTHING_CONFIG": "nowhere.toml"})
    assert (missing.code, missing.out) == (3, "")
    assert "nowhere.toml does not exist" in missing.err


async def test_the_schema_goes_up_and_down(farthing: Farthing, dsn: str) -> None:
    assert farthing("db", "status", "--json").json == {"current": LATEST, "needed": LATEST}
    assert farthing("db", "downgrade", "base").code == 8
    assert migrate.current(dsn) == LATEST
    assert farthing("db", "downgrade", "base", "--yes").code == 0
    assert farthing("db", "status").code == 3
    refused = farthing("orders", "list")
    assert (refused.code, refused.out) == (3, "")
    assert "farthing db upgrade" in refused.err
    assert farthing("db", "upgrade", "--json").json == {"before": None, "after": LATEST}
    assert farthing("db", "upgrade", "--json").json == {"before": LATEST, "after": LATEST}
    assert farthing("orders", "list").code == 0


async def test_the_sql_of_the_schema_is_printed(farthing: Farthing) -> None:
    said = farthing("db", "upgrade", "--sql")
    assert said.code == 0
    assert re.search(r"CREATE TABLE (farthing\.)?orders", said.out)


async def test_the_shell_sees_the_tables_and_no_process_list_the_password(farthing: Farthing, dsn: str) -> None:
    asked = "SELECT count(*) FROM orders"
    said = farthing("db", "shell", "--", "-Atc", asked)
    assert (said.code, said.out) == (0, "0\n")
    assert farthing("db", "url").out.strip() == dsn
    assert farthing("db", "shell", "--", "-c", "SELECT nonsense").code == 1


async def test_invariants_hold_and_are_seen_to_break(farthing: Farthing, world: World, account: Account, dsn: str) -> None:
    order = await buy(world, account)
    assert farthing("invariants", "--json").json["broken"] == []
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE farthing.entitlements SET revoked_at = now()")
    said = farthing("invariants", "--json")
    assert said.code == 1
    assert [(each["rule"], each["count"]) for each in said.json["broken"]] == [("granted", 1)]
    assert UUID(said.json["broken"][0]["rows"][0]["id"]) == order.id


async def test_a_database_that_is_down_is_said_to_be_down(farthing: Farthing, shop: dict[str, str]) -> None:
    said = farthing("orders", "list", environ=shop | {"DATABASE_URL": "postgresql://ada:sesame@127.0.0.1:9/shop"})
    assert (said.code, said.out) == (1, "")
    assert "The database cannot be reached" in said.err
    assert "sesame" not in said.err


def test_looking_makes_no_database(bare: Farthing) -> None:
    said = bare("orders", "list")
    assert said.code == 3
    assert "farthing dev" in said.err
    assert "DATABASE_URL" in said.err
