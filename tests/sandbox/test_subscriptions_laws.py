"""Laws of billing, tried with random lives of subscriptions: previews are charged, sums add up, nothing breaks."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.sandbox.billing import DAY, advance, at, new_clock, new_customer, new_price
from tests.sandbox.conftest import Client, Running

PRICES = (0, 999, 1000, 2050, 30_001)
STEPS = st.one_of(
    st.tuples(st.just("quantity"), st.integers(0, 7)),
    st.tuples(st.just("price"), st.integers(0, len(PRICES) - 1)),
    st.tuples(st.just("interval"), st.sampled_from(("week", "month", "year"))),
    st.tuples(st.just("add"), st.integers(0, len(PRICES) - 1)),
    st.tuples(st.just("remove"), st.none()),
    st.tuples(st.just("anchor"), st.none()),
    st.tuples(st.just("trial"), st.integers(1, 20)),
    st.tuples(st.just("end_trial"), st.none()),
    st.tuples(st.just("discount"), st.sampled_from(("", "once", "repeating", "forever", "amount"))),
    st.tuples(st.just("item_discount"), st.sampled_from(("", "once", "repeating", "forever", "amount"))),
    st.tuples(st.just("cancel_at"), st.integers(0, 50)),
    st.tuples(st.just("wait"), st.integers(1, 3_000_000)),
    st.tuples(st.just("owe"), st.integers(-3000, 3000)),
)
LIVES = st.lists(st.tuples(STEPS, st.sampled_from(("none", "create_prorations", "always_invoice"))), min_size=1, max_size=7)


class Life:
    """One subscription, and the prices it may change between."""

    def __init__(self, client: Client, start: int) -> None:
        self.client = client
        self.clock = new_clock(client, start)
        self.customer = new_customer(client, self.clock)
        self.prices = {
            interval: [new_price(client, amount, interval).id for amount in PRICES] for interval in ("week", "month", "year")
        }
        self.coupons = {
            "once": client.v1.coupons.create({"percent_off": 33.3, "duration": "once"}).id,
            "repeating": client.v1.coupons.create({"percent_off": 10, "duration": "repeating", "duration_in_months": 2}).id,
            "forever": client.v1.coupons.create({"percent_off": 12.5, "duration": "forever"}).id,
            "amount": client.v1.coupons.create({"amount_off": 701, "currency": "usd", "duration": "forever"}).id,
        }
        rates = [
            client.v1.tax_rates.create({"display_name": "On top", "inclusive": False, "percentage": 8.25}).id,
            client.v1.tax_rates.create({"display_name": "Inside", "inclusive": True, "percentage": 19}).id,
        ]
        self.interval = "month"
        self.now = start
        self.id = client.v1.subscriptions.create(
            {"customer": self.customer.id, "items": [{"price": self.prices["month"][2]}], "default_tax_rates": rates}
        ).id

    @property
    def subscription(self) -> Any:
        return self.client.v1.subscriptions.retrieve(self.id)

    def items(self) -> list[Any]:
        return list(self.subscription["items"].data)

    def change(self, what: str, value: Any) -> Any:
        """What an update is to be asked for; None when this step is not an update."""
        items = self.items()
        free = [place for place in range(len(PRICES)) if self.prices[self.interval][place] not in {i.price.id for i in items}]
        match what:
            case "quantity":
                return {"items": [{"id": items[0].id, "quantity": value}]}
            case "price" if value in free:
                return {"items": [{"id": items[-1].id, "price": self.prices[self.interval][value]}]}
            case "add" if value in free and len(items) < 3:
                return {"items": [{"price": self.prices[self.interval][value], "quantity": 2}]}
            case "remove" if len(items) > 1:
                return {"items": [{"id": items[0].id, "deleted": True}]}
            case "interval" if value != self.interval:
                before, self.interval = self.prices[self.interval], value
                places = [before.index(item.price.id) for item in items]
                return {
                    "items": [
                        {"id": item.id, "price": self.prices[value][place]} for item, place in zip(items, places, strict=True)
                    ]
                }
            case "anchor" if self.subscription.status != "trialing":
                return {"billing_cycle_anchor": {"type": "now"}}
            case "trial":
                return {"trial_end": self.now + value * DAY}
            case "end_trial" if self.subscription.status == "trialing":
                return {"trial_end": "now"}
            case "item_discount":
                wanted = [{"coupon": self.coupons[value]}] if value else ""
                return {"items": [{"id": items[-1].id, "discounts": wanted}]}
            case "cancel_at":
                return {"cancel_at": self.now + value * DAY + 1 if value else ""}
            case "discount":
                return {"discounts": [{"coupon": self.coupons[value]}] if value else ""}
            case _:
                return None

    def preview(self, change: Any) -> Any:
        """None when nothing will follow, because it ends before."""
        details = {name: value for name, value in change.items() if name != "discounts"}
        whole = {"discounts": change["discounts"]} if "discounts" in change else {}
        try:
            return self.client.v1.invoices.create_preview({"subscription": self.id, "subscription_details": details, **whole})
        except stripe.InvalidRequestError as refusal:
            if refusal.code != "invoice_upcoming_none":
                raise
            return None

    def live(self, what: str, value: Any, behavior: str) -> None:
        if what == "wait":
            self.wait(min(value, 13 * DAY if self.interval == "week" else value))
        elif what == "owe":
            self.client.v1.customers.balance_transactions.create(self.customer.id, {"amount": value, "currency": "usd"})
        elif self.subscription.status != "canceled" and (change := self.change(what, value)):
            self.update({**change, "proration_behavior": behavior, "proration_date": self.now})

    def update(self, change: Any) -> None:
        before = self.subscription.latest_invoice
        promised = self.preview(change)
        after = self.client.v1.subscriptions.update(self.id, change)
        if promised is None:
            return
        if after.latest_invoice != before:
            made = self.client.v1.invoices.retrieve(after.latest_invoice)
            assert told(made) == told(promised)
        else:
            # Nothing is charged today, so the preview was of the renewal, which has not changed its mind.
            assert told(self.preview({})) == told(promised)

    def wait(self, seconds: int) -> None:
        self.now += seconds
        advance(self.client, self.clock, self.now)

    def renew(self) -> None:
        """Until the next invoice: it is what its preview said."""
        if self.subscription.status == "canceled" or (promised := self.preview({})) is None:
            return
        end = min(item.current_period_end for item in self.items()) + 3601
        while self.now < end:
            self.wait(min(end - self.now, 13 * DAY if self.interval == "week" else end))
        made = self.client.v1.invoices.retrieve(self.subscription.latest_invoice)
        assert told(made) == told(promised)


def told(invoice: Any) -> Any:
    lines = [(line.amount, line.period.start, line.period.end, line.description) for line in invoice.lines.data]
    return invoice.total, invoice.amount_due, lines


def check(client: Client, life: Life) -> None:
    for invoice in client.v1.invoices.list({"limit": 100, "customer": life.customer.id}).data:
        lines = client.v1.invoices.line_items.list(invoice.id, {"limit": 100}).data
        net = [line.amount - sum(each.amount for each in line.discount_amounts) for line in lines]
        added = [sum(tax.amount for tax in line.taxes if tax.tax_behavior == "exclusive") for line in lines]
        assert invoice.total == sum(net) + sum(added)
        own = [sum(each.amount for each in line.discount_amounts if each.discount in line.discounts) for line in lines]
        assert invoice.subtotal == sum(line.amount for line in lines) - sum(own)
        assert sum(net) == invoice.subtotal + sum(own) - sum(each.amount for each in invoice.total_discount_amounts)
        if invoice.status == "paid":
            assert invoice.amount_paid == invoice.amount_due
            assert invoice.amount_due == max(invoice.total + invoice.starting_balance, 0) or invoice.amount_due == 0
            assert invoice.total + invoice.starting_balance == invoice.amount_due + invoice.ending_balance
    moved = client.v1.customers.balance_transactions.list(life.customer.id, {"limit": 100}).data
    assert client.v1.customers.retrieve(life.customer.id).balance == sum(each.amount for each in moved)
    balance = client.v1.balance.retrieve()
    booked = client.v1.balance_transactions.list({"limit": 100}).data
    assert sum(each.amount for each in (*balance.available, *balance.pending)) == sum(each.net for each in booked)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=LIVES, month=st.integers(1, 12))
def test_every_preview_is_what_is_charged(sandbox: Running, steps: list[Any], month: int) -> None:
    client = sandbox.client()
    life = Life(client, at(2027, month, 28, 13, 7, 11))
    for (what, value), behavior in steps:
        life.live(what, value, behavior)
    life.renew()
    check(client, life)


@pytest.mark.parametrize("status", ["canceled", "incomplete_expired"])
def test_what_has_ended_cannot_be_changed(client: Client, status: str) -> None:
    clock = new_clock(client)
    customer = new_customer(client, clock)
    made = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": new_price(client).id}], "payment_behavior": "default_incomplete"}
    )
    if status == "canceled":
        client.v1.subscriptions.cancel(made.id)
    else:
        advance(client, clock, clock.frozen_time + DAY)
    assert client.v1.subscriptions.retrieve(made.id).status == status
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.update(made.id, {"items": [{"id": made["items"].data[0].id, "quantity": 2}]})
