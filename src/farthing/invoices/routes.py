"""Invoices over HTTP: what one says, and our tax invoice of it."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from farthing import customers, tax
from farthing.db import Transaction
from farthing.errors import Conflict, NotFound, TooMany, Unauthenticated
from farthing.http.bodies import refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.ids import InvoiceId
from farthing.invoices import disputes, store
from farthing.invoices.model import Invoice
from farthing.invoices.present import InvoiceDetailShown
from farthing.tax import TaxDocument, on_paper
from farthing.world import World

router = APIRouter(prefix="/v1", tags=["invoices"])

READS = refuses(Unauthenticated, NotFound)
PRINTS = refuses(Unauthenticated, NotFound, Conflict, TooMany)


@router.get("/invoices/{id}", operation_id="invoices_get", responses=READS)
async def get(world: TheWorld, caller: Known, id: str) -> InvoiceDetailShown:
    """An invoice of a subscription with its lines and our tax documents of it."""
    async with world.db.transaction(caller.actor) as tx:
        found = await _invoice(tx, caller, id)
        lines, documents = await store.lines_of(tx, found.id), await tax.of_invoice(tx, found.id)
        asked = await disputes.disputes_of(tx, found.id) if isinstance(caller, Server) else []
    return InvoiceDetailShown.of(found, lines, documents, asked)


@router.get(
    "/invoices/{id}/pdf", operation_id="invoices_pdf", response_class=Response, dependencies=[LIMITED], responses=PRINTS
)
async def invoice_pdf(world: TheWorld, caller: Known, id: str) -> Response:
    """Our tax invoice of it, as PDF."""
    return await on_paper(await _document(world, caller, id))


@router.get("/invoices/{id}/html", operation_id="invoices_html", response_class=HTMLResponse, responses=READS)
async def invoice_html(world: TheWorld, caller: Known, id: str) -> HTMLResponse:
    """Our tax invoice of it, as a page that can be printed."""
    return HTMLResponse(tax.html(await _document(world, caller, id)))


async def _document(world: World, caller: Server | CustomerCaller, id: str) -> TaxDocument:
    async with world.db.transaction(caller.actor) as tx:
        return await tax.find(tx, str((await _invoice(tx, caller, id)).id))


async def _invoice(tx: Transaction, caller: Server | CustomerCaller, id: str) -> Invoice:
    """Raises NotFound for that of somebody else, in the words of what does not exist."""
    found = await store.get(tx, InvoiceId.parse(id))
    if isinstance(caller, CustomerCaller):
        own = await customers.find_by_external_id(tx, caller.identity.external_id)
        if own is None or own.id != found.customer_id:
            raise NotFound(f"There is no invoice {found.id}.")
    return found
