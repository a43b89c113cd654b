"""Tax invoices and credit notes: numbers without a gap, exact sums, what cannot be changed, and how they look."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
from tests.news import happened, hear, sound
from tests.subscriptions.conftest import Ada, subscribe, wanted
from tests.worlds import Account

from farthing import invoices, subscriptions, tax
from farthing.catalog import Legal
from farthing.errors import Invalid, ProviderError
from farthing.ids import CustomerId, InvoiceId, TaxDocumentId
from farthing.invoices import Invoice
from farthing.invoices.store import save
from farthing.tax import LineTax, Party, Source, TaxDocument, TaxLine
from farthing.tax.model import checked_tax_id, notes_of
from farthing.world import World

LEGAL = Legal("Plans GmbH", ("Ringstraße 1", "1010 Wien"), "AT", "ATU13585627", footer="FN 123456a, HG Wien")


@pytest.fixture
async def selling(world: World) -> World:
    return replace(world, catalog=replace(world.catalog, legal=LEGAL))


@pytest.fixture
async def ada_sold(selling: World, ada: Ada) -> Ada:
    ada.world = selling
    return ada


def paper(**fields: object) -> TaxDocument:
    """One by itself, for looking at."""
    document = TaxDocument(
        id=TaxDocumentId.new(),
        kind="invoice",
        entity="main",
        series="INV",
        year=2026,
        number=7,
        livemode=True,
        customer_id=CustomerId.new(),
        source=Source(invoice_id=InvoiceId.new()),
        corrects=None,
        currency="eur",
        seller=Party(LEGAL.name, LEGAL.address, "AT", LEGAL.tax_id),
        buyer=Party("Ada Lovelace", ("12 St James's Square", "London"), "GB", None),
        lines=(TaxLine("Pro, monthly", 3, 6000, (LineTax(1200, "20"),)),),
        notes=(),
        issued_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        footer=LEGAL.footer,
    )
    return replace(document, **fields)  # type: ignore[arg-type]


async def test_a_paid_invoice_gets_a_number_and_what_goes_back_a_credit_note(
    selling: World, account: Account, ada_sold: Ada
) -> None:
    async with selling.db.transaction("test") as tx:
        person = await tx.value("SELECT id FROM customers WHERE external_id = 'ada'")
        details = tax.checked_details("Analytical Engines Ltd", "DE", ["Am Kai 3"], "DE 136695976")
        await tax.save_details(tx, CustomerId.of(person), details)
    bought = await subscribe(selling, account)
    async with selling.db.transaction("test") as tx:
        (invoice,) = await invoices.of_subscription(tx, bought.id)
        (payment,) = await invoices.payments_of(tx, invoice.id)
    form = {"payment_intent": payment.provider_payment_id, "amount": "500"}
    (await account.http.post("/v1/refunds", data=form)).raise_for_status()
    await hear(selling, account)
    await hear(selling, account)
    await ada_sold.later(days=32)
    async with selling.db.transaction("test") as tx:
        made = (await tax.list_page(tx, limit=10)).items
    year = made[0].issued_at.year
    assert [(each.name, each.total.amount, each.buyer.tax_id) for each in made] == [
        (f"TEST-INV-{year}-000002", 2000, "DE136695976"),
        (f"TEST-CN-{year}-000001", 500, "DE136695976"),
        (f"TEST-INV-{year}-000001", 2000, "DE136695976"),
    ]
    assert made[1].corrects == made[2].id
    assert made[1].notes[0].startswith(f"Corrects TEST-INV-{year}-000001")
    assert "Reverse charge" in made[2].notes[0]
    assert (await happened(selling)).count("tax_document.issued") == 3
    assert await sound(selling)


async def _invoices(world: World, account: Account, count: int) -> list[Invoice]:
    """One that was paid, and copies of its row: what is raced for is the number."""
    bought = await subscribe(world, account)
    async with world.db.transaction("test") as tx:
        (first,) = await invoices.of_subscription(tx, bought.id)
        copies = [
            replace(first, id=InvoiceId.new(), provider_invoice_id=f"in_copy{number}", subscription_id=None)
            for number in range(count)
        ]
        for each in copies:
            await save(tx, each)
    return copies


@pytest.mark.covers("F32")
async def test_thirty_two_who_issue_at_once_draw_every_number_once_and_none_is_lost_with_who_fails(
    world: World, account: Account, ada: Ada
) -> None:
    copies = await _invoices(world, account, 32)
    gate = asyncio.Semaphore(8)

    async def one(number: int, invoice: Invoice) -> None:
        async with gate, world.db.transaction("test") as tx:
            for _ in range(2):
                await tax.issue(
                    tx,
                    Source(invoice.id),
                    (TaxLine("Pro", 1, 2000),),
                    LEGAL,
                    customer=invoice.customer_id,
                    currency="eur",
                    livemode=False,
                )
            if number % 4 == 0:
                raise ZeroDivisionError

    first = await asyncio.gather(*(one(*each) for each in enumerate(copies)), return_exceptions=True)
    assert sum(isinstance(each, ZeroDivisionError) for each in first) == 8
    await asyncio.gather(*(one(1, each) for each in copies[::4]))
    async with world.db.transaction("test") as tx:
        numbers = await tx.all(lambda row: int(row["number"]), "SELECT number FROM tax_documents ORDER BY number")
    assert numbers == list(range(1, 33))


async def test_what_was_issued_cannot_be_changed(selling: World, account: Account, ada_sold: Ada) -> None:
    await subscribe(selling, account)
    for statement in ("UPDATE tax_documents SET total_amount = 1", "DELETE FROM tax_documents"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            async with selling.db.transaction("test") as tx:
                await tx.connection.execute(statement.encode())


async def test_without_a_legal_seller_nothing_is_issued(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    async with world.db.transaction("test") as tx:
        (invoice,) = await invoices.of_subscription(tx, bought.id)
        assert await tax.of_invoice(tx, invoice.id) == []


@pytest.mark.parametrize(
    ("country", "typed", "kind", "id"),
    [
        ("DE", "136695976", "eu_vat", "DE136695976"),
        ("AT", "atu 13585627", "eu_vat", "ATU13585627"),
        ("GR", "EL094259216", "eu_vat", "EL094259216"),
        ("GB", "GB 980 7806 84", "gb_vat", "980780684"),
        ("IN", "27AAPFU0939F1ZV", "in_gst", "27AAPFU0939F1ZV"),
        ("US", "12-3456789", "other", "12-3456789"),
    ],
)
def test_a_tax_id_is_kept_as_its_country_writes_it(country: str, typed: str, kind: str, id: str) -> None:
    assert checked_tax_id(country, typed) == (kind, id)


@pytest.mark.parametrize(("country", "typed"), [("DE", "DE136695977"), ("IN", "27AAPFU0939F1ZA"), ("AT", "DE136695976")])
def test_a_tax_id_that_cannot_be_is_refused(country: str, typed: str) -> None:
    with pytest.raises(Invalid, match="no tax id"):
        checked_tax_id(country, typed)


def test_reverse_charge_is_said_only_where_a_business_of_another_eu_country_pays_no_tax() -> None:
    german = Party("X", (), "DE", "DE136695976")
    assert len(notes_of("AT", german, 0)) == 1
    assert [notes_of("DE", german, 0), notes_of("AT", german, 5), notes_of("AT", replace(german, tax_id=None), 0)] == [()] * 3


@pytest.mark.parametrize(("currency", "said"), [("kwd", "1.250"), ("jpy", "1250"), ("eur", "12.50")])
def test_a_page_and_a_pdf_show_money_as_its_currency_writes_it(currency: str, said: str) -> None:
    document = paper(currency=currency, lines=(TaxLine("<b>Pro</b>", 1, 1000, (LineTax(250, "25"),)),))
    page = tax.html(document)
    assert said in page
    assert "&lt;b&gt;Pro" in page
    made = tax.pdf(document)
    assert (made[:5], tax.pdf(document) == made) == (b"%PDF-", True)


async def test_where_the_provider_computes_the_tax_it_is_asked_to(world: World, ada: Ada) -> None:
    taxed = replace(world, catalog=replace(world.catalog, legal=replace(LEGAL, automatic_tax=True)))
    with pytest.raises(ProviderError, match="automatic_tax"):
        await subscriptions.start(taxed, wanted(), actor="test")


async def _rate(account: Account, percentage: str, *, inclusive: bool = False, name: str = "VAT") -> str:
    form = {"display_name": name, "percentage": percentage, "inclusive": str(inclusive).lower()}
    made: str = (await account.http.post("/v1/tax_rates", data=form)).raise_for_status().json()["id"]
    return made


async def _newest(world: World, count: int = 1) -> list[TaxDocument]:
    async with world.db.transaction("test") as tx:
        return list((await tax.list_page(tx, limit=count)).items)


async def test_taxes_are_the_providers_own_to_the_last_cent_and_credit_notes_in_parts_sum_to_them(
    selling: World, account: Account, ada_sold: Ada
) -> None:
    bought = await subscribe(selling, account)
    path = f"/v1/subscriptions/{bought.provider_subscription_id}"
    rates = [await _rate(account, "5", name="GST"), await _rate(account, "9.975", name="QST")]
    form = {f"default_tax_rates[{at}]": id for at, id in enumerate(rates)}
    (await account.http.post(path, data=form)).raise_for_status()
    await ada_sold.later(days=32)
    (invoice,) = await _newest(selling)
    taxes = [(each.label, each.amount, net) for each, net in invoice.taxes]
    assert taxes == [("GST 5 %", 100, 2000), ("QST 9.975 %", 200, 2000)]
    assert "QST 9.975 % of 20.00 EUR" in tax.html(invoice)
    async with selling.db.transaction("test") as tx:
        assert invoice.source.invoice_id is not None
        (payment,) = await invoices.payments_of(tx, invoice.source.invoice_id)
    for part in ("333", "1", "666", "1300"):
        refund = {"payment_intent": payment.provider_payment_id, "amount": part}
        (await account.http.post("/v1/refunds", data=refund)).raise_for_status()
        await hear(selling, account)
    notes = await _newest(selling, 4)
    assert [note.total.amount for note in reversed(notes)] == [333, 1, 666, 1300]
    for name, amount in (("GST", 100), ("QST", 200)):
        assert sum(each.amount for note in notes for each, _ in note.taxes if each.name == name) == amount
    assert sum(note.net.amount for note in notes) == 2000
    assert await sound(selling)

    inclusive = await _rate(account, "19", inclusive=True)
    (await account.http.post(path, data={"default_tax_rates[0]": inclusive})).raise_for_status()
    await ada_sold.later(days=31)
    (invoice,) = await _newest(selling)
    assert (invoice.net.amount, [each.label for each, _ in invoice.taxes], invoice.tax.amount) == (1681, ["VAT 19 %"], 319)


async def test_the_number_is_drawn_when_an_invoice_is_finalized_and_one_that_is_voided_is_taken_back(
    selling: World, account: Account, ada_sold: Ada
) -> None:
    await subscribe(selling, account)
    await ada_sold.card("pm_card_chargeCustomerFail")
    await ada_sold.later(days=32)
    (open_one,) = await _newest(selling)
    async with selling.db.transaction("test") as tx:
        assert open_one.source.invoice_id is not None
        invoice = await invoices.get(tx, open_one.source.invoice_id)
    assert (invoice.status, invoice.paid_amount, open_one.number) == ("open", 0, 2)
    (await account.http.post(f"/v1/invoices/{invoice.provider_invoice_id}/void")).raise_for_status()
    await hear(selling, account)
    note, again, _ = await _newest(selling, 3)
    assert (note.total, note.lines[0].description, again.id) == (
        open_one.total,
        f"Cancellation of {open_one.name}",
        open_one.id,
    )
    await hear(selling, account)
    assert len(await _newest(selling, 9)) == 3
    assert await sound(selling)
