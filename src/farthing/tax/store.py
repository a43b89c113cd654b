"""Tax documents, their numbers, and whom they are made out to, in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, LiteralString

import orjson

from farthing import events
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, InvoiceId, InvoiceRefundId, OrderId, RefundId, TaxDocumentId
from farthing.paging import Page, checked_limit
from farthing.tax.model import LineTax, Party, Source, TaxDetails, TaxDocument, TaxLine

SELECT: LiteralString = """
    SELECT id, kind, entity, series, year, number, livemode, customer_id, invoice_id, order_id, invoice_refund_id, refund_id,
        corrects, currency, seller, buyer, lines, notes, issued_at
    FROM tax_documents
"""


async def draw(tx: Transaction, entity: str, series: str, year: int, livemode: bool) -> int:
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


async def insert(tx: Transaction, document: TaxDocument) -> None:
    extra, source = {"credit_series": document.credit_series, "footer": document.footer}, document.source
    await tx.run(
        """
        INSERT INTO tax_documents (id, kind, entity, series, year, number, livemode, name, customer_id, invoice_id, order_id,
            invoice_refund_id, refund_id, corrects, currency, net_amount, tax_amount, total_amount, seller, buyer, lines, notes,
            issued_at)
        VALUES (%(id)s, %(kind)s, %(entity)s, %(series)s, %(year)s, %(number)s, %(livemode)s, %(name)s, %(customer)s,
            %(invoice)s, %(order)s, %(invoice_refund)s, %(refund)s, %(corrects)s, %(currency)s, %(net)s, %(tax)s, %(total)s,
            %(seller)s, %(buyer)s, %(lines)s, %(notes)s, %(issued_at)s)
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
        invoice=source.invoice_id,
        order=source.order_id,
        invoice_refund=source.invoice_refund_id,
        refund=source.refund_id,
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


async def get(tx: Transaction, id: TaxDocumentId) -> TaxDocument:
    found = await tx.find(_document, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no tax document {id}.")
    return found


async def of_invoice(tx: Transaction, invoice: InvoiceId) -> list[TaxDocument]:
    """The tax invoice, and its credit notes."""
    return await tx.all(_document, SELECT + " WHERE invoice_id = %(invoice)s ORDER BY id", invoice=invoice)


async def of_order(tx: Transaction, order: OrderId) -> list[TaxDocument]:
    """The tax invoice, and its credit notes."""
    return await tx.all(_document, SELECT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def of_invoices(tx: Transaction, invoices: Sequence[InvoiceId]) -> dict[InvoiceId, list[TaxDocument]]:
    """Those of several, in one look."""
    rows = await tx.all(_document, SELECT + " WHERE invoice_id = ANY(%(ids)s) ORDER BY id", ids=list(invoices))
    return {id: [each for each in rows if each.source.invoice_id == id] for id in invoices}


async def lock_invoice(tx: Transaction, source: Source) -> TaxDocument | None:
    """The tax invoice of an invoice or an order, held until the commit: one credit note of it at a time."""
    return await tx.find(
        _document,
        SELECT
        + """
        WHERE kind = 'invoice' AND (invoice_id = %(invoice)s::uuid OR order_id = %(order)s::uuid)
        FOR UPDATE
        """,
        invoice=source.invoice_id,
        order=source.order_id,
    )


async def notes_on(tx: Transaction, original: TaxDocumentId) -> list[TaxDocument]:
    """The credit notes that correct it."""
    return await tx.all(_document, SELECT + " WHERE corrects = %(id)s ORDER BY id", id=original)


async def find(tx: Transaction, named: str) -> TaxDocument:
    """By its id, its number, or its invoice or order (then its tax invoice). Raises NotFound."""
    if named.startswith(f"{TaxDocumentId.prefix}_"):
        return await get(tx, TaxDocumentId.parse(named))
    if named.startswith(f"{InvoiceId.prefix}_"):
        documents = await of_invoice(tx, InvoiceId.parse(named))
    elif named.startswith(f"{OrderId.prefix}_"):
        documents = await of_order(tx, OrderId.parse(named))
    elif named.isascii() and named.isdigit() and len(named) < 19:
        order = "WHERE order_id = (SELECT id FROM orders WHERE number = %(number)s) ORDER BY id LIMIT 1"
        documents = await tx.all(_document, SELECT + order, number=int(named))
    else:
        documents = await tx.all(_document, SELECT + " WHERE name = %(name)s ORDER BY id LIMIT 1", name=named[:64])
    if not documents:
        raise NotFound(
            f"There is no tax document of {named[:64]!r}: one is issued when an order is paid or an invoice is finalized,"
            " and [legal] is set."
        )
    return documents[0]


async def list_page(
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


def _party(stored: Mapping[str, Any]) -> Party:
    return Party(stored["name"], tuple(stored["address"]), stored["country"], stored["tax_id"])


def _line(stored: Mapping[str, Any]) -> TaxLine:
    if "taxes" in stored:
        return TaxLine(**{**stored, "taxes": tuple(LineTax(**each) for each in stored["taxes"])})
    # As documents were kept that knew one tax of a line, its rate in basis points.
    rate, percent = stored["rate"], None
    if rate is not None:
        percent = f"{rate // 100}.{rate % 100:02d}".rstrip("0").rstrip(".")
    taxes = (LineTax(stored["tax"], percent),) if rate is not None or stored["tax"] else ()
    return TaxLine(stored["description"], stored["quantity"], stored["net"], taxes)


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
        source=Source(
            invoice_id=None if row["invoice_id"] is None else InvoiceId.of(row["invoice_id"]),
            order_id=None if row["order_id"] is None else OrderId.of(row["order_id"]),
            invoice_refund_id=None if row["invoice_refund_id"] is None else InvoiceRefundId.of(row["invoice_refund_id"]),
            refund_id=None if row["refund_id"] is None else RefundId.of(row["refund_id"]),
        ),
        corrects=None if row["corrects"] is None else TaxDocumentId.of(row["corrects"]),
        currency=row["currency"],
        seller=_party(row["seller"]),
        buyer=_party(row["buyer"]),
        lines=tuple(_line(line) for line in row["lines"]),
        notes=tuple(row["notes"]),
        issued_at=row["issued_at"],
        credit_series=row["seller"]["credit_series"],
        footer=row["seller"]["footer"],
    )
