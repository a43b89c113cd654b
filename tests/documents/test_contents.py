"""Document 002: buying a content and seeing what was bought, by its routes, bodies and statuses."""

from typing import Any

import httpx
import pytest
from tests.news import work
from tests.worlds import Account

from farthing import Farthing, checkout
from farthing.ids import OrderId
from farthing.lifecycles import PurchaseStatus

WANTED = {"contentId": "abc-123", "successUrl": "https://shop.example/ok", "cancelUrl": "https://shop.example/no"}


@pytest.mark.covers("S002-6", "S002-7", "S002-8", "S002-13", "S002-1", "C6", "C7", "S002-18", "C2", "C12")
async def test_a_content_is_bought_and_listed_by_the_documents_routes(
    pay: Farthing, account: Account, ada: httpx.AsyncClient, eve: httpx.AsyncClient, server: httpx.AsyncClient
) -> None:
    answer = await ada.post("/api/checkout", json=WANTED)
    assert (answer.status_code, sorted(answer.json())) == (200, ["sessionId", "sessionUrl"])
    session = answer.json()["sessionId"]
    assert answer.json()["sessionUrl"].startswith("http")
    assert (await account.pay(session)).status_code == 200
    await checkout.sync(pay.world, session, actor="test")

    marked = {"contentId": "abc-123", "customerId": "ada"}
    seen = await account.get(f"/v1/checkout/sessions/{session}")
    intent = await account.get(f"/v1/payment_intents/{seen['payment_intent']}")
    assert marked.items() <= seen["metadata"].items()
    assert marked.items() <= intent["metadata"].items()

    listed = (await ada.get("/api/purchases", params={"status": "completed", "page": 1, "pageSize": 5})).json()
    (mine,) = listed["data"]
    assert (mine["contentId"], mine["content"], mine["amountPaidCents"], mine["currency"], mine["status"]) == (
        "abc-123",
        {"title": "Introduction to SQL", "slug": None},
        300,
        "eur",
        "completed",
    )
    assert listed["pagination"] == {"page": 1, "pageSize": 5, "totalCount": 1, "totalPages": 1}
    assert (await ada.get("/api/purchases", params={"status": "refunded"})).json()["data"] == []
    assert (await ada.get("/api/purchases", params={"page": 2})).json()["data"] == []
    assert (await ada.get(f"/api/purchases/{mine['id']}")).json() == mine
    assert (await eve.get("/api/purchases")).json()["pagination"]["totalCount"] == 0
    assert (await eve.get(f"/api/purchases/{mine['id']}")).status_code == 404
    assert (await server.get("/api/purchases")).status_code == 403

    again = await ada.post("/api/checkout", json=WANTED)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_purchased")
    await _given_back(pay, ada, mine)
    history = await pay.get_purchase_history("ada", status=PurchaseStatus.REFUNDED)
    assert history.total_count == 1


async def _given_back(pay: Farthing, ada: httpx.AsyncClient, mine: dict[str, Any]) -> None:
    """What the document's table says before and after a refund."""
    before = await _row(pay)
    shares = before["platform_fee_cents"] + before["organization_fee_cents"] + before["creator_payout_cents"]
    assert (before["customer_id"], before["amount_paid_cents"], before["status"]) == (
        "ada",
        shares + before["tax_cents"],
        "completed",
    )
    assert before["stripe_refund_id"] is None
    await pay.refund(str(OrderId.of(before["order_id"])))
    await work(pay.world)
    after = await _row(pay)
    assert (after["status"], after["refund_reason"], after["refund_amount_cents"]) == ("refunded", "requested_by_customer", 300)
    assert after["stripe_refund_id"].startswith("re_")
    assert after["stripe_payment_intent_id"] == before["stripe_payment_intent_id"]
    (shown,) = (await ada.get("/api/purchases", params={"status": "refunded"})).json()["data"]
    assert (shown["id"], shown["refundAmountCents"]) == (mine["id"], 300)
    assert shown["refundedAt"] is not None


async def _row(pay: Farthing) -> dict[str, Any]:
    async with pay.world.db.transaction("test") as tx:
        (row,) = await tx.all(dict, "SELECT * FROM farthing_documents.purchases_002")
    return row


REFUSED = [
    ({"contentId": "never-there"}, 404, "content_not_found"),
    ({"contentId": "draft"}, 404, "content_not_found"),
    ({"contentId": "free"}, 400, "content_not_priced"),
    ({"contentId": ""}, 400, "invalid_request"),
    ({"successUrl": "https://evil.example/"}, 400, "invalid_request"),
    ({"cancelUrl": "javascript:alert(1)"}, 400, "invalid_request"),
    ({"customerId": "eve"}, 400, "invalid_request"),
]


@pytest.mark.covers("S002-9", "S002-10", "S002-12", "S002-22", "D9")
async def test_refusals_have_the_documents_statuses(account: Account, ada: httpx.AsyncClient, pay: Farthing) -> None:
    for change, status, code in REFUSED:
        answer = await ada.post("/api/checkout", json=WANTED | change)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), change
    for params in ({"page": 0}, {"pageSize": 101}, {"status": "pending"}, {"sort": "id"}):
        assert (await ada.get("/api/purchases", params=params)).status_code == 400, params
    assert (await ada.get("/api/purchases/purchase_00000000000000000000000000")).status_code == 404
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pay.asgi), base_url="http://testserver") as nobody:
        assert (await nobody.post("/api/checkout", json=WANTED)).status_code == 401
        assert (await nobody.get("/api/purchases")).status_code == 401
    await account.fail_next("500_before", "/v1/checkout/sessions", times=3)
    answer = await ada.post("/api/checkout", json=WANTED)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "provider_unavailable")
