"""What the tests of billing share: a customer on a clock, prices, and the clock moved until it is ready."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from tests.sandbox.conftest import Client, eventually

DAY = 86_400
START = int(datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp())


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


def new_clock(client: Client, frozen_time: int = START) -> Any:
    return client.v1.test_helpers.test_clocks.create({"frozen_time": frozen_time, "name": "a year"})


def new_customer(client: Client, clock: Any = None, card: str | None = "pm_card_visa", **params: Any) -> Any:
    """Without a clock on one of its own, that stands: nothing of theirs renews when other tests move the sandbox's time."""
    on = {"test_clock": (clock or new_clock(client, int(time.time()))).id}
    customer = client.v1.customers.create({"email": "ada@example.com", "name": "Ada", **on, **params})
    if card:
        set_card(client, customer.id, card)
    return customer


def set_card(client: Client, customer: str, card: str) -> Any:
    method = client.v1.payment_methods.attach(card, {"customer": customer})
    client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    return method


def new_price(client: Client, amount: int = 1000, interval: str = "month", **params: Any) -> Any:
    product = client.v1.products.create({"name": params.pop("name", "Plan")})
    given = {"currency": "usd", "unit_amount": amount, "product": product.id, "recurring": {"interval": interval}}
    return client.v1.prices.create({**given, **params})


def advance(client: Client, clock: Any, moment: int) -> None:
    """Until it is ready: then everything has happened and been written."""
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": moment})
    eventually(lambda: client.v1.test_helpers.test_clocks.retrieve(clock.id).status != "advancing", 20)
    assert client.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"


class Events:
    """The events since the last look, oldest first.

    charge.updated comes a moment after its charge, in real time unless a clock moves; without `settled` it is left out.
    """

    def __init__(self, client: Client, *, settled: bool = False) -> None:
        self._client = client
        self._hidden = () if settled else ("charge.updated",)
        self._last: str | None = None
        self.news()

    def news(self) -> list[Any]:
        params: Any = {"limit": 100} | ({"ending_before": self._last} if self._last else {})
        found = list(self._client.v1.events.list(params).data)
        if found:
            self._last = found[0].id
        return found[::-1]

    def types(self) -> list[str]:
        return [each.type for each in self.news() if each.type not in self._hidden]
