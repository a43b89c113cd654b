"""Webhooks that nobody takes fail the test that waits for them, and say why; where that is wanted, they do not."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import stripe
from fastapi import FastAPI
from tests.testing.conftest import Project
from tests.testing.shops import Heard, asgi_shop, session

from farthing.testing import NotDelivered, Sandbox

PAID = ["checkout.session.completed"]


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_a_wrong_path_fails_the_test_that_pays(sandbox: Sandbox, heard: Heard) -> None:
    there = sandbox.send_webhooks_to(asgi_shop(heard), "/nowhere", events=PAID)
    with pytest.raises(NotDelivered) as caught:
        sandbox.pay(session())
    assert str(caught.value).splitlines()[1:] == [f"  checkout.session.completed to {there.url}: answered 404"]
    assert "may_fail=True" in str(caught.value)
    assert caught.value.__cause__ is None
    assert heard.types == []


def test_a_dead_address_fails_the_test_that_pays(sandbox: Sandbox) -> None:
    sandbox.send_webhooks_to("http://127.0.0.1:9/hooks", events=PAID)
    with pytest.raises(NotDelivered, match=r"checkout\.session\.completed to http://127\.0\.0\.1:9/hooks: nobody there"):
        sandbox.pay(session())


def test_what_the_sdk_was_asked_for_fails_where_the_test_waits_for_it(sandbox: Sandbox) -> None:
    sandbox.send_webhooks_to("http://127.0.0.1:9/hooks", events=["customer.created"])
    stripe.Customer.create()
    with pytest.raises(NotDelivered, match=r"customer\.created to http://127\.0\.0\.1:9/hooks: nobody there"):
        sandbox.wait_until_delivered()


def test_a_failure_is_told_once(sandbox: Sandbox, heard: Heard) -> None:
    sandbox.send_webhooks_to(asgi_shop(heard), "/webhook", events=PAID)
    heard.refuses = 1
    with pytest.raises(NotDelivered, match="answered 500"):
        sandbox.pay(session())
    sandbox.wait_until_delivered()
    assert sandbox.pay(session())
    assert heard.types == PAID * 2


def broken_asgi() -> FastAPI:
    app = FastAPI()

    @app.post("/webhook")
    async def webhook() -> None:
        raise KeyError("tea")

    return app


def broken_wsgi() -> Callable[..., Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise KeyError("tea")

    return app


@pytest.mark.parametrize("app", [broken_asgi(), broken_wsgi()], ids=["asgi", "wsgi"])
def test_what_the_application_raised_is_the_cause(sandbox: Sandbox, app: Any) -> None:
    sandbox.send_webhooks_to(app, "/webhook", events=PAID)
    with pytest.raises(NotDelivered, match="answered 500") as caught:
        sandbox.pay(session())
    cause = caught.value.__cause__
    assert isinstance(cause, KeyError)
    assert cause.__traceback__ is not None
    assert cause.__traceback__.tb_frame.f_code.co_filename == __file__, "it begins where the application does"


BROKEN = """
import os, pytest, stripe

def app(environ, start_response):
    raise RuntimeError("no tea left")

async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    raise RuntimeError("no tea left")

@pytest.mark.parametrize("app", [app, asgi])
def test_told(sandbox, app):
    sandbox.send_webhooks_to(app, events=["customer.created", "customer.deleted"])
    stripe.Customer.create().delete()
    sandbox.settle()

@pytest.mark.parametrize("app", [app, asgi])
def test_only_later(sandbox, app):
    sandbox.send_webhooks_to(app, events=["customer.created", "customer.deleted"], may_fail=True)
    stripe.Customer.create().delete()
    sandbox.settle()
    assert not "what the test wanted"
"""


@pytest.mark.parametrize("name", ["told", "only_later"])
def test_the_traceback_of_a_handler_is_printed_once(project: Project, name: str) -> None:
    ran = project("-k", name, test_a=BROKEN)
    assert (ran.returncode, "2 failed" in ran.stdout) == (1, True), ran.stdout
    assert (ran.stdout + ran.stderr).count("RuntimeError: no tea left\n") == 2, ran.stdout
    assert "Exception in ASGI application" not in ran.stdout + ran.stderr


def test_a_receiver_that_may_fail_is_asked_again(sandbox: Sandbox, heard: Heard) -> None:
    sandbox.send_webhooks_to(asgi_shop(heard), "/webhook", events=PAID, may_fail=True)
    heard.refuses = 1
    assert sandbox.pay(session())
    assert heard.types == []
    sandbox.wait_until_delivered()
    assert heard.types == PAID
    assert [(each["attempts"], each["answer"]) for each in sandbox.deliveries()] == [(2, 200)]


def test_a_receiver_that_may_fail_is_named_where_it_never_takes_it(sandbox: Sandbox) -> None:
    sandbox.send_webhooks_to("http://127.0.0.1:9/hooks", events=PAID, may_fail=True)
    assert sandbox.pay(session())
    with pytest.raises(NotDelivered, match=r"checkout\.session\.completed to http://127\.0\.0\.1:9/hooks: nobody there"):
        sandbox.wait_until_delivered(0.1)


def test_what_was_spoiled_on_order_may_be_refused(sandbox: Sandbox) -> None:
    app, refused = FastAPI(), []

    @app.post("/webhook")
    async def webhook() -> None:
        refused.append(1)
        raise ValueError("This signature is not Stripe's.")

    sandbox.send_webhooks_to(app, "/webhook", events=PAID)
    sandbox.disturb_next("bad_signature", "checkout.*")
    assert sandbox.pay(session())
    assert refused == [1]
    with pytest.raises(NotDelivered, match="answered 500"):
        sandbox.pay(session())


def test_other_endpoints_of_the_account_lead_where_they_lead(sandbox: Sandbox) -> None:
    sandbox.client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["customer.created"]})
    stripe.Customer.create()
    sandbox.settle()
    [delivery] = sandbox.deliveries()
    assert (delivery["status"], delivery["attempts"]) == ("pending", 1)


def test_what_is_refused_out_of_order_and_taken_later_is_fine(sandbox: Sandbox) -> None:
    app, seen = FastAPI(), list[str]()

    @app.post("/webhook")
    async def webhook(event: dict[str, Any]) -> None:
        seen.append(event["type"])
        assert "checkout.session.completed" in seen, "who is refunded has paid"

    sandbox.send_webhooks_to(app, "/webhook", events=[*PAID, "charge.refunded"])
    sandbox.hold()
    paid = sandbox.pay(session())
    assert paid.payment_intent is not None
    stripe.Refund.create(payment_intent=paid.payment_intent["id"])
    sandbox.deliver("reversed")
    assert seen == ["charge.refunded", *PAID, "charge.refunded"]
