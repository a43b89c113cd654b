"""Money that a bank takes back of an invoice, and rows that are no longer what the provider has."""

from datetime import timedelta

import pytest
from tests.news import happened, hear, sound
from tests.subscriptions.conftest import Ada, begin, page_of, subscribe, the_one
from tests.subscriptions.test_going_on import balances
from tests.worlds import Account

from farthing import entitlements, invoices, reconcile, webhooks
from farthing.clock import TravelClock
from farthing.invoices import InvoicePayment
from farthing.subscriptions import Subscription
from farthing.world import World


async def paid_for(world: World, bought: Subscription) -> InvoicePayment:
    async with world.db.transaction("test") as tx:
        (invoice,) = await invoices.of_subscription(tx, bought.id)
        (payment,) = await invoices.payments_of(tx, invoice.id)
    return payment


async def compared(world: World, *, heals: bool = False) -> reconcile.Reconciliation:
    run = await world.db.run("test", lambda tx: reconcile.start(tx, "stripe", False, since=None, heals=heals))
    return await reconcile.run(world, run)


@pytest.mark.parametrize("outcome", ["lost", "won"])
async def test_a_dispute_of_an_invoice_is_heard_and_in_the_books(
    world: World, account: Account, ada: Ada, outcome: str
) -> None:
    bought = await subscribe(world, account)
    payment = await paid_for(world, bought)
    made = await account.complain(payment.provider_payment_id)
    await hear(world, account)
    assert "invoice.disputed" in await happened(world)
    assert (await balances(world))["disputed"] == 2000
    await account.decide(made["id"], outcome)
    await hear(world, account)
    await hear(world, account)
    async with world.db.transaction("test") as tx:
        (dispute,) = await invoices.disputes_of(tx, payment.invoice_id)
    books = await balances(world)
    assert (dispute.status, books.get("disputed", 0), books.get("dispute_losses", 0)) == (
        outcome,
        0,
        2000 if outcome == "lost" else 0,
    )
    assert await entitlements.check(world.db, "ada", "reports")
    assert await sound(world)
    await invoices.look_for_fees(world)
    assert (await compared(world)).found == 0


async def test_a_dispute_and_a_refund_heard_before_the_payment_they_are_of_are_in_the_books(
    world: World, account: Account, ada: Ada
) -> None:
    begun = await begin(world)
    assert (await account.pay(await page_of(world, begun))).status_code == 200
    (paid,) = (await account.get("/v1/invoice_payments"))["data"]
    intent = paid["payment"]["payment_intent"]
    (await account.http.post("/v1/refunds", data={"payment_intent": intent, "amount": "500"})).raise_for_status()
    await account.complain(intent, amount=1500)
    await account.fail_next("500_before", "/v1/invoice_payments", method="GET", times=3)
    await hear(world, account, "charge.dispute.created")
    assert "invoice.disputed" not in await happened(world)
    world.db.clock = clock = TravelClock()
    clock.advance(timedelta(minutes=5))
    while await webhooks.drain(world):
        pass
    assert "invoice.disputed" in await happened(world)
    await hear(world, account, "refund.created")
    async with world.db.transaction("test") as tx:
        (invoice,) = await invoices.of_subscription(tx, (await the_one(world)).id)
        (payment,) = await invoices.payments_of(tx, invoice.id)
        assert len(await invoices.disputes_of(tx, invoice.id)) == len(await invoices.refunds_of(tx, payment.id)) == 1
    await hear(world, account)
    assert (await happened(world)).count("invoice.disputed") == 1
    assert await sound(world)


async def test_a_dispute_and_a_refund_that_nobody_told_of_are_found_by_comparing(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    payment = await paid_for(world, bought)
    form = {"payment_intent": payment.provider_payment_id, "amount": "500"}
    (await account.http.post("/v1/refunds", data=form)).raise_for_status()
    await account.complain(payment.provider_payment_id, amount=1500)
    await invoices.look_for_fees(world)
    run = await compared(world, heals=True)
    assert (run.found, run.healed) == (2, 2)
    async with world.db.transaction("test") as tx:
        assert len(await invoices.disputes_of(tx, payment.invoice_id)) == 1
        assert len(await invoices.refunds_of(tx, payment.id)) == 1
    assert await sound(world)


@pytest.mark.parametrize(
    ("spoil", "fields"),
    [
        ("UPDATE subscriptions SET status = 'past_due', quantity = 2", ["quantity", "status"]),
        ("UPDATE subscriptions SET unit_amount = 1", ["amount"]),
        ("UPDATE invoices SET status = 'open', paid_amount = 0, remaining_amount = 2000", ["paid", "remaining", "status"]),
        ("UPDATE invoices SET total_amount = 1900, tax_amount = 7", ["amount", "tax"]),
    ],
)
async def test_a_row_that_was_tampered_with_is_named_and_healed(
    world: World, account: Account, ada: Ada, spoil: str, fields: list[str]
) -> None:
    await subscribe(world, account)
    await invoices.look_for_fees(world)
    async with world.db.transaction("test") as tx:
        await tx.connection.execute(spoil.encode())
    assert (await compared(world)).found == len(fields)
    async with world.db.transaction("test") as tx:
        found = (await reconcile.list_page(tx, limit=100)).items
    assert sorted(each.difference.field for each in found) == fields
    assert (await compared(world, heals=True)).healed == len(fields)
    assert (await compared(world)).found == 0
    assert (await the_one(world)).status == "active"
    assert await sound(world)


async def test_a_subscription_that_nobody_told_of_is_missing_here_until_it_is_healed(
    world: World, account: Account, ada: Ada
) -> None:
    begun = await begin(world)
    assert (await account.pay(await page_of(world, begun))).status_code == 200
    assert (await compared(world)).found
    await compared(world, heals=True)
    assert (await the_one(world)).status == "active"
    await invoices.look_for_fees(world)
    assert (await compared(world)).found == 0
