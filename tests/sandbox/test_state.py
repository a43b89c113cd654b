"""The sandbox as a whole: its clock set and looked ahead, its state kept and brought back, seeds, ids that repeat."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.conftest import Client, Running, charge, events, new_session, serve

from farthing.sandbox import Settings

DAY = 86_400
SEED: Any = {
    "objects": [
        {"post": "/v1/products", "as": "tea", "params": {"name": "Tea", "active": True, "metadata": {"kind": "green"}}},
        {"post": "/v1/prices", "as": "price", "params": {"product": "$tea", "currency": "usd", "unit_amount": 500}},
        {"post": "/v1/products/$tea", "params": {"default_price": "$price"}},
        {"post": "/v1/customers", "as": "ada", "params": {"email": "ada@example.com", "preferred_locales": ["de"]}},
    ]
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sandbox of its own: these tests bring its whole state back."""
    path = tmp_path_factory.mktemp("alone") / "state.sqlite3"
    yield from serve(str(path), Settings(strict=True, settles_after_seconds=0.03))


def test_the_clock_is_set_forward_and_never_back(alone: Running) -> None:
    now = alone.http.get(f"{alone.url}/_sandbox/clock").json()["now"]
    assert alone.post("/clock/set", to=now + 100).json()["now"] in (now + 100, now + 101)
    assert alone.post("/clock/set", to=now).status_code == 400
    assert alone.post("/clock/set", to="soon").status_code == 400
    assert alone.post("/clock/set", to="2020-01-01T00:00:00Z").status_code == 400
    assert alone.post("/clock/set", to="2020-01-01T00:00:00").status_code == 400
    assert alone.http.get(f"{alone.url}/_sandbox/clock").json()["now"] - now in (100, 101, 102)


def test_a_preview_tells_what_would_happen_and_does_nothing(alone: Running) -> None:
    client = alone.client()
    session = new_session(client)
    held = charge(client, capture_method="manual")
    before = events(client)
    now = alone.http.get(f"{alone.url}/_sandbox/clock").json()["now"]
    ahead = alone.http.get(f"{alone.url}/_sandbox/clock/preview", params={"seconds": 8 * DAY}).json()["events"]
    mine = [(each["type"], each["object"]) for each in ahead if each["object"] in (session.id, held.id, held.latest_charge)]
    assert mine == [
        ("checkout.session.expired", session.id),
        ("charge.expired", held.latest_charge),
        ("payment_intent.canceled", held.id),
    ]
    assert events(client) == before
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert alone.http.get(f"{alone.url}/_sandbox/clock").json()["now"] - now <= 2
    alone.advance(8 * DAY)
    assert [each for each in events(client)[len(before) :] if each in {type for type, _ in mine}] == [type for type, _ in mine]
    assert alone.http.get(f"{alone.url}/_sandbox/clock/preview").status_code == 400


def test_a_snapshot_brings_everything_back(alone: Running) -> None:
    client = alone.client()
    first = client.v1.customers.create({"name": "before"}, {"idempotency_key": "k"})
    now = alone.http.get(f"{alone.url}/_sandbox/clock").json()["now"]
    assert "mine" in alone.post("/snapshots", name="mine").json()["snapshots"]
    client.v1.customers.update(first.id, {"name": "after"})
    client.v1.customers.create({"name": "later"})
    alone.advance(30 * DAY)
    assert alone.post("/snapshots/mine/restore").status_code == 200
    assert [each.name for each in client.v1.customers.list().data] == ["before"]
    assert client.v1.customers.create({"name": "before"}, {"idempotency_key": "k"}).id == first.id
    assert alone.http.get(f"{alone.url}/_sandbox/clock").json()["now"] - now <= 5


def test_a_snapshot_can_be_kept_in_a_file(alone: Running) -> None:
    client = alone.client()
    client.v1.customers.create({"name": "kept"})
    alone.post("/snapshots", name="file")
    document = alone.http.get(f"{alone.url}/_sandbox/snapshots/file").json()
    client.v1.customers.create({"name": "later"})
    assert alone.post("/restore", **document).status_code == 200
    assert [each.name for each in client.v1.customers.list().data] == ["kept"]


def _object(body: str, inner: str = "{}") -> Any:
    return {"objects": [[1, "acct_1", "cus_1", "customer", 1, 0, body, inner]]}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"version": 2, "tables": {}},
        {"version": 1, "tables": {}},
        {"version": 1, "tables": {"objects": [[1]]}},
        {"version": 1, "tables": {"invoices": []}},
        {"version": 1, "tables": _object("[]")},
        {"version": 1, "tables": _object("{}")},
        {"version": 1, "tables": _object('{"id": "cus_2", "object": "customer"}')},
        {"version": 1, "tables": _object('{"id": "cus_1", "object": "customer"}', "[]")},
        {"version": 1, "tables": {"due": [[1, "acct_1", "soon", "balance.available", "txn_1"]]}},
        {"version": 1, "tables": {"deliveries": [[1, "acct_1", "evt_1", "we_1", "pending", 0, "soon"]]}},
        {"version": 1, "tables": {"settings": [["clock.ahead", "..--e"]]}},
    ],
)
def test_what_is_no_snapshot_changes_nothing(alone: Running, document: Any) -> None:
    client = alone.client()
    client.v1.customers.create({"name": "still here"})
    assert alone.post("/restore", **document).status_code == 400
    assert [each.name for each in client.v1.customers.list().data] == ["still here"]
    assert alone.post("/snapshots/none/restore").status_code == 404


def test_what_another_version_had_planned_does_not_stand_in_the_way(alone: Running) -> None:
    client = alone.client()
    customer = client.v1.customers.create({"name": "kept"})
    document = alone.http.get(f"{alone.url}/_sandbox/snapshot").json()
    document["tables"]["due"].append([9_999, "acct_1", 0, "customers.forgotten_job", customer.id])
    assert alone.post("/restore", **document).status_code == 200
    assert client.v1.customers.retrieve(customer.id).name == "kept"
    alone.advance(DAY)


def test_a_seed_plants_objects_that_name_each_other(sandbox: Running) -> None:
    key = f"sk_test_{uuid.uuid4().hex}"
    planted = sandbox.post("/seed", key=key, **SEED).json()["objects"]
    client = sandbox.client(key)
    assert client.v1.prices.retrieve(planted["price"]).product == planted["tea"]
    assert client.v1.products.retrieve(planted["tea"]).default_price == planted["price"]
    assert client.v1.customers.retrieve(planted["ada"]).preferred_locales == ["de"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"post": "/v1/prices", "params": {"product": "$coffee", "currency": "usd", "unit_amount": 1}},
        {"post": "/v1/unicorns"},
        {"post": "/v1/products", "params": {"colour": "red"}},
        "tea",
    ],
)
def test_a_seed_with_a_mistake_plants_nothing(sandbox: Running, wrong: Any) -> None:
    key = f"sk_test_{uuid.uuid4().hex}"
    answer = sandbox.post("/seed", key=key, objects=[*SEED["objects"], wrong])
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "objects[4]")
    assert sandbox.client(key).v1.products.list().data == []
    assert sandbox.post("/seed", key="sk_live_x", objects=[]).status_code == 400


def test_a_seed_file_is_planted_once(tmp_path: Path) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(
        'key = "sk_test_seeded"\n[[objects]]\npost = "/v1/products"\nparams = { name = "Tea", active = true }\n', "utf-8"
    )
    for _ in range(2):
        for running in serve(str(tmp_path / "state.sqlite3"), Settings(seed_file=str(file))):
            client: Client = running.client("sk_test_seeded")
            assert [each.name for each in client.v1.products.list().data] == ["Tea"]


def test_ids_repeat_when_asked_to(alone: Running) -> None:
    client = alone.client("sk_test_repeat")
    alone.post("/snapshots", name="ids")

    def made() -> list[str]:
        return [client.v1.customers.create({}, {"headers": {"Sandbox-Id-Seed": "one"}}).id for _ in range(2)]

    first = made()
    alone.post("/snapshots/ids/restore")
    assert made() == first
    assert len({*first, *made()}) == 4
    assert client.v1.customers.create({}).id not in first
