"""`farthing invoices`: tax invoices and credit notes, on the screen and on paper."""

from __future__ import annotations

from pathlib import Path

from farthing import customers, invoices, tax
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.errors import Invalid
from farthing.ids import TaxDocumentId
from farthing.invoices import InvoiceDispute
from farthing.tax import TaxDocument


async def list_(*, customer: str | None = None, limit: int = 25, cursor: str | None = None) -> int:
    """List tax invoices and credit notes, newest first.

    For example:

        farthing invoices list
        farthing invoices list --customer ada@example.com --json

    Parameters
    ----------
    customer
        Only those of this customer: an email address, or an id.
    limit
        How many, at most 100.
    cursor
        Go on after this document: the next_cursor of the page before.
    """
    after = TaxDocumentId.parse(cursor) if cursor else None
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        owner = None if customer is None else (await customers.find(tx, customer)).id
        page = await tax.list_page(tx, limit=limit, cursor=after, customer=owner)
    rows = [
        (
            each.name,
            each.kind.replace("_", " "),
            show.said(each.buyer.name),
            each.net,
            each.tax,
            each.total,
            show.at(each.issued_at),
        )
        for each in page.items
    ]
    columns = ("Number", "Kind", "To", "Net", "Tax", "Total", "Issued")
    document = {"data": [_document(each) for each in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(columns, rows, right=frozenset({"Net", "Tax", "Total"})))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(document: str, /) -> int:
    """Show a tax invoice or credit note, and the disputes of what paid for it.

    For example:

        farthing invoices show INV-2026-000001

    Parameters
    ----------
    document
        Its number, its id, or that of the order or invoice that it is about.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await tax.find(tx, document)
        of = found.source.invoice_id
        asked = [] if of is None else await invoices.disputes_of(tx, of)
    lines = [
        f"[bold]{found.name}[/] · {found.kind.replace('_', ' ')} · {found.id}",
        f"From {show.said(found.seller.name)} to {show.said(found.buyer.name)} {show.said(found.buyer.tax_id or '')}",
        f"Net {found.net}, tax {found.tax}, total {found.total}; issued {show.at(found.issued_at)}",
        *(show.said(note) for note in found.notes),
        *(f"Disputed: {each.money}, {show.status(each.status)} ({each.provider_dispute_id})" for each in asked),
    ]
    rows = [(show.said(line.description), line.quantity, line.net, line.tax) for line in found.lines]
    table = show.table(("Line", "Quantity", "Net", "Tax"), rows, right=frozenset({"Quantity", "Net", "Tax"}))
    terminal().show(_document(found) | {"disputes": [_dispute(each) for each in asked]}, "\n".join(lines), table)
    return 0


async def pdf(document: str, /, *, output: Path | None = None) -> int:
    """Write a tax invoice or credit note as PDF, or as a page where PDF is not installed. The same document is the same file.

    For example:

        farthing invoices pdf INV-2026-000001
        farthing invoices pdf 1001
        farthing invoices pdf CN-2026-000001 --output credit.pdf

    Parameters
    ----------
    document
        Its number, its id, or that of the order or invoice that it is about.
    output
        The file to write; by default its number.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await tax.find(tx, document)
    suffix = "pdf" if tax.can_print() else "html"
    path = output or Path(f"{found.name}.{suffix}")
    made = tax.pdf(found) if suffix == "pdf" else tax.html(found).encode()
    try:
        path.write_bytes(made)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.") from None
    terminal().show({"file": str(path), "document": str(found.id)}, f"Written: {path} ({len(made)} bytes).")
    if suffix != "pdf":
        terminal().say("PDF is not installed here, so this is a page: pip install 'farthing[pdf]'.")
    return 0


def _document(found: TaxDocument) -> dict[str, object]:
    names = "id kind name corrects customer_id net tax total notes issued_at".split()
    of = {"invoice_id": found.source.invoice_id, "order_id": found.source.order_id}
    return {name: getattr(found, name) for name in names} | of | {"buyer": found.buyer.name, "seller": found.seller.name}


def _dispute(found: InvoiceDispute) -> dict[str, object]:
    names = "id status money reason evidence_due_by provider_dispute_id".split()
    return {name: getattr(found, name) for name in names}
