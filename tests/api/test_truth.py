"""Reconciliations, discrepancies and the provider's events over HTTP."""

import httpx
import pytest
from tests.news import hear, paid_beside, work
from tests.worlds import Account, buy

from farthing.ids import PaymentId
from farthing.world import World


@pytest.mark.covers("S003-23")
async def test_a_server_reconciles_accepts_a_difference_and_replays_an_event(
    server: httpx.AsyncClient, world: World, account: Account
) -> None:
    await buy(world, account)
    await hear(world, account)
    orphan = await paid_beside(account, PaymentId.new(), 700)
    key = {"Idempotency-Key": "tonight"}
    asked = await server.post("/v1/reconciliations", json={"days": 7, "heal": True}, headers=key)
    assert (asked.status_code, asked.json()["status"]) == (202, "waiting")
    assert (await server.post("/v1/reconciliations", json={"days": 7, "heal": True}, headers=key)).json() == asked.json()
    assert (await server.post("/v1/reconciliations", json={"days": 7, "full": True})).status_code == 422
    await work(world)
    done = (await server.get(f"/v1/reconciliations/{asked.json()['id']}")).json()
    assert (done["status"], done["found"], done["healed"], done["open"]) == ("finished", 1, 0, 1)
    assert (await server.get("/v1/reconciliations")).json()["data"] == [done]

    [found] = (await server.get("/v1/discrepancies", params={"status": "open"})).json()["data"]
    assert (found["subject"], found["kind"]) == (orphan, "missing_here")
    assert (await server.get(f"/v1/discrepancies/{found['id']}")).json() == found
    path = f"/v1/discrepancies/{found['id']}/acceptance"
    assert (await server.post(path, json={"note": ""})).status_code == 422
    accepted = (await server.post(path, json={"note": "of another shop"})).json()
    assert (accepted["status"], accepted["note"]) == ("accepted", "of another shop")
    assert (await server.post(path, json={"note": "again"})).status_code == 409

    [event] = (await server.get("/v1/provider-events", params={"type": "payment_intent.succeeded"})).json()["data"]
    assert (event["status"], event["source"]) == ("processed", "webhook")
    again = await server.post(f"/v1/provider-events/{event['id']}/replay")
    assert (again.status_code, again.json()["status"]) == (200, "received")
    assert (await server.get(f"/v1/provider-events/{event['id']}")).json()["status"] == "received"
