"""The dashboard's switches, pressed as a browser's forms press them, and its browser of objects."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.sandbox.conftest import Client, Listener, Running, charge, new_session, serve

from farthing.sandbox import Settings


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sandbox of its own: the dashboard shows, and switches, everybody's."""
    yield from serve(str(tmp_path_factory.mktemp("board") / "state.sqlite3"), Settings(settles_after_seconds=0.03))


def _page(sandbox: Running, path: str = "") -> str:
    answer = sandbox.http.get(f"{sandbox.url}/_sandbox/{path}")
    assert answer.status_code == 200
    return answer.text


def _press(sandbox: Running, path: str, /, **fields: Any) -> None:
    answer = sandbox.http.post(f"{sandbox.url}/_sandbox/{path}", data=fields, headers={"accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/_sandbox/")


def test_its_switches_do_what_the_controls_do(alone: Running, listener: Listener) -> None:
    client: Client = alone.client()
    client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["customer.created"]})
    _press(alone, "webhooks", kind="hold", times=2)
    _press(alone, "faults", kind="500_before", path="/v1/products", times=1)
    page = _page(alone)
    assert "hold on * ×2" in page
    assert "500_before on POST /v1/products ×1" in page
    client.v1.customers.create({"name": "a"})
    alone.post("/webhooks/wait", seconds=5)
    assert "Held webhooks: 1" in _page(alone)
    _press(alone, "webhooks/release", order="reversed")
    assert listener.types == ["customer.created"]
    _press(alone, "webhooks", kind="none")
    assert "Mischief waiting" not in _page(alone)
    alone.http.delete(f"{alone.url}/_sandbox/faults")


def test_it_goes_back_to_a_snapshot(alone: Running) -> None:
    client = alone.client()
    _press(alone, "snapshots", name="empty")
    client.v1.products.create({"name": "Tea"})
    assert "<option>empty</option>" in _page(alone)
    _press(alone, "restore", name="empty")
    assert client.v1.products.list().data == []


def test_it_looks_ahead(alone: Running) -> None:
    session = new_session(alone.client())
    page = _page(alone)
    assert re.search(r"checkout\.session\.expired <a href=\"/_sandbox/objects/" + session.id, page)
    assert alone.client().v1.checkout.sessions.list().data == []


def test_its_objects_lead_to_one_another(alone: Running) -> None:
    client = alone.client()
    intents = [charge(client, capture_method="manual") for _ in range(27)]
    first = _page(alone, "objects?type=payment_intent")
    assert intents[-1].id in first
    assert intents[0].id not in first
    older = re.search(r'href="/_sandbox/(objects\?type=payment_intent&amp;before=\d+)"', first)
    assert older
    assert intents[0].id in _page(alone, older[1].replace("&amp;", "&"))
    shown = _page(alone, f"objects/{intents[0].id}")
    assert f'<a href="/_sandbox/objects/{intents[0].latest_charge}">' in shown
    assert intents[0].client_secret not in shown
    assert "<script>" not in _page(alone, "objects?type=%3Cscript%3E")


def test_what_a_seller_types_stays_text(alone: Running) -> None:
    customer = alone.client().v1.customers.create({"name": '<b>&"pi_12345678"</b>'})
    shown = _page(alone, f"objects/{customer.id}")
    assert "<b>" not in shown
    assert "&lt;b&gt;" in shown
