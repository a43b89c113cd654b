"""Tax invoices and credit notes get their number in the transaction that makes them due: no gap, no duplicate, no change."""

from dataclasses import replace

from farthing import customers, events
from farthing.catalog import Legal
from farthing.db import Transaction
from farthing.ids import CustomerId, TaxDocumentId
from farthing.tax import store
from farthing.tax.crediting import credited
from farthing.tax.model import Party, Source, TaxDocument, TaxLine, notes_of


async def issue(
    tx: Transaction,
    source: Source,
    lines: tuple[TaxLine, ...],
    legal: Legal,
    *,
    customer: CustomerId,
    currency: str,
    livemode: bool,
    reverse: bool = False,
) -> TaxDocument:
    """The tax invoice of an order or an invoice, once: it is the same on a repetition.

    The number is drawn last, for whoever draws the next one waits for this commit.
    """
    known = await store.lock_invoice(tx, source)
    if known is not None:
        return known
    buyer = await _buyer(tx, customer)
    document = TaxDocument(
        id=TaxDocumentId.new(),
        kind="invoice",
        entity=legal.entity,
        series=legal.series,
        year=tx.now.year,
        number=await store.draw(tx, legal.entity, legal.series, tx.now.year, livemode),
        livemode=livemode,
        customer_id=customer,
        source=source,
        corrects=None,
        currency=currency,
        seller=Party(legal.name, legal.address, legal.country, legal.tax_id),
        buyer=buyer,
        lines=lines,
        notes=notes_of(legal.country, buyer, sum(line.tax for line in lines), reverse=reverse),
        issued_at=tx.now,
        credit_series=legal.credit_series,
        footer=legal.footer,
    )
    return await _keep(tx, document)


async def credit(tx: Transaction, source: Source, back: int) -> TaxDocument | None:
    """The credit note with which as much is credited as has gone back, in the name of whoever issued the invoice.

    `back` is all that is back by now. None where no invoice was issued, or where a credit note stands for that already: that
    of a refund which the bank returned stands for the next one.
    """
    original = await store.lock_invoice(tx, source)
    if original is None:
        return None
    earlier = [line for note in await store.notes_on(tx, original.id) for line in note.lines]
    amount = back - sum(line.total for line in earlier)
    return await correct(tx, original, source, credited(original.lines, earlier, amount, f"Refund of {original.name}"))


async def cancel(tx: Transaction, source: Source) -> TaxDocument | None:
    """The credit note of all that is left of an invoice that nobody pays any more: it was voided."""
    original = await store.lock_invoice(tx, source)
    if original is None:
        return None
    earlier = [line for note in await store.notes_on(tx, original.id) for line in note.lines]
    lines = credited(original.lines, earlier, original.total.amount, f"Cancellation of {original.name}")
    return await correct(tx, original, source, lines)


async def correct(tx: Transaction, original: TaxDocument, source: Source, lines: tuple[TaxLine, ...]) -> TaxDocument | None:
    """A credit note of these lines; None where there is nothing to correct. The caller holds the original's lock."""
    if not lines:
        return None
    document = replace(
        original,
        id=TaxDocumentId.new(),
        kind="credit_note",
        series=original.credit_series,
        year=tx.now.year,
        number=await store.draw(tx, original.entity, original.credit_series, tx.now.year, original.livemode),
        source=source,
        corrects=original.id,
        lines=lines,
        notes=(f"Corrects {original.name} of {original.issued_at:%Y-%m-%d}.", *original.notes),
        issued_at=tx.now,
    )
    return await _keep(tx, document)


async def _keep(tx: Transaction, document: TaxDocument) -> TaxDocument:
    await store.insert(tx, document)
    await events.record(
        tx,
        "tax_document.issued",
        order=document.source.order_id,
        document=document.id,
        kind=document.kind,
        number=document.name,
        invoice=document.source.invoice_id,
        subscription=document.source.subscription_id,
        customer=document.customer_id,
        amount={"amount": document.total.amount, "currency": document.currency},
    )
    return document


async def _buyer(tx: Transaction, customer: CustomerId) -> Party:
    details = await store.details_of(tx, customer)
    if details is not None:
        return Party(details.name, details.address, details.country, details.tax_id)
    person = await customers.get(tx, customer)
    return Party(person.name or person.email or str(customer))
