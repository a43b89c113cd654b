"""The fixture `clock`: time goes where a test wants it, for that test alone."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import stripe
from tests.testing.shops import session

from farthing.testing import Sandbox, SandboxServer, TestClock


def test_what_is_due_on_the_way_has_happened(sandbox: Sandbox, clock: TestClock) -> None:
    page = session()
    clock.advance(hours=23)
    assert stripe.checkout.Session.retrieve(page.id).status == "open"
    clock.advance(hours=1, minutes=1)
    assert stripe.checkout.Session.retrieve(page.id).status == "expired"


def test_both_clocks_stand_at_the_same_moment(sandbox: Sandbox, clock: TestClock) -> None:
    clock.set(datetime(2044, 2, 29, 12, tzinfo=UTC))
    made = datetime.fromtimestamp(sandbox.client.v1.customers.create({}).created, UTC)
    assert abs(made - clock.now()) < timedelta(seconds=30)
    assert clock.now().date().isoformat() == "2044-02-29"


def test_time_never_goes_back(clock: TestClock) -> None:
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(days=-1)
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2044, 1, 1))  # noqa: DTZ001


def test_after_a_test_that_traveled_it_is_now_again(sandbox: Sandbox, clock: TestClock, sandbox_server: SandboxServer) -> None:
    assert sandbox.events() == []
    assert sandbox.url != sandbox_server.url
    assert abs(sandbox.client.v1.customers.create({}).created - time.time()) < 30


def test_a_renewal_is_declined_as_ordered(sandbox: Sandbox, clock: TestClock) -> None:
    client = sandbox.client
    customer = client.v1.customers.create({})
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    product = client.v1.products.create({"name": "The club"})
    price = client.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}}
    )
    club = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    assert club.status == "active"
    sandbox.decline_next("expired_card")
    clock.advance(days=32)
    assert client.v1.subscriptions.retrieve(club.id).status == "past_due"
    clock.advance(days=4)
    assert client.v1.subscriptions.retrieve(club.id).status == "active"
