"""Shipping over HTTP: who may do what, the paper in the parcel, and what is refused."""

from typing import Any

import pytest
from fastapi import FastAPI
from tests.api.conftest import Connect, api, connect, secret
from tests.shipping.conftest import ORIGIN, Depot
from tests.worlds import unchanged

__all__ = ["api", "connect", "secret"]

GRACE, LINUS, ADA = {"X-User": "grace"}, {"X-User": "linus"}, {"X-User": "ada"}
PARCEL = {"parcel": {"weight_grams": 450, "size": {"length_mm": 200, "width_mm": 150, "height_mm": 100}}}
FROM = {"from": {name: value for name, value in ORIGIN.plain().items() if value}}
LABEL = PARCEL | {"carrier": "usps", "service": "GroundAdvantage", "max": {"amount": 412, "currency": "usd"}}


@pytest.fixture
def people(depot: Depot, api: FastAPI, connect: Connect) -> Connect:
    api.state.world = depot.world
    return connect


@pytest.mark.covers("S004-17")
async def test_a_seller_asks_buys_prints_and_gives_back_and_nobody_else_does(
    people: Connect, depot: Depot, secret: str
) -> None:
    part = await depot.sold(await depot.lamp())
    path = f"/v1/seller-orders/{part.id}"
    async with people(**GRACE) as grace, people(**LINUS) as linus, people(**ADA) as ada:
        unknown = await grace.post(f"{path}/rates", json=PARCEL)
        assert (unknown.status_code, unknown.json()["param"]) == (409, "from")
        rates = (await grace.post(f"{path}/rates", json=PARCEL | FROM)).json()["data"]
        assert [(rate["carrier"], rate["amount"]["amount"]) for rate in rates][:2] == [("usps", 412), ("usps", 731)]
        for stranger in (linus, ada):
            assert (await stranger.post(f"{path}/rates", json=PARCEL)).status_code == 404
            assert (await stranger.post(f"{path}/labels", json=LABEL)).status_code == 404
            assert (await stranger.get(f"{path}/packing-slip")).status_code == 404
        slip = await grace.get(f"{path}/packing-slip")
        assert (slip.status_code, slip.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "Ada Lovelace" in slip.text
        assert "20.00" not in slip.text
        assert "20.00 USD" in (await grace.get(f"{path}/packing-slip", params={"prices": "true"})).text
        bought = await grace.post(f"{path}/labels", json=LABEL)
        assert (bought.status_code, bought.json()["status"]) == (201, "bought")
        label = bought.json()
        for stranger in (linus, ada):
            assert (await stranger.get(f"/v1/labels/{label['id']}")).status_code == 404
            assert (await stranger.post(f"/v1/labels/{label['id']}/refund")).status_code == 404
            assert (await stranger.post(f"/v1/shipments/{label['shipment']}/tracking")).status_code == 404
        paper = await grace.get(f"{path}/packing-slip", params={"shipment": label["shipment"], "format": "pdf"})
        assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
        seen = await grace.post(f"/v1/shipments/{label['shipment']}/tracking")
        assert (seen.json()["tracking_status"], seen.json()["status"]) == ("pre_transit", "shipped")
        given = await grace.post(f"/v1/labels/{label['id']}/refund")
        assert given.json()["status"] == "refund_requested"
        assert [each["status"] for each in (await grace.get(f"{path}/labels")).json()["data"]] == ["refund_requested"]


async def test_a_carrier_that_does_not_answer_is_asked_again_and_a_parcel_in_trouble_is_seen(
    people: Connect, depot: Depot, secret: str
) -> None:
    part = await depot.sold(await depot.lamp())
    _, parcel = await depot.sent(await depot.sold(await depot.lamp()))
    async with people(**GRACE) as grace, people(Authorization=f"Bearer {secret}") as server:
        await depot.market.account.fail_next("500_before", "/easypost/v2/shipments")
        late = await grace.post(f"/v1/seller-orders/{part.id}/labels", json=LABEL | FROM)
        assert (late.status_code, late.json()["status"]) == (202, "requested")
        await depot.market.account.fail_next("500_before", "/easypost/v2/trackers/*", method="GET")
        out = await grace.post(f"/v1/shipments/{parcel.id}/tracking")
        assert (out.status_code, out.json()["code"]) == (503, "carrier_unavailable")
        await depot.happens(parcel.tracking_number, "lose")
        assert (await grace.post(f"/v1/shipments/{parcel.id}/tracking")).json()["status"] == "lost"
        assert (await grace.get("/v1/shipments/troubled")).status_code == 403
        assert [each["id"] for each in (await server.get("/v1/shipments/troubled")).json()["data"]] == [str(parcel.id)]
        own = await grace.post(f"/v1/shipments/{parcel.id}/settlement", json={"how": "write_off"})
        assert (own.status_code, own.json()["code"]) == (403, "forbidden"), "who is paid for the rest does not say so"
        settled = await server.post(f"/v1/shipments/{parcel.id}/settlement", json={"how": "write_off"})
        assert settled.json()["settlement"] == "write_off"
        assert (await server.get("/v1/shipments/troubled")).json()["data"] == []


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (LABEL | {"parcel": {"weight_grams": 0}}, 422, "parcel.weight_grams"),
        (LABEL | {"carrier": "../x"}, 422, "carrier"),
        (LABEL | {"max": {"amount": 0, "currency": "usd"}}, 422, "max"),
        (LABEL | {"lines": [{"line_item": "order_1", "quantity": 1}]}, 422, "lines"),
        (LABEL | {"from": FROM["from"] | {"postal_code": "x"}}, 422, "from.postal_code"),
        (LABEL | {"from": FROM["from"] | {"country": "Narnia"}}, 422, "from.country"),
    ],
)
async def test_a_label_that_makes_no_sense_is_refused_and_nothing_is_written(
    body: dict[str, Any], status: int, param: str, people: Connect, depot: Depot
) -> None:
    part = await depot.sold(await depot.lamp())
    async with people(**GRACE) as grace, unchanged(depot.world):
        answer = await grace.post(f"/v1/seller-orders/{part.id}/labels", json=body)
    assert answer.status_code == status, answer.text
    assert param in answer.text, answer.text
