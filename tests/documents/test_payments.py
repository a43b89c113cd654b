"""Document 003: its five routes, and the rows that it, and document 000, would have in their tables."""

import httpx
import pytest
from tests.news import work
from tests.worlds import Account

from farthing import Farthing, checkout, payments
from farthing.documents import Records
from farthing.ids import PaymentId

CART = {"items": [{"product": "guide"}], "metadata": {"jobIds": "job-1"}}
URLS = {"successUrl": "https://shop.example/ok", "cancelUrl": "https://shop.example/no"}
EACH = {"Idempotency-Key": "one-and-the-same"}


@pytest.mark.covers(
    "S003-12", "S003-14", "S003-15", "S003-16", "S003-17", "S000-31", "S000-32", "S003-5", "S003-6", "C6", "C2", "C28"
)
async def test_a_page_is_opened_paid_looked_at_and_refunded_by_the_documents_routes(
    pay: Farthing, account: Account, ada: httpx.AsyncClient, eve: httpx.AsyncClient, server: httpx.AsyncClient
) -> None:
    opened = await ada.post("/api/v1/payments/checkout-session", json=CART | URLS, headers=EACH)
    assert (opened.status_code, opened.json()["success"]) == (201, True)
    data = opened.json()["data"]
    assert (data["amount"], data["currency"]) == (4900, "eur")
    again = await ada.post("/api/v1/payments/checkout-session", json=CART | URLS, headers=EACH)
    assert again.json() == opened.json()
    where = f"/api/v1/payments/{data['paymentId']}"
    assert (await ada.get(where)).json()["data"]["status"] == "pending"

    assert (await account.pay(data["sessionId"])).status_code == 200
    await checkout.sync(pay.world, data["sessionId"], actor="test")
    shown = (await ada.get(where)).json()["data"]
    assert (shown["status"], shown["userId"], shown["stripeCheckoutSessionId"], shown["mode"], shown["metadata"]) == (
        "succeeded",
        "ada",
        data["sessionId"],
        "payment",
        {"jobIds": "job-1"},
    )
    named = await server.get(f"/api/v1/payments/{shown['stripePaymentIntentId']}")
    assert named.json()["data"] == shown
    assert (await eve.get(where)).status_code == 404

    asked = {"paymentId": data["paymentId"], "amount": 900}
    assert (await ada.post("/api/v1/payments/refund", json=asked)).status_code == 403
    part = await server.post("/api/v1/payments/refund", json=asked, headers=EACH)
    assert (part.status_code, part.json()["data"]["amount"], part.json()["data"]["status"]) == (201, 900, "promised")
    assert (await server.post("/api/v1/payments/refund", json=asked, headers=EACH)).json() == part.json()
    too_much = await server.post("/api/v1/payments/refund", json=asked | {"amount": 4001})
    assert (too_much.status_code, too_much.json()["success"]) == (409, False)
    await work(pay.world)
    assert (await ada.get(where)).json()["data"]["status"] == "succeeded", "a refund of a part leaves a payment what it is"
    assert (await server.post("/api/v1/payments/refund", json={"paymentId": data["paymentId"]})).status_code == 201
    await work(pay.world)
    assert (await ada.get(where)).json()["data"]["status"] == "refunded"

    portal = await ada.post("/api/v1/payments/customer-portal", json={"returnUrl": "https://shop.example/account"})
    assert portal.json()["data"]["url"].startswith("http")
    await _repository(pay, data)


async def _repository(pay: Farthing, data: dict[str, str]) -> None:
    """Document 000's words for the same."""
    records = Records(lambda: pay.world)
    order = await records.find_order_by_id(data["orderId"])
    assert order is not None
    assert (order["user_id"], order["total_amount"], order["currency"], order["status"], order["provider_session_id"]) == (
        "ada",
        4900,
        "EUR",
        "refunded",
        data["sessionId"],
    )
    assert order["items"] == [{"productId": "guide", "quantity": 1, "metadata": {}}]
    assert await records.find_order_by_provider_session_id(data["sessionId"]) == order
    assert await records.find_orders_by_user("ada") == [order]
    (payment,) = await records.find_payments_by_order(data["orderId"])
    assert (payment["amount"], payment["status"], payment["provider"]) == (4900, "refunded", "stripe")
    assert await records.find_payment_by_id(data["paymentId"]) == payment
    assert await records.find_payment_by_provider_payment_id(payment["provider_payment_id"]) == payment
    assert await records.get_order_details(data["orderId"]) == order | {"payments": [payment]}
    async with pay.world.db.transaction("test") as tx:
        known = await tx.find(dict, "SELECT * FROM farthing_documents.stripe_customers_003")
    assert known is not None
    assert (known["user_id"], known["stripe_customer_id"]) == ("ada", payment["provider_customer_id"])
    stats = await records.get_user_order_stats("ada")
    assert stats == {"total": 1, "paid": 0, "pending": 0, "failed": 0, "totalSpent": {}}
    for missing in ("order_00000000000000000000000000", "nonsense"):
        assert await records.find_order_by_id(missing) is None
        assert await records.find_order_by_provider_session_id(missing) is None
        assert await records.find_payment_by_id(missing) is None


@pytest.mark.covers("S003-13", "S003-10", "S003-17", "S003-11", "C3")
async def test_a_payment_intent_is_opened_for_a_cart_or_an_order_and_never_twice_for_one_key(
    pay: Farthing, account: Account, ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    opened = await ada.post("/api/v1/payments/payment-intent", json=CART, headers=EACH)
    assert opened.status_code == 201
    data = opened.json()["data"]
    assert data["clientSecret"].startswith(f"{data['paymentIntentId']}_secret_")
    assert (data["amount"], data["currency"]) == (4900, "eur")
    again = await ada.post("/api/v1/payments/payment-intent", json=CART, headers=EACH)
    assert again.json() == opened.json()
    assert len((await account.get("/v1/payment_intents"))["data"]) == 1
    assert (await eve.post("/api/v1/payments/payment-intent", json={"orderId": data["orderId"]})).status_code == 404

    declined = await payments.confirm(
        pay.world, PaymentId.parse(data["paymentId"]), method="pm_card_visa_chargeDeclined", actor="test"
    )
    assert declined.payment.failure_code is not None
    where = f"/api/v1/payments/{data['paymentId']}"
    assert (await ada.get(where)).json()["data"]["status"] == "failed"
    await payments.confirm(pay.world, PaymentId.parse(data["paymentId"]), method="pm_card_visa", actor="test")
    assert (await ada.get(where)).json()["data"]["status"] == "succeeded"
    over = await ada.post("/api/v1/payments/payment-intent", json={"orderId": data["orderId"]})
    assert (over.status_code, over.json()["error"]["code"]) == (409, "conflict")

    for body in ({}, {"orderId": data["orderId"], "items": CART["items"]}, {"amount": 1, "currency": "eur"}, CART | {"x": 1}):
        refused = await ada.post("/api/v1/payments/payment-intent", json=body)
        assert (refused.status_code, refused.json()["success"]) == (400, False), body
    for body in (CART, CART | URLS | {"mode": "subscription"}, CART | URLS | {"successUrl": "https://evil.example"}):
        assert (await ada.post("/api/v1/payments/checkout-session", json=body)).status_code == 400, body
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pay.asgi), base_url="http://testserver") as nobody:
        for path in ("payment-intent", "checkout-session", "customer-portal", "refund"):
            assert (await nobody.post(f"/api/v1/payments/{path}", json={})).status_code == 401, path
