"""A state of tens of thousands of objects: what belongs to one of them is found without reading all the others."""

import sqlite3

import pytest

from farthing.sandbox import schema
from farthing.sandbox.deliveries import DUE, ENDPOINTS

BY_OWNER = [(object, name) for object, names in schema.LINKS.items() for name in names]


@pytest.fixture(scope="module")
def state() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.isolation_level = None
    schema.create(db)
    return db


def plan(db: sqlite3.Connection, sql: str, *values: object) -> list[str]:
    return [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize(("object", "name"), BY_OWNER)
def test_what_belongs_to_an_object_is_looked_for_by_an_index(state: sqlite3.Connection, object: str, name: str) -> None:
    kind = f"account = ? AND object = '{object}' AND deleted = 0"
    wanted = f"SELECT body FROM objects WHERE {kind} AND json_extract(body, '$.{name}') = ? ORDER BY seq DESC LIMIT 11"
    (step,) = plan(state, wanted, "acct_1", "x")
    assert f"{object}_by_{name}".replace(".", "_") in step, step


def test_the_next_webhooks_are_found_without_reading_all_that_wait(state: sqlite3.Connection) -> None:
    (due,) = plan(state, DUE, "we_1", 0, 16)
    assert due.startswith("SEARCH deliveries USING INDEX deliveries_next_to (endpoint=? AND next_at"), due
    reads = [step for step in plan(state, ENDPOINTS) if "deliveries" in step]
    assert reads
    assert all(step.startswith("SEARCH") for step in reads), reads


def test_what_an_account_has_is_known_without_reading_all_that_moved_it(state: sqlite3.Connection) -> None:
    asked = "SELECT coalesce(sum(net), 0) FROM balances WHERE account = ? AND currency = ? AND status = 'available'"
    (step,) = plan(state, asked, "acct_1", "usd")
    assert step.startswith("SEARCH balances"), step


def test_a_state_that_was_written_before_that_was_kept_knows_it_when_it_is_opened() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    schema.create(db)
    columns = "account, object, created, inner, id, body"
    moved = f"INSERT INTO objects ({columns}) VALUES ('acct_1', 'balance_transaction', 0, '{{}}', ?, ?)"
    body = '{"currency": "usd", "status": "available", "type": "charge", "net": %d}'
    db.execute(moved, ("txn_1", body % 1000))
    db.execute(moved, ("txn_2", body % -300))
    db.execute("UPDATE objects SET body = ? WHERE id = 'txn_2'", (body.replace("available", "pending") % -200,))
    kept = db.execute("SELECT status, net FROM balances ORDER BY status").fetchall()
    for name in ("new", "changed", "gone"):
        db.execute(f"DROP TRIGGER balances_of_{name}")
    db.execute("DROP TABLE balances")
    schema.create(db)
    assert (
        db.execute("SELECT status, net FROM balances ORDER BY status").fetchall()
        == kept
        == [("available", 1000), ("pending", -200)]
    )
    db.execute("DELETE FROM objects WHERE id = 'txn_1'")
    assert db.execute("SELECT status, net FROM balances").fetchall() == [("pending", -200)], "a forgotten currency is none"
