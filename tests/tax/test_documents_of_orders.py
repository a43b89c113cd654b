"""Tax invoices of orders and credit notes of their refunds: in the transaction of the money, without a gap, exact."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from tests.news import count, sound, work
from tests.worlds import Account, buy, session_of, start

from farthing import checkout, payments, tax
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.orders import Order
from farthing.tax import TaxDocument
from farthing.world import World


async def papers(world: World, order: Order) -> list[TaxDocument]:
    async with world.db.transaction("test") as tx:
        return await tax.of_order(tx, order.id)


async def test_a_paid_order_has_its_invoice_and_refunds_in_parts_sum_to_it_at_the_rates_of_their_lines(
    world: World, account: Account, server: httpx.AsyncClient, ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    order = await buy(world, account, CartItem("mug", 3), CartItem("ebook"), code="WELCOME10")
    (invoice,) = await papers(world, order)
    # 33.75 with 20 % and 8.10 with 10 % in it.
    assert [(line.net, line.tax) for line in invoice.lines] == [(2812, 563), (736, 74)]
    assert [(each.percent, each.amount, net) for each, net in invoice.taxes] == [("10", 74, 736), ("20", 563, 2812)]
    assert (invoice.total, invoice.name) == (order.total, f"TEST-INV-{invoice.year}-000001")

    mugs, path = str(order.lines[0].id), f"/v1/orders/{order.id}/refunds"
    for wanted in (
        {"lines": [{"line_item": mugs, "quantity": 1}]},
        {"amount": {"amount": 1001, "currency": "eur"}},
        {"amount": {"amount": 7, "currency": "eur"}},
        {},
    ):
        assert (await server.post(path, json=wanted)).status_code == 201
        assert await count(world, "tax_documents") < 6, "no credit note before the money went back"
        await work(world)
    first, *_ = notes = (await papers(world, order))[1:]
    assert [(line.description, line.quantity, line.total) for line in first.lines] == [("A mug", 1, 1125)]
    assert [note.number for note in notes] == [1, 2, 3, 4]
    assert sum(note.total.amount for note in notes) == invoice.total.amount
    for rate in ("10", "20"):
        parts = [each.amount for note in notes for each, _ in note.taxes if each.percent == rate]
        assert sum(parts) == {"10": 74, "20": 563}[rate]
    assert await sound(world)

    shown = (await ada.get(f"/v1/orders/{order.id}")).json()["documents"]
    assert [each["order"] for each in shown] == [str(order.id)] * 5
    one = f"/v1/tax_documents/{shown[0]['id']}"
    assert "of 28.12 EUR" in (await ada.get(f"{one}/html")).text
    assert (await ada.get(f"{one}/pdf")).content[:5] == b"%PDF-"
    assert [(await eve.get(one + end)).status_code for end in ("", "/pdf", "/html")] == [404] * 3


@pytest.mark.covers("F32")
async def test_twenty_who_pay_at_once_get_twenty_numbers_and_none_is_lost_with_who_fails(
    world: World, account: Account
) -> None:
    async def one(number: int) -> None:
        started = await start(world, CartItem("mug"), buyer=Buyer(f"buyer-{number}", f"{number}@example.com"))
        session = await session_of(world, started.id)
        assert (await account.pay(session)).status_code == 200
        if number % 4 == 0:
            # The buyer comes back, the news comes, and both find it paid at the same moment.
            await asyncio.gather(*(checkout.sync(world, session, actor="test") for _ in range(2)))
        else:
            await checkout.sync(world, session, actor="test")

    await asyncio.gather(*(one(number) for number in range(20)))
    async with world.db.transaction("test") as tx:
        numbers = await tx.all(lambda row: int(row["number"]), "SELECT number FROM tax_documents ORDER BY number")
    assert numbers == list(range(1, 21))
    assert await sound(world)


async def test_a_refund_that_the_bank_returned_is_credited_once_when_it_is_made_again(
    world: World, account: Account, server: httpx.AsyncClient
) -> None:
    order = await buy(world, account)
    body = {"amount": {"amount": 900, "currency": "eur"}}
    assert (await server.post(f"/v1/orders/{order.id}/refunds", json=body)).status_code == 201
    await work(world)
    async with world.db.transaction("test") as tx:
        theirs = await tx.value("SELECT provider_refund_id FROM refunds")
    seen = await world.provider.refund(theirs)
    await payments.sync_refund(world, theirs, actor="test", seen=replace(seen, status="failed"))
    assert await sound(world)
    for _ in range(2):
        assert (await server.post(f"/v1/orders/{order.id}/refunds", json=body)).status_code == 201
        await work(world)
    assert [note.total.amount for note in (await papers(world, order))[1:]] == [900, 900]
    assert await sound(world)


async def test_an_order_that_costs_nothing_has_no_invoice_and_what_nobody_said_of_tax_is_not_printed(
    plain_world: World, world: World, account: Account
) -> None:
    silent = replace(plain_world, catalog=replace(plain_world.catalog, legal=world.catalog.legal))
    (invoice,) = await papers(world, await buy(silent, account))
    assert (invoice.tax.amount, invoice.lines[0].taxes) == (0, ())
    lines = tax.html(invoice).split("<table")[1]
    assert ("%" in lines, "Tax" in lines) == (False, False)
    assert await papers(world, await buy(plain_world, account)) == []
