"""A customer's tax invoices and credit notes. What belongs to somebody else does not exist here."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import customers, tax
from farthing.errors import NotFound
from farthing.ids import TaxDocumentId
from farthing.web import papers
from farthing.web.account.visitor import visitor_of, who_are_you
from farthing.web.wiring import reading


async def on_screen(request: Request) -> Response:
    return await _own(request, pdf=False)


async def on_paper(request: Request) -> Response:
    return await _own(request, pdf=True)


async def _own(request: Request, *, pdf: bool) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    async with reading(request) as tx:
        found = await tax.get(tx, TaxDocumentId.parse(request.path_params["id"]))
        customer = await customers.find_by_external_id(tx, visitor.external_id)
    if customer is None or customer.id != found.customer_id:
        raise NotFound(f"There is no tax document {found.id}.")
    return await papers.answer(found, pdf=pdf)


ROUTES: Final = (
    Route("/account/documents/{id}", on_screen, name="account_document", methods=["GET"]),
    Route("/account/documents/{id}/pdf", on_paper, name="account_document_pdf", methods=["GET"]),
)
