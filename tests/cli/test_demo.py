"""`farthing demo`: a scripted buyer, and a verdict that is good only if every amount is."""

import dataclasses
import json
import signal
import subprocess
from pathlib import Path

import httpx
from tests.cli.conftest import FARTHING, bare_environment
from tests.cli.houses import eventually

from farthing.cli.demo import outcome
from farthing.cli.demo.outcome import Outcome
from farthing.lifecycles import OrderStatus
from farthing.money import Money

PRICE = Money(24_00, "eur")
GOOD = Outcome(OrderStatus.PAID, PRICE, PRICE, Money(1_00, "eur"), refunds=("10.00 EUR succeeded",))


def test_everything_is_as_it_should_be_twice(tmp_path: Path, home: Path) -> None:
    """The second run starts from nothing, as the first one did; settings of the user do not reach it."""
    hostile = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing", "STRIPE_SECRET_KEY": "sk_live_0123456789abcdef"}
    for _ in range(2):
        done = subprocess.run(
            [*FARTHING, "demo", "--json", "--quiet"],
            cwd=tmp_path,
            env=bare_environment() | hostile | {"FARTHING_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        told = json.loads(done.stdout)
        assert told["good"] is True
        assert told["wrong"] == []
        assert [order["number"] for order in told["orders"]] == [1001, 1002, 1003, 1004, 1005]
        assert [order["outcome"]["status"] for order in told["orders"]] == ["paid", "paid", "paid", "paid", "expired"]
        assert sum(balance["balance"]["amount"] for balance in told["trial_balance"]) == 0
        assert list(tmp_path.iterdir()) == []


def test_with_serve_it_stays_for_the_browser(tmp_path: Path, home: Path) -> None:
    process = subprocess.Popen(
        [*FARTHING, "demo", "--serve"],
        cwd=tmp_path,
        env=bare_environment() | {"FARTHING_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        shop = next(word for line in process.stdout if "Shop" in line for word in line.split() if word.startswith("http"))
        eventually(lambda: httpx.get(shop, trust_env=False).status_code == 200, "the shop is open")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_difference_is_a_sentence() -> None:
    found = dataclasses.replace(GOOD, received=Money(23_00, "eur"), declines=1, refunds=(), emails=())
    assert outcome.differences("Order 7", GOOD, found) == [
        "Order 7: received should be 24.00 EUR, and is 23.00 EUR.",
        "Order 7: refunds should be 10.00 EUR succeeded, and is nothing.",
        "Order 7: declines should be 0, and is 1.",
        "Order 7: emails should be order_confirmation sent, and is nothing.",
    ]
    assert outcome.differences("Order 7", GOOD, GOOD) == []


def test_the_books_follow_from_the_orders() -> None:
    expired = Outcome(OrderStatus.EXPIRED, PRICE)
    books = outcome.balance([GOOD, GOOD, expired])
    assert books == {
        ("provider:stripe", "eur"): 26_00,
        ("sales", "eur"): -48_00,
        ("provider_fees", "eur"): 2_00,
        ("refunds", "eur"): 20_00,
    }
    assert sum(books.values()) == 0
