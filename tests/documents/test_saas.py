"""Document 001: the testing checklist of a SaaS, item by item, over HTTP with the document's names."""

from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest
from tests.documents.conftest import Connect, signed_in
from tests.news import count, hear
from tests.subscriptions.conftest import PLANS
from tests.worlds import DECLINED_CARD, Account, Outbox, signed

from farthing import Farthing, catalog
from farthing.config import Settings

WEBHOOK = "/api/payments/webhook"


@pytest.fixture
async def pay(settings: Settings, dsn: str, outbox: Outbox) -> AsyncIterator[Farthing]:
    """A shop with plans, and one thing that is sold once."""
    del dsn
    made = Farthing(settings, authenticate=signed_in, catalog=catalog.parse(PLANS), mailer=outbox, run_worker=False)
    async with made:
        await catalog.apply(made.world)
        yield made


async def checkout(ada: httpx.AsyncClient, product: str) -> dict[str, str]:
    answer = await ada.post("/api/payments/checkout", json={"product_id": product})
    assert answer.status_code == 200, answer.text
    shown: dict[str, str] = answer.json()
    return shown


@pytest.mark.covers("S001-1", "S001-7", "S001-8", "S001-9", "S001-10", "S001-17")
async def test_a_subscription_is_begun(ada: httpx.AsyncClient, pay: Farthing, account: Account) -> None:
    shown = await checkout(ada, "pro:monthly")
    assert set(shown) == {"checkout_url", "session_id", "expires_at"}
    assert datetime.fromisoformat(shown["expires_at"]).tzinfo is not None
    session = await account.get(f"/v1/checkout/sessions/{shown['session_id']}")
    assert (session["mode"], session["url"]) == ("subscription", shown["checkout_url"])
    assert session["success_url"] == "http://testserver/payment/success?session_id={CHECKOUT_SESSION_ID}"
    assert session["cancel_url"] == "http://testserver/payment/cancel"
    (line,) = (await account.get(f"/v1/checkout/sessions/{shown['session_id']}/line_items"))["data"]
    assert line["quantity"] == 1
    assert not await pay.entitled("ada", "reports")
    assert (await account.pay(shown["session_id"])).status_code == 200
    page = await ada.get(f"/payment/success?session_id={shown['session_id']}")
    assert "Welcome to Pro" in page.text
    assert await pay.entitled("ada", "reports")
    (mine,) = await pay.subscriptions("ada")
    assert (mine.status, mine.plan, mine.price) == ("active", "pro", "monthly")


@pytest.mark.covers("S001-7", "S001-9", "S001-11", "S001-16", "S001-17")
async def test_something_is_paid_once(ada: httpx.AsyncClient, pay: Farthing, account: Account) -> None:
    shown = await checkout(ada, "mug")
    session = await account.get(f"/v1/checkout/sessions/{shown['session_id']}")
    assert (session["mode"], session["url"]) == ("payment", shown["checkout_url"])
    assert (await account.pay(shown["session_id"])).status_code == 200
    assert "Thank you" in (await ada.get(f"/payment/success?session_id={shown['session_id']}")).text


@pytest.mark.covers("S001-14", "S001-16", "S001-17")
async def test_a_declined_card_begins_nothing_and_another_one_may_try(
    ada: httpx.AsyncClient, pay: Farthing, account: Account
) -> None:
    shown = await checkout(ada, "pro:monthly")
    assert (await account.pay(shown["session_id"], DECLINED_CARD)).status_code == 402
    await hear(pay.world, account)
    assert await pay.subscriptions("ada") == []
    assert "being confirmed" in (await ada.get(f"/payment/success?session_id={shown['session_id']}")).text
    assert (await checkout(ada, "pro:monthly"))["session_id"] == shown["session_id"], "the page is still open"
    assert (await account.pay(shown["session_id"])).status_code == 200
    await hear(pay.world, account)
    assert len(await pay.subscriptions("ada")) == 1


@pytest.mark.covers("S001-6", "S001-12", "S001-17")
@pytest.mark.covers("F104")
async def test_webhooks_are_verified_and_have_their_effect_once(
    ada: httpx.AsyncClient, pay: Farthing, account: Account
) -> None:
    shown = await checkout(ada, "pro:monthly")
    await account.pay(shown["session_id"])
    told = (await account.get("/v1/events", limit="100"))["data"]
    types = {event["type"] for event in told}
    assert {"checkout.session.completed", "customer.subscription.created"} <= types
    assert {"invoice.payment_succeeded", "invoice.paid"} <= types
    for event in [*told, *reversed(told)]:
        body, header = signed(event)
        answer = await ada.post(WEBHOOK, content=body, headers={"stripe-signature": header})
        assert answer.status_code == 200, answer.text
    forged, header = signed(told[0], secret="whsec_of_somebody_else")
    assert (await ada.post(WEBHOOK, content=forged, headers={"stripe-signature": header})).status_code == 400
    await hear(pay.world, account)
    (mine,) = await pay.subscriptions("ada")
    assert mine.status == "active"
    assert await count(pay.world, "invoices") == 1


@pytest.mark.covers("S001-15", "S001-17")
async def test_the_portal_is_opened_for_who_is_signed_in_and_for_nobody_else(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient, pay: Farthing, account: Account
) -> None:
    shown = await checkout(ada, "pro:monthly")
    await account.pay(shown["session_id"])
    await hear(pay.world, account)
    answer = await ada.post("/api/v1/payments/customer-portal", json={"returnUrl": "http://testserver/account"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["url"].startswith("http")
    other = await eve.post("/api/v1/payments/customer-portal", json={"customerId": "ada", "returnUrl": "http://testserver/"})
    assert other.status_code in {400, 403, 404}


@pytest.mark.covers("S001-10", "S001-17")
async def test_a_canceled_subscription_is_used_until_its_end(ada: httpx.AsyncClient, pay: Farthing, account: Account) -> None:
    shown = await checkout(ada, "pro:monthly")
    await account.pay(shown["session_id"])
    await hear(pay.world, account)
    (mine,) = await pay.subscriptions("ada")
    answer = await ada.post(f"/v1/subscriptions/{mine.id}/cancellation", json={"reason": "too dear"})
    assert answer.status_code == 200, answer.text
    (ending,) = await pay.subscriptions("ada")
    assert ending.ends_at == mine.current_period_end
    assert await pay.entitled("ada", "reports")


@pytest.mark.covers("S001-9", "S001-10", "S001-11")
async def test_the_products_are_told_apart_by_their_type(connect: Connect) -> None:
    async with connect() as anybody:
        shown = (await anybody.get("/api/payments/products")).json()["products"]
    assert {(each["id"], each["type"], each["amount"], each["interval"]) for each in shown} == {
        ("mug", "one_time", 1250, None),
        ("pro:monthly", "subscription", 2000, "month"),
        ("pro:yearly", "subscription", 20000, "year"),
        ("team", "subscription", 5000, "month"),
        ("easy", "subscription", 500, "month"),
    }


@pytest.mark.covers("S001-2", "S001-3")
async def test_applying_the_catalog_makes_the_prices_and_says_their_ids_as_variables(pay: Farthing, account: Account) -> None:
    lines = dict(line.split("=") for line in await catalog.env_lines(pay.world))
    assert [name for name in lines if name.startswith("STRIPE_PRICE_")] == [
        "STRIPE_PRICE_MUG",
        "STRIPE_PRICE_PRO_MONTHLY",
        "STRIPE_PRICE_PRO_MONTHLY_USD",
        "STRIPE_PRICE_PRO_YEARLY",
        "STRIPE_PRICE_TEAM",
        "STRIPE_PRICE_EASY",
    ]
    yearly = await account.get(f"/v1/prices/{lines['STRIPE_PRICE_PRO_YEARLY']}")
    assert (yearly["unit_amount"], yearly["recurring"]["interval"]) == (20000, "year")


@pytest.mark.covers("S001-14")
@pytest.mark.parametrize(
    ("product", "status", "said"),
    [
        ("por", 404, "no product 'por'"),
        ("pro", 400, "Say which price: monthly, yearly."),
        ("pro:weekly", 404, "no price 'weekly'"),
        ("pro:launch", 409, "retired"),
        ("mug:monthly", 400, "is no plan"),
        ("", 400, ""),
    ],
)
async def test_what_is_not_sold_is_refused_in_words(ada: httpx.AsyncClient, product: str, status: int, said: str) -> None:
    answer = await ada.post("/api/payments/checkout", json={"product_id": product})
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (status, True), answer.text


@pytest.mark.covers("S001-7", "S001-13")
async def test_a_plan_that_somebody_has_is_not_sold_to_them_again_and_strangers_are_asked_to_sign_in(
    ada: httpx.AsyncClient, connect: Connect, pay: Farthing, account: Account
) -> None:
    shown = await checkout(ada, "pro:monthly")
    await account.pay(shown["session_id"])
    await hear(pay.world, account)
    assert (await ada.post("/api/payments/checkout", json={"product_id": "pro:yearly"})).status_code == 409
    async with connect() as nobody:
        assert (await nobody.post("/api/payments/checkout", json={"product_id": "pro:monthly"})).status_code == 401
