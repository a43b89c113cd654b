"""Tax documents over HTTP: what one says, on paper, and whom they are made out to."""

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
from farthing.ids import CustomerId, TaxDocumentId
from farthing.tax import printing, store
from farthing.tax.model import TaxDocument, checked_details
from farthing.tax.paper import on_paper
from farthing.tax.present import TaxDetailsShown, TaxDocumentShown
from farthing.world import World

router = APIRouter(prefix="/v1", tags=["invoices"])

READS = refuses(Unauthenticated, NotFound)
PRINTS = refuses(Unauthenticated, NotFound, Conflict, TooMany)


class TaxDetailsBody(Body):
    name: Line = Field(description="The person or company that the documents are made out to.")
    country: Line = Field(description="Two letters, such as AT.")
    address: list[Line] = Field(default_factory=list, max_length=8, description="Line by line.")
    tax_id: Line | None = Field(None, description="Checked for its form: an EU VAT number, a GSTIN, …")


@router.get("/tax_documents/{id}", operation_id="tax_documents_get", responses=READS)
async def get_document(world: TheWorld, caller: Known, id: str) -> TaxDocumentShown:
    """A tax invoice or a credit note, of an order or of a subscription's invoice."""
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
    return await on_paper(await _document(world, caller, id))


@router.get("/tax_documents/{id}/html", operation_id="tax_documents_html", response_class=HTMLResponse, responses=READS)
async def document_html(world: TheWorld, caller: Known, id: str) -> HTMLResponse:
    """The same as a page that can be printed."""
    return HTMLResponse(printing.html(await _document(world, caller, id)))


@router.get("/customers/{external_id:path}/tax_details", operation_id="tax_details_get", responses=READS)
async def get_details(world: TheWorld, caller: Known, external_id: Annotated[Line, fastapi.Path()]) -> TaxDetailsShown:
    """Whom the tax documents of a customer are made out to."""
    async with world.db.transaction(caller.actor) as tx:
        details = await store.details_of(tx, await _customer(tx, caller, external_id))
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
        await store.save_details(tx, await _customer(tx, caller, external_id), details)

    await world.db.run(caller.actor, work)
    return TaxDetailsShown.of(details)


async def _document(world: World, caller: Server | CustomerCaller, id: str) -> TaxDocument:
    """Raises NotFound for that of somebody else, in the words of what does not exist."""
    async with world.db.transaction(caller.actor) as tx:
        found = await store.get(tx, TaxDocumentId.parse(id))
        if isinstance(caller, CustomerCaller):
            own = await customers.find_by_external_id(tx, caller.identity.external_id)
            if own is None or own.id != found.customer_id:
                raise NotFound(f"There is no tax document {found.id}.")
    return found


async def _customer(tx: Transaction, caller: Server | CustomerCaller, external_id: str) -> CustomerId:
    if isinstance(caller, CustomerCaller) and caller.identity.external_id != external_id:
        raise NotFound("There is no such customer.")
    found = await customers.find_by_external_id(tx, external_id)
    if found is None:
        raise NotFound("There is no such customer.")
    return found.id
