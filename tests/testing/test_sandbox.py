"""The fixture `sandbox`, for who uses Stripe: a test asserts at once, and nothing of one test is seen by another."""

import os
from typing import Any

import pytest
import stripe
from tests.testing.shops import Heard, asgi_shop, session, wsgi_shop

from farthing.testing import Refused, Sandbox, SandboxServer

SEEN: set[str] = set()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def shop(sandbox: Sandbox, heard: Heard) -> Heard:
    sandbox.send_webhooks_to(asgi_shop(heard), "/webhook", events=["checkout.session.completed", "charge.refunded"])
    return heard


def test_a_payment_has_been_told_when_it_returns(sandbox: Sandbox, shop: Heard) -> None:
    paid = sandbox.pay(session())
    assert (paid.status, paid.decline_code, paid.redirect_to) == ("paid", None, "https://shop.example/thanks")
    assert shop.types == ["checkout.session.completed"]


def test_a_page_is_named_by_id_or_address_or_object(sandbox: Sandbox) -> None:
    first, second, third = session(), session(), session()
    assert all([sandbox.pay(first.id), sandbox.pay(second.url), sandbox.pay(third)])
    with pytest.raises(TypeError, match="no checkout session"):
        sandbox.pay("pi_1")


def test_a_wsgi_application_hears_as_well(sandbox: Sandbox, heard: Heard) -> None:
    sandbox.send_webhooks_to(wsgi_shop(heard), "/webhook", events=["checkout.session.completed"])
    assert sandbox.pay(session(), "pm_card_visa")
    assert heard.types == ["checkout.session.completed"]


def test_the_bank_is_answered_at_once_or_later(sandbox: Sandbox) -> None:
    assert sandbox.pay(session(), "4000002760003184", three_d_secure="complete")
    failed = sandbox.pay(session(), "4000002760003184", three_d_secure="fail")
    assert (failed.status, failed.decline_code) == ("declined", "payment_intent_authentication_failure")
    waits = sandbox.pay(session(), "4000002760003184")
    assert (waits.status, bool(waits)) == ("waits", False)
    assert sandbox.authenticate(waits)


def test_a_closed_page_is_refused_in_words(sandbox: Sandbox) -> None:
    page = session()
    stripe.checkout.Session.expire(page.id)
    with pytest.raises(Refused, match="expired"):
        sandbox.pay(page)


@pytest.mark.parametrize("run", [1, 2])
def test_no_test_sees_the_account_of_another(sandbox: Sandbox, run: int) -> None:
    assert sandbox.key not in SEEN
    SEEN.add(sandbox.key)
    assert sandbox.events() == []
    assert sandbox.pay(session())
    assert "checkout.session.completed" in [event.type for event in sandbox.events()]


def test_the_usual_ways_to_stripe_lead_to_the_sandbox(sandbox: Sandbox, sandbox_server: SandboxServer) -> None:
    assert (stripe.api_key, stripe.api_base) == (sandbox.key, sandbox.url)
    assert (os.environ["STRIPE_SECRET_KEY"], os.environ["STRIPE_API_BASE"]) == (sandbox.key, sandbox_server.url)
    assert sandbox.client.v1.balance.retrieve().livemode is False


def test_the_next_payment_is_declined_as_ordered(sandbox: Sandbox) -> None:
    sandbox.decline_next("insufficient_funds")
    page = session()
    declined = sandbox.pay(page, "4242 4242 4242 4242")
    assert declined.error is not None
    assert (declined.status, declined.error["code"], declined.decline_code) == (
        "declined",
        "card_declined",
        "insufficient_funds",
    )
    assert stripe.checkout.Session.retrieve(page.id).status == "open"
    assert sandbox.pay(page)


def test_declines_are_of_one_account_and_counted_down(sandbox: Sandbox, sandbox_server: SandboxServer) -> None:
    sandbox.decline_next("do_not_honor", times=2)
    other = stripe.StripeClient("sk_test_somebody_else", base_addresses={"api": sandbox.url})
    confirmed: Any = {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    confirmed["automatic_payment_methods"] = {"enabled": True, "allow_redirects": "never"}
    assert other.v1.payment_intents.create(confirmed).status == "succeeded"
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            sandbox.client.v1.payment_intents.create(confirmed)
        assert caught.value.error is not None
        assert caught.value.error.decline_code == "do_not_honor"
    assert sandbox.client.v1.payment_intents.create(confirmed).status == "succeeded"
    failed = sandbox.events("payment_intent.payment_failed")
    assert [event.data.object["last_payment_error"]["decline_code"] for event in failed] == ["do_not_honor"] * 2


def test_an_unknown_decline_is_refused_with_those_that_are_known(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match=r"Unknown decline code: choose one of .*insufficient_funds"):
        sandbox.decline_next("no_mood")


def test_a_request_fails_as_ordered(sandbox: Sandbox) -> None:
    sandbox.fail_next("revoked_key", "/v1/customers")
    with pytest.raises(stripe.AuthenticationError):
        sandbox.client.v1.customers.create({"email": "ada@example.com"})
    assert sandbox.client.v1.customers.create({"email": "ada@example.com"}).email == "ada@example.com"


def test_faults_that_did_not_come_to_pass_are_forgotten(sandbox: Sandbox, sandbox_server: SandboxServer) -> None:
    assert sandbox_server.http.get("/_sandbox/faults").json() == {"faults": []}
    sandbox.fail_next("429", "/v1/refunds", times=100)
    sandbox_server.behave()
    assert sandbox_server.http.get("/_sandbox/faults").json() == {"faults": []}


def test_a_webhook_meets_with_mischief(sandbox: Sandbox, shop: Heard) -> None:
    sandbox.disturb_next("drop", "checkout.session.completed")
    assert sandbox.pay(session())
    sandbox.wait_until_delivered()
    assert shop.types == []
    assert [each["status"] for each in sandbox.deliveries()] == ["dropped"]


def test_held_webhooks_come_in_the_order_asked_for(sandbox: Sandbox, shop: Heard) -> None:
    sandbox.hold()
    paid = sandbox.pay(session())
    assert paid.payment_intent is not None
    stripe.Refund.create(payment_intent=paid.payment_intent["id"])
    sandbox.deliver("reversed")
    assert shop.types == ["charge.refunded", "checkout.session.completed"]


def test_nothing_is_delivered_that_was_not_held(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="Nothing is held back"):
        sandbox.deliver()


def test_a_seller_is_onboarded(sandbox: Sandbox) -> None:
    seller = sandbox.client.v1.accounts.create({"type": "express", "country": "US", "email": "seller@example.com"})
    assert seller.charges_enabled is False
    assert sandbox.onboard(seller)["details_submitted"] is True


async def test_an_async_test_may_wait_as_well(sandbox: Sandbox, shop: Heard) -> None:
    assert sandbox.pay(session())
    assert shop.types == ["checkout.session.completed"]
