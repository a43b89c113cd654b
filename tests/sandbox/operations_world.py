"""One of everything an operation needs, made once, kept as a snapshot, and brought back before each call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import stripe
from tests.sandbox.billing import new_customer, new_price
from tests.sandbox.conftest import Client, Running, charge, eventually, new_session, serve
from tests.sandbox.connect import CAPABILITIES, new_seller, on
from tests.sandbox.operations import Case

from farthing.sandbox import Settings

DAY = 86_400
SETTINGS = Settings(strict=True, settles_after_seconds=0, disputed_after_seconds=0, id_seed="operations")


@dataclass
class Prepared:
    sandbox: Running
    client: Client
    names: dict[str, str]
    loop: asyncio.Runner
    """One for all: the SDK's connections belong to the loop they were first used in."""

    @property
    def key(self) -> str:
        return str(self.client._requestor.api_key)

    def restore(self) -> None:
        assert self.sandbox.post("/snapshots/world/restore").status_code == 200

    def known(self, value: Any) -> Any:
        """With the ids for the names that begin with a dollar sign."""
        if isinstance(value, dict):
            return {name: self.known(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.known(each) for each in value]
        return self.names[value[1:]] if isinstance(value, str) and value.startswith("$") else value

    def ids(self, case: Case) -> list[str]:
        return [self.names[each[1:]] for each in case.ids.split()]

    def call(self, case: Case, style: str) -> Any:
        """As JSON, the way it came over the wire."""
        ids, params = self.ids(case), self.known(case.params)
        options: Any = on(self.known(case.on)) if case.on else {}
        *room, verb = (case.service if style.startswith("client") else case.verb).split(".")
        waits = style.endswith("async")
        target: Any = self.client.v1 if style.startswith("client") else stripe
        for each in room:
            target = getattr(target, each)
        method = getattr(target, f"{verb}_async" if waits else verb)
        with self.module_settings():
            answer = method(*ids, params, options) if style.startswith("client") else method(*ids, **params, **options)
            answer = self.loop.run(_awaited(answer)) if waits else answer
        return answer.last_response.data if hasattr(answer.last_response, "data") else None

    @contextmanager
    def module_settings(self) -> Iterator[None]:
        before = (stripe.api_key, stripe.api_base, stripe.default_http_client)
        stripe.api_key, stripe.api_base, stripe.default_http_client = self.key, self.sandbox.url, self.sandbox.wire
        try:
            yield
        finally:
            stripe.api_key, stripe.api_base, stripe.default_http_client = before

    def wire(self, case: Case, params: Any, *, key: str | None = None, ids: list[str] | None = None) -> Any:
        """The plain request, with parameters as the SDK would spell them, and its answer."""
        path, names = case.path, list(self.ids(case) if ids is None else ids)
        while "{" in path:
            path = path[: path.index("{")] + names.pop(0) + path[path.index("}") + 1 :]
        client = self.client if key is None else self.sandbox.client(key)
        options = on(self.known(case.on)) if case.on and key is None else {}
        try:
            client.raw_request(case.method.lower(), path, **self.known(params), **options)
        except stripe.StripeError as refused:
            return refused
        return None


async def _awaited(answer: Any) -> Any:
    return await answer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    path: Path = tmp_path_factory.mktemp("operations") / "state.sqlite3"
    with asyncio.Runner() as loop:
        for sandbox in serve(str(path), SETTINGS):
            prepared = prepare(sandbox, loop)
            yield prepared
            loop.run(sandbox.wire.close_async())  # type: ignore[no-untyped-call]


def prepare(sandbox: Running, loop: asyncio.Runner) -> Prepared:
    client = sandbox.client()
    names = {**_catalog(client), **_customer(client)}
    names |= _payments(client, sandbox, names["customer"])
    names |= _billing(client, names)
    names |= _connect(client, sandbox)
    # After the clock was moved, or it would have expired.
    names["session"] = new_session(client).id
    names["event"] = client.v1.events.list({"limit": 1}).data[0].id
    names["endpoint"] = client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["payout.paid"]}).id
    assert sandbox.post("/snapshots", name="world").status_code == 200
    return Prepared(sandbox, client, names, loop)


def _catalog(client: Client) -> dict[str, str]:
    price = new_price(client, 1000, lookup_key="monthly")
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "once"})
    code = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    return {
        "other_coupon": client.v1.coupons.create({"amount_off": 100, "currency": "usd", "duration": "once"}).id,
        "price": price.id,
        "product": price.product,
        "bare_product": client.v1.products.create({"name": "Nothing"}).id,
        "other_price": new_price(client, 2000).id,
        "third_price": new_price(client, 3000).id,
        "coupon": coupon.id,
        "promotion_code": code.id,
        "tax_rate": rate.id,
    }


def _customer(client: Client) -> dict[str, str]:
    customer = client.v1.customers.create({"email": "ada@example.com", "name": "Ada"})
    card = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    client.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    client.v1.customers.balance_transactions.create(customer.id, {"amount": 100, "currency": "usd"})
    loose: Any = {"type": "card", "card": {"token": "tok_visa"}}
    return {
        "customer": customer.id,
        "card": card.id,
        "loose_card": client.v1.payment_methods.create(loose).id,
        "setup_intent": client.v1.setup_intents.create({"customer": customer.id}).id,
        "clock": client.v1.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000}).id,
    }


def _payments(client: Client, sandbox: Running, customer: str) -> dict[str, str]:
    paid_session = new_session(client, customer=customer)
    assert sandbox.pay(paid_session.id, card="4242424242424242").status_code == 200
    paid, held = charge(client, 5000, "pm_card_bypassPending"), charge(client, capture_method="manual")
    disputed = charge(client, card="pm_card_createDispute")
    eventually(lambda: client.v1.disputes.list({"charge": disputed.latest_charge}).data)
    refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 500})
    return {
        "paid_session": paid_session.id,
        "intent": client.v1.payment_intents.create({"amount": 1100, "currency": "usd"}).id,
        "paid": paid.id,
        "charge": paid.latest_charge,
        "held": held.id,
        "held_charge": held.latest_charge,
        "refund": refund.id,
        "dispute": client.v1.disputes.list().data[0].id,
        "transaction": client.v1.balance_transactions.list({"type": "charge"}).data[0].id,
    }


def _billing(client: Client, names: dict[str, str]) -> dict[str, str]:
    customer = names["customer"]
    items: Any = [{"price": names["price"]}, {"price": names["other_price"]}]
    subscription = client.v1.subscriptions.create({"customer": customer, "items": items})
    # Whose money is given back to somebody else's balance.
    other = new_customer(client).id
    paused = client.v1.subscriptions.create({"customer": other, "items": items[:1]})
    client.v1.subscriptions.pause(paused.id, {"type": "subscription"})
    one: Any = {"customer": customer, "amount": 700, "currency": "usd"}
    drafts = []
    for _ in range(2):
        drafts.append(
            client.v1.invoices.create(
                {"customer": customer, "collection_method": "send_invoice", "days_until_due": 9, "auto_advance": False}
            )
        )
        client.v1.invoice_items.create({**one, "invoice": drafts[-1].id})
    return {
        "other_customer": other,
        "subscription": subscription.id,
        "item": subscription.items.data[1].id,
        "paused": paused.id,
        "paid_invoice": subscription.latest_invoice,
        "invoice_payment": client.v1.invoice_payments.list({"invoice": subscription.latest_invoice}).data[0].id,
        "draft": drafts[0].id,
        "open_invoice": client.v1.invoices.finalize_invoice(drafts[1].id).id,
        "invoiceitem": client.v1.invoice_items.create(one).id,
        "configuration": client.v1.billing_portal.configurations.create(
            {"features": {"invoice_history": {"enabled": True}}}
        ).id,
    }


def _connect(client: Client, sandbox: Running) -> dict[str, str]:
    seller = new_seller(client)
    express = client.v1.accounts.create({"type": "express", "country": "US", "capabilities": CAPABILITIES}).id
    assert sandbox.post(f"/accounts/{express}/onboard").status_code == 200
    charge(client, 20_000, "pm_card_bypassPending")
    split = charge(client, 9000, "pm_card_bypassPending", transfer_data={"destination": seller}, application_fee_amount=500)
    eventually(lambda: client.v1.application_fees.list().data)
    fee = client.v1.application_fees.list().data[0]
    money: Any = {"amount": 3000, "currency": "usd"}
    transfer = client.v1.transfers.create({**money, "destination": seller})
    reversal = client.v1.transfers.reversals.create(transfer.id, {"amount": 100})
    paid = client.v1.payouts.create({**money, "amount": 400}, on(seller))
    sandbox.advance(2 * DAY + 1)
    return {
        "seller": seller,
        "new_seller": client.v1.accounts.create({"type": "express", "country": "US", "capabilities": CAPABILITIES}).id,
        "express": express,
        "split_charge": fee.charge,
        "split_transfer": client.v1.charges.retrieve(split.latest_charge).transfer,
        "split_payment": split.id,
        "fee": fee.id,
        "fee_refund": client.v1.application_fees.refunds.create(fee.id, {"amount": 20}).id,
        "transfer": transfer.id,
        "reversal": reversal.id,
        "paid_payout": paid.id,
        "payout": client.v1.payouts.create({**money, "amount": 600}, on(seller)).id,
    }
