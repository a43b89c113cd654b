"""Tax invoices and credit notes get their number in the transaction that makes them due: no gap, no duplicate, no change."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, LiteralString

import orjson

from farthing import customers, events
from farthing.catalog import Legal
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, InvoiceId, InvoiceRefundId, TaxDocumentId
from farthing.invoices import store
from farthing.invoices.model import Invoice, InvoicePayment, InvoiceRefund
from farthing.invoices.tax import Party, TaxDetails, TaxDocument, TaxLine, notes_of, tax_lines
from farthing.paging import Page, checked_limit

SELECT: LiteralString = """
    SELECT id, kind, entity, series, year, number, livemode, customer_id, invoice_id, invoice_refund_id, corrects, currency,
        seller, buyer, lines, notes, issued_at
    FROM tax_documents
"""


async def issue(tx: Transaction, invoice: Invoice, legal: Legal) -> TaxDocument | None:
    """The tax invoice of what was paid, once. None where nothing was owed."""
    if invoice.total_amount <= 0:
        return None
    known = await of_invoice(tx, invoice.id)
    if known:
        return known[0]
    buyer = await _buyer(tx, invoice.customer_id)
    document = TaxDocument(
        id=TaxDocumentId.new(),
        kind="invoice",
        entity=legal.entity,
        series=legal.series,
        year=tx.now.year,
        number=await _draw(tx, legal.entity, legal.series, tx.now.year, invoice.livemode),
        livemode=invoice.livemode,
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        invoice_refund_id=None,
        corrects=None,
        currency=invoice.currency,
        seller=Party(legal.name, legal.address, legal.country, legal.tax_id),
        buyer=buyer,
        lines=tax_lines(invoice, await store.lines_of(tx, invoice.id)),
        notes=notes_of(legal.country, buyer, invoice.tax_amount),
        issued_at=tx.now,
        credit_series=legal.credit_series,
        footer=legal.footer,
    )
    await _insert(tx, document)
    return document


async def credit(tx: Transaction, payment: InvoicePayment, refund: InvoiceRefund) -> TaxDocument | None:
    """The credit note of what went back, once, in the name of whoever issued the invoice. None where none was issued."""
    original = next((each for each in await of_invoice(tx, payment.invoice_id) if each.kind == "invoice"), None)
    if original is None or await _of_refund(tx, refund.id):
        return None
    tax = refund.tax_amount
    rates = {line.rate for line in original.lines}
    document = TaxDocument(
        id=TaxDocumentId.new(),
        kind="credit_note",
        entity=original.entity,
        series=original.credit_series,
        year=tx.now.year,
        number=await _draw(tx, original.entity, original.credit_series, tx.now.year, original.livemode),
        livemode=original.livemode,
        customer_id=original.customer_id,
        invoice_id=original.invoice_id,
        invoice_refund_id=refund.id,
        corrects=original.id,
        currency=original.currency,
        seller=original.seller,
        buyer=original.buyer,
        lines=(
            TaxLine(f"Refund of {original.name}", 1, refund.money.amount - tax, tax, rates.pop() if len(rates) == 1 else None),
        ),
        notes=(f"Corrects {original.name} of {original.issued_at:%Y-%m-%d}.", *original.notes),
        issued_at=tx.now,
        credit_series=original.credit_series,
        footer=original.footer,
    )
    await _insert(tx, document)
    return document


async def _draw(tx: Transaction, entity: str, series: str, year: int, livemode: bool) -> int:
    """The next number. Whoever comes second waits for our commit; what is rolled back is drawn again."""
    number: int = await tx.value(
        """
        INSERT INTO tax_series (entity, series, year, livemode, last_number)
        VALUES (%(entity)s, %(series)s, %(year)s, %(livemode)s, 1)
        ON CONFLICT (entity, series, year, livemode) DO UPDATE SET last_number = tax_series.last_number + 1
        RETURNING last_number
        """,
        entity=entity,
        series=series,
        year=year,
        livemode=livemode,
    )
    return number


async def _insert(tx: Transaction, document: TaxDocument) -> None:
    extra = {"credit_series": document.credit_series, "footer": document.footer}
    await tx.run(
        """
        INSERT INTO tax_documents (id, kind, entity, series, year, number, livemode, name, customer_id, invoice_id,
            invoice_refund_id, corrects, currency, net_amount, tax_amount, total_amount, seller, buyer, lines, notes, issued_at)
        VALUES (%(id)s, %(kind)s, %(entity)s, %(series)s, %(year)s, %(number)s, %(livemode)s, %(name)s, %(customer)s,
            %(invoice)s, %(refund)s, %(corrects)s, %(currency)s, %(net)s, %(tax)s, %(total)s, %(seller)s, %(buyer)s, %(lines)s,
            %(notes)s, %(issued_at)s)
        """,
        id=document.id,
        kind=document.kind,
        entity=document.entity,
        series=document.series,
        year=document.year,
        number=document.number,
        livemode=document.livemode,
        name=document.name,
        customer=document.customer_id,
        invoice=document.invoice_id,
        refund=document.invoice_refund_id,
        corrects=document.corrects,
        currency=document.currency,
        net=document.net.amount,
        tax=document.tax.amount,
        total=document.total.amount,
        seller=orjson.dumps(asdict(document.seller) | extra).decode(),
        buyer=orjson.dumps(asdict(document.buyer)).decode(),
        lines=orjson.dumps([asdict(line) for line in document.lines]).decode(),
        notes=orjson.dumps(document.notes).decode(),
        issued_at=document.issued_at,
    )
    await events.record(
        tx,
        "tax_document.issued",
        order=None,
        document=document.id,
        kind=document.kind,
        number=document.name,
        invoice=document.invoice_id,
        customer=document.customer_id,
        amount={"amount": document.total.amount, "currency": document.currency},
    )


async def get_document(tx: Transaction, id: TaxDocumentId) -> TaxDocument:
    found = await tx.find(_document, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no tax document {id}.")
    return found


async def of_invoice(tx: Transaction, invoice: InvoiceId) -> list[TaxDocument]:
    """The tax invoice, and its credit notes."""
    return await tx.all(_document, SELECT + " WHERE invoice_id = %(invoice)s ORDER BY id", invoice=invoice)


async def find_document(tx: Transaction, named: str) -> TaxDocument:
    """By its id, its number, or the invoice (then its tax invoice). Raises NotFound."""
    if named.startswith(f"{TaxDocumentId.prefix}_"):
        return await get_document(tx, TaxDocumentId.parse(named))
    if named.startswith(f"{InvoiceId.prefix}_"):
        documents = await of_invoice(tx, InvoiceId.parse(named))
    else:
        documents = await tx.all(_document, SELECT + " WHERE name = %(name)s ORDER BY id LIMIT 1", name=named[:64])
    if not documents:
        raise NotFound(f"There is no tax document of {named[:64]!r}: one is issued when an invoice is paid and [legal] is set.")
    return documents[0]


async def documents_page(
    tx: Transaction, *, limit: int, cursor: TaxDocumentId | None = None, customer: CustomerId | None = None
) -> Page[TaxDocument]:
    """Newest first."""
    rows = await tx.all(
        _document,
        SELECT
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(customer)s::uuid IS NULL OR customer_id = %(customer)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        customer=customer,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda document: document.id)


async def _of_refund(tx: Transaction, refund: InvoiceRefundId) -> bool:
    return bool(await tx.value("SELECT count(*) FROM tax_documents WHERE invoice_refund_id = %(refund)s", refund=refund))


# Whom they are made out to.


async def save_details(tx: Transaction, customer: CustomerId, details: TaxDetails) -> None:
    """From now on: what was issued stays as it is."""
    await tx.run(
        """
        INSERT INTO tax_details (customer_id, name, address, country, tax_id, tax_id_kind, changed_at)
        VALUES (%(customer)s, %(name)s, %(address)s, %(country)s, %(tax_id)s, %(kind)s, %(now)s)
        ON CONFLICT (customer_id) DO UPDATE SET name = excluded.name, address = excluded.address, country = excluded.country,
            tax_id = excluded.tax_id, tax_id_kind = excluded.tax_id_kind, changed_at = excluded.changed_at
        """,
        customer=customer,
        name=details.name,
        address=list(details.address),
        country=details.country,
        tax_id=details.tax_id,
        kind=details.tax_id_kind,
        now=tx.now,
    )
    await events.record(tx, "tax_details.changed", order=None, customer=customer)


async def details_of(tx: Transaction, customer: CustomerId) -> TaxDetails | None:
    return await tx.find(
        lambda row: TaxDetails(row["name"], row["country"], tuple(row["address"]), row["tax_id"], row["tax_id_kind"]),
        "SELECT name, country, address, tax_id, tax_id_kind FROM tax_details WHERE customer_id = %(customer)s",
        customer=customer,
    )


async def _buyer(tx: Transaction, customer: CustomerId) -> Party:
    details = await details_of(tx, customer)
    if details is not None:
        return Party(details.name, details.address, details.country, details.tax_id)
    person = await customers.get(tx, customer)
    return Party(person.name or person.email or str(customer))


def _party(stored: Mapping[str, Any]) -> Party:
    return Party(stored["name"], tuple(stored["address"]), stored["country"], stored["tax_id"])


def _document(row: Row) -> TaxDocument:
    return TaxDocument(
        id=TaxDocumentId.of(row["id"]),
        kind=row["kind"],
        entity=row["entity"],
        series=row["series"],
        year=row["year"],
        number=row["number"],
        livemode=row["livemode"],
        customer_id=CustomerId.of(row["customer_id"]),
        invoice_id=InvoiceId.of(row["invoice_id"]),
        invoice_refund_id=None if row["invoice_refund_id"] is None else InvoiceRefundId.of(row["invoice_refund_id"]),
        corrects=None if row["corrects"] is None else TaxDocumentId.of(row["corrects"]),
        currency=row["currency"],
        seller=_party(row["seller"]),
        buyer=_party(row["buyer"]),
        lines=tuple(TaxLine(**line) for line in row["lines"]),
        notes=tuple(row["notes"]),
        issued_at=row["issued_at"],
        credit_series=row["seller"]["credit_series"],
        footer=row["seller"]["footer"],
    )
