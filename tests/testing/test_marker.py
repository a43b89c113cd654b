"""`every_event_order` in projects of its users: which bugs it finds, what it says, and that its worlds are fresh."""

import re

import pytest
from tests.testing.conftest import Project

SHOP = """
import os, stripe

orders, worlds = {}, []

def buy():
    price = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Tea"}}
    line = {"price_data": price, "quantity": 1}
    return stripe.checkout.Session.create(mode="payment", line_items=[line], success_url="https://shop.example/")

def app(environ, start_response):
    body, signature = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])), environ["HTTP_STRIPE_SIGNATURE"]
    event = stripe.Webhook.construct_event(body, signature, os.environ["STRIPE_WEBHOOK_SECRET"])
    start_response(f"{hear(event) or 200} Heard", [("Content-Length", "0")])
    return [b""]
"""
FIXTURES = """
import pytest, stripe, shop
EVENTS = ["checkout.session.completed", "payment_intent.succeeded", "charge.refunded"]

@pytest.fixture
def world(sandbox):
    assert sandbox.events() == [], "a world of before"
    shop.orders.clear()
    shop.worlds.append(sandbox.key)
    sandbox.send_webhooks_to(shop.app, "/webhook", events=EVENTS)

def refunded(sandbox):
    paid = sandbox.pay(shop.buy())
    stripe.Refund.create(payment_intent=paid.payment_intent["id"])
    sandbox.deliver()
"""
LAST_WINS = """
def hear(event):
    if event.type != "payment_intent.succeeded":
        orders["tea"] = "refunded" if event.type == "charge.refunded" else "paid"
"""
COUNTS = """
def hear(event):
    orders[event.type] = orders.get(event.type, 0) + 1
"""
TEST = """
@pytest.mark.every_event_order
def test_refunds(sandbox, world):
    refunded(sandbox)
    return shop.orders
"""


def test_a_handler_that_depends_on_the_order_is_shown_both_orders(project: Project) -> None:
    ran = project(shop=SHOP + LAST_WINS, test_shop=FIXTURES + TEST)
    assert ran.returncode == 1
    said = re.sub(r"\n[-_=]{3,}.*", "", ran.stdout)
    assert "The end depends on the order in which the events arrive." in said
    assert re.search(r"As they were created:\n(  \d  .*\n){3}\nIn another order, [123]-[123]-[123]:\n(  \d  .*\n){3}", said)
    assert "  -{'tea': 'refunded'}\n  +{'tea': 'paid'}\n" in said
    [again] = re.findall(r'pytest "test_shop.py::test_refunds" --event-order ([\d-]+)', said)
    alone = project("--event-order", again)
    assert alone.returncode == 1
    assert f"In another order, {again}:" in alone.stdout
    assert "2 of 6 orders of 3 events" in alone.stdout
    good = project("--event-order", "1-2-3")
    assert (good.returncode, "1 passed" in good.stdout) == (0, True)


def test_an_assertion_that_fails_in_one_order_names_it(project: Project) -> None:
    test = TEST.replace("return shop.orders", 'assert shop.orders == {"tea": "refunded"}')
    ran = project(shop=SHOP + LAST_WINS, test_shop=FIXTURES + test)
    assert ran.returncode == 1
    assert "assert {'tea': 'paid'} == {'tea': 'refunded'}" in ran.stdout
    assert re.search(
        r"the order of the events -+\n(  \d  .*\n){3}\nAs created, the test passed.\nOnly this order: ", ran.stdout
    )


def test_each_event_twice_finds_a_handler_that_counts(project: Project) -> None:
    once = project(shop=SHOP + COUNTS, test_shop=FIXTURES + TEST)
    assert (once.returncode, "6 of 6 orders of 3 events" in once.stdout) == (0, True)
    twice = project(test_shop=FIXTURES + TEST.replace("event_order", "event_order(duplicates=True)"))
    assert twice.returncode == 1
    assert "'charge.refunded': 1" in twice.stdout
    assert "'charge.refunded': 2" in twice.stdout


def test_what_is_refused_until_another_event_came_is_sent_again(project: Project) -> None:
    patient = """
def hear(event):
    if event.type == "charge.refunded" and "checkout.session.completed" not in orders:
        return 500
    orders[event.type] = True
"""
    ran = project(shop=SHOP + patient, test_shop=FIXTURES + TEST)
    assert (ran.returncode, "6 of 6 orders of 3 events" in ran.stdout) == (0, True), ran.stdout


def test_every_run_is_a_fresh_world_and_wider_fixtures_stay(project: Project) -> None:
    tests = """
@pytest.fixture(scope="module")
def wide():
    shop.worlds.append("up")
    yield
    shop.worlds.append("down")

@pytest.mark.every_event_order(limit=3)
def test_refunds(sandbox, world, wide):
    refunded(sandbox)
    return shop.orders

def test_after(sandbox):
    assert len(shop.worlds) == 4 and shop.worlds[0] == "up" and len(set(shop.worlds)) == 2, shop.worlds
    assert sandbox.events() == []
"""
    last = "import shop\ndef test_last():\n    assert shop.worlds[-1] == 'down'\n"
    ran = project("test_shop.py", "test_then.py", shop=SHOP + COUNTS, test_shop=FIXTURES + tests, test_then=last)
    assert (ran.returncode, "3 passed" in ran.stdout) == (0, True), ran.stdout


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (TEST.replace("event_order", "event_order(most=3)"), "every_event_order takes duplicates, limit, seed"),
        (TEST.replace("event_order", "event_order(limit='few')"), "invalid literal"),
    ],
)
def test_a_mistake_in_the_marker_is_told_before_anything_runs(project: Project, test: str, said: str) -> None:
    ran = project(shop=SHOP + COUNTS, test_shop=FIXTURES + test)
    assert ran.returncode == 4
    assert said in ran.stderr


def test_a_test_that_delivers_nothing_is_told_what_to_do(project: Project) -> None:
    ran = project(shop=SHOP + COUNTS, test_shop=FIXTURES + TEST.replace("refunded(sandbox)", "pass"))
    assert ran.returncode == 1
    assert "A test with every_event_order calls sandbox.deliver() when its events are to arrive." in ran.stdout


def test_async_tests_are_run_by_whoever_runs_them(project: Project) -> None:
    asynchronous = TEST.replace("def test", "async def test").replace(
        "@pytest.mark.every", "@pytest.mark.anyio\n@pytest.mark.every"
    )
    backend = '\n@pytest.fixture\ndef anyio_backend():\n    return "asyncio"\n'
    ran = project(shop=SHOP + LAST_WINS, test_shop=FIXTURES + backend + asynchronous)
    assert ran.returncode == 1
    assert "The end depends on the order in which the events arrive." in ran.stdout
    ran = project(shop=SHOP + COUNTS)
    assert (ran.returncode, "6 of 6 orders of 3 events" in ran.stdout) == (0, True), ran.stdout
