"""Invoices over HTTP: what one says, our tax documents of it, and whom they are made out to."""

import asyncio
from typing import Annotated

import fastapi
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from farthing import customers
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated
from farthing.http.bodies import Body, Line, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.ids import CustomerId, InvoiceId, TaxDocumentId
from farthing.invoices import disputes, issuing, printing, store
from farthing.invoices.model import Invoice
from farthing.invoices.present import InvoiceDetailShown, TaxDetailsShown, TaxDocumentShown
from farthing.invoices.tax import TaxDocument, checked_details
from farthing.world import World

router = APIRouter(prefix="/v1", tags=["invoices"])

READS = refuses(Unauthenticated, NotFound)
PRINTS = refuses(Unauthenticated, NotFound, Conflict, TooMany)


class TaxDetailsBody(Body):
    name: Line = Field(description="The person or company that the documents are made out to.")
    country: Line = Field(description="Two letters, such as AT.")
    address: list[Line] = Field(default_factory=list, max_length=8, description="Line by line.")
    tax_id: Line | None = Field(None, description="Checked for its form: an EU VAT number, a GSTIN, …")


@router.get("/invoices/{id}", operation_id="invoices_get", responses=READS)
async def get(world: TheWorld, caller: Known, id: str) -> InvoiceDetailShown:
    """An invoice of a subscription with its lines and our tax documents of it."""
    async with world.db.transaction(caller.actor) as tx:
        found = await _invoice(tx, caller, id)
        lines, documents = await store.lines_of(tx, found.id), await issuing.of_invoice(tx, found.id)
        asked = await disputes.disputes_of(tx, found.id) if isinstance(caller, Server) else []
    return InvoiceDetailShown.of(found, lines, documents, asked)


@router.get(
    "/invoices/{id}/pdf", operation_id="invoices_pdf", response_class=Response, dependencies=[LIMITED], responses=PRINTS
)
async def invoice_pdf(world: TheWorld, caller: Known, id: str) -> Response:
    """Our tax invoice of it, as PDF."""
    return await _pdf(await _document(world, caller, id))


@router.get("/invoices/{id}/html", operation_id="invoices_html", response_class=HTMLResponse, responses=READS)
async def invoice_html(world: TheWorld, caller: Known, id: str) -> HTMLResponse:
    """Our tax invoice of it, as a page that can be printed."""
    return HTMLResponse(printing.html(await _document(world, caller, id)))


@router.get("/tax_documents/{id}", operation_id="tax_documents_get", responses=READS)
async def get_document(world: TheWorld, caller: Known, id: str) -> TaxDocumentShown:
    """A tax invoice or a credit note."""
    return TaxDocumentShown.of(await _document(world, caller, id))


@router.get(
    "/tax_documents/{id}/pdf",
    operation_id="tax_documents_pdf",
    response_class=Response,
    dependencies=[LIMITED],
    responses=PRINTS,
)
async def document_pdf(world: TheWorld, caller: Known, id: str) -> Response:
    """The same as PDF."""
    return await _pdf(await _document(world, caller, id))


@router.get("/customers/{external_id:path}/tax_details", operation_id="tax_details_get", responses=READS)
async def get_details(world: TheWorld, caller: Known, external_id: Annotated[Line, fastapi.Path()]) -> TaxDetailsShown:
    """Whom the tax documents of a customer are made out to."""
    async with world.db.transaction(caller.actor) as tx:
        details = await issuing.details_of(tx, await _customer(tx, caller, external_id))
    if details is None:
        raise NotFound("Nothing is known of that.")
    return TaxDetailsShown.of(details)


@router.put(
    "/customers/{external_id:path}/tax_details",
    operation_id="tax_details_put",
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, NotFound, Invalid, TooMany),
)
async def put_details(
    world: TheWorld, caller: Known, external_id: Annotated[Line, fastapi.Path()], wanted: TaxDetailsBody
) -> TaxDetailsShown:
    """Say whom they are made out to from now on. What was issued stays as it is."""
    details = checked_details(wanted.name, wanted.country, wanted.address, wanted.tax_id)

    async def work(tx: Transaction) -> None:
        await issuing.save_details(tx, await _customer(tx, caller, external_id), details)

    await world.db.run(caller.actor, work)
    return TaxDetailsShown.of(details)


async def _pdf(document: TaxDocument) -> Response:
    made = await asyncio.to_thread(printing.pdf, document)
    headers = {"content-disposition": f'inline; filename="{document.name}.pdf"', "cache-control": "private, no-cache"}
    return Response(made, media_type="application/pdf", headers=headers)


async def _document(world: World, caller: Server | CustomerCaller, id: str) -> TaxDocument:
    async with world.db.transaction(caller.actor) as tx:
        if id.startswith(f"{TaxDocumentId.prefix}_"):
            found = await issuing.get_document(tx, TaxDocumentId.parse(id))
            await _own(tx, caller, found.customer_id, f"tax document {found.id}")
            return found
        invoice = await _invoice(tx, caller, id)
        return await issuing.find_document(tx, str(invoice.id))


async def _invoice(tx: Transaction, caller: Server | CustomerCaller, id: str) -> Invoice:
    found = await store.get(tx, InvoiceId.parse(id))
    await _own(tx, caller, found.customer_id, f"invoice {found.id}")
    return found


async def _own(tx: Transaction, caller: Server | CustomerCaller, owner: CustomerId, what: str) -> None:
    """Raises NotFound for what belongs to somebody else, in the words of what does not exist."""
    if isinstance(caller, CustomerCaller):
        own = await customers.find_by_external_id(tx, caller.identity.external_id)
        if own is None or own.id != owner:
            raise NotFound(f"There is no {what}.")


async def _customer(tx: Transaction, caller: Server | CustomerCaller, external_id: str) -> CustomerId:
    if isinstance(caller, CustomerCaller) and caller.identity.external_id != external_id:
        raise NotFound("There is no such customer.")
    found = await customers.find_by_external_id(tx, external_id)
    if found is None:
        raise NotFound("There is no such customer.")
    return found.id
