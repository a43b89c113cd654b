"""Stock over HTTP."""

from typing import Any

import httpx
import pytest
from tests.worlds import unchanged

from farthing.world import World

LAMP = "/v1/stock/items/LAMP/1"


async def counted(server: httpx.AsyncClient, **said: Any) -> dict[str, Any]:
    answer = await server.put(LAMP, json={"name": "A lamp", **said})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def moved(server: httpx.AsyncClient, **said: Any) -> dict[str, Any]:
    answer = await server.post(f"{LAMP}/movements", json=said)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_stock_comes_is_counted_carried_and_lost(server: httpx.AsyncClient) -> None:
    assert (await counted(server, low_at=2))["sellable"] == 0
    await server.put("/v1/stock/locations/cellar", json={"name": "The cellar", "priority": 1})
    await moved(server, kind="received", quantity=10, reference="note 7")
    found = await moved(server, kind="received", quantity=10, reference="note 7")
    assert (found["on_hand"], found["available"]) == (10, 10)
    await moved(server, kind="moved", quantity=4, source="main", target="cellar")
    await moved(server, kind="counted", on_hand=3, location="cellar", reason="one fell")
    found = await moved(server, kind="lost", quantity=5, reason="water")
    assert {level["location"]: level["on_hand"] for level in found["levels"]} == {"main": 1, "cellar": 3}
    page = (await server.get(f"{LAMP}/movements", params={"limit": 2})).json()
    assert [(each["kind"], each["quantity"]) for each in page["data"]] == [("lost", -5), ("counted", -1)]
    more = (await server.get(f"{LAMP}/movements", params={"cursor": page["next_cursor"]})).json()
    assert [each["kind"] for each in more["data"]] == ["moved", "moved", "received"]
    listed = (await server.get("/v1/stock/items")).json()["data"]
    assert [each["sku"] for each in listed] == ["LAMP/1"]
    assert [each["key"] for each in (await server.get("/v1/stock/locations")).json()["data"]] == ["main", "cellar"]


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"kind": "received", "quantity": 0}, 422, "quantity"),
        ({"kind": "received", "quantity": 1.0}, 422, "quantity"),
        ({"kind": "received", "quantity": 1, "location": "moon"}, 404, "location"),
        ({"kind": "lost", "quantity": 1}, 422, "reason"),
        ({"kind": "lost", "quantity": 4, "reason": "gone"}, 409, "quantity"),
        ({"kind": "sold", "quantity": 1}, 422, ""),
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    body: dict[str, Any], status: int, param: str, server: httpx.AsyncClient, world: World
) -> None:
    await counted(server)
    await moved(server, kind="received", quantity=3)
    async with unchanged(world):
        answer = await server.post(f"{LAMP}/movements", json=body)
    assert answer.status_code == status, answer.text
    assert param in (answer.json().get("param") or "")


async def test_stock_is_the_shops_own_business(ada: httpx.AsyncClient, guest: httpx.AsyncClient) -> None:
    assert (await ada.get("/v1/stock/items")).status_code == 403
    assert (await guest.put(LAMP, json={"name": "Mine"})).status_code == 401
