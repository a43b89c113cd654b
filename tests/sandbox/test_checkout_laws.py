"""Checkout sessions of random lines, discounts, taxes and shipping: the parts always add up and are what is paid."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.sandbox.conftest import Client, Running

CARD = "4242424242424242"


def _rates(client: Client, chance: random.Random) -> list[str]:
    made = [
        client.v1.tax_rates.create({"display_name": "VAT", "percentage": percentage, "inclusive": inclusive}).id
        for percentage, inclusive in ((19, False), (7.25, True), (0, False))
    ]
    return chance.sample(made, chance.randint(0, len(made)))


def _lines(client: Client, chance: random.Random, *, recurring: bool) -> list[Any]:
    lines = []
    for place in range(chance.randint(1, 5)):
        price: Any = {"currency": "usd", "unit_amount": chance.randint(0, 9999), "product_data": {"name": f"Tea {place}"}}
        if recurring and (place == 0 or chance.random() < 0.5):
            price["recurring"] = {"interval": "month"}
        elif chance.random() < 0.3:
            del price["unit_amount"]
            price["unit_amount_decimal"] = f"{chance.randint(0, 9999)}.{chance.randint(1, 99):02d}"
        line = {"price_data": price, "quantity": chance.randint(1, 9)}
        if rates := _rates(client, chance):
            line["tax_rates"] = rates
        lines.append(line)
    lines.append({"price_data": {"currency": "usd", "unit_amount": 5000, "product_data": {"name": "Pot"}}, "quantity": 1})
    return lines


def _discounts(client: Client, chance: random.Random) -> list[Any]:
    asked: Any = chance.choice([None, {"percent_off": 33.33}, {"percent_off": 100}, {"amount_off": 777, "currency": "usd"}])
    if asked is None:
        return []
    return [{"coupon": client.v1.coupons.create({"duration": "once", **asked}).id}]


def _ways(chance: random.Random) -> list[Any]:
    amount = {"amount": chance.choice([0, 490, 1999]), "currency": "usd"}
    return [{"shipping_rate_data": {"display_name": "Post", "fixed_amount": amount}}]


@pytest.mark.parametrize("mode", ["payment", "subscription"])
@pytest.mark.parametrize("seed", range(12))
def test_the_parts_add_up_and_are_what_is_paid(client: Client, sandbox: Running, mode: str, seed: int) -> None:
    chance = random.Random(f"{mode} {seed}")
    asked: Any = {
        "mode": mode,
        "line_items": _lines(client, chance, recurring=mode == "subscription"),
        "success_url": "http://127.0.0.1:9/x",
    }
    if discounts := _discounts(client, chance):
        asked["discounts"] = discounts
    if mode == "payment" and chance.random() < 0.6:
        asked["shipping_options"] = _ways(chance)
    session = client.v1.checkout.sessions.create(asked | {"expand": ["total_details.breakdown"]})
    lines = client.v1.checkout.sessions.line_items.list(
        session.id, {"limit": 100, "expand": ["data.taxes", "data.discounts"]}
    ).data
    details = session.total_details
    for line in lines:
        on_top = sum(each.amount for each in line.taxes if not each.rate.inclusive)
        assert line.amount_total == line.amount_subtotal - line.amount_discount + on_top
        assert line.amount_tax == sum(each.amount for each in line.taxes)
        assert line.amount_discount == sum(each.amount for each in line.discounts)
        assert 0 <= line.amount_discount <= line.amount_subtotal
    assert session.amount_subtotal == sum(line.amount_subtotal for line in lines)
    assert session.amount_total == sum(line.amount_total for line in lines) + details.amount_shipping
    assert details.amount_discount == sum(line.amount_discount for line in lines)
    assert details.amount_tax == sum(line.amount_tax for line in lines)
    assert details.amount_tax == sum(each.amount for each in details.breakdown.taxes)
    assert details.amount_discount == sum(each.amount for each in details.breakdown.discounts)
    answer = sandbox.pay(session.id, **({"card": CARD} if session.amount_total or mode == "subscription" else {}))
    assert answer.status_code == 200, answer.text
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent", "invoice"]})
    assert (done.status, done.amount_total) == ("complete", session.amount_total)
    paid = done.invoice.amount_paid if mode == "subscription" else done.payment_intent and done.payment_intent.amount_received
    assert (paid or 0) == session.amount_total
