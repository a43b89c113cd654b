"""Tax invoices and credit notes, as their buyers see them."""

from starlette.requests import Request
from starlette.responses import Response

from farthing import tax
from farthing.ids import TaxDocumentId
from farthing.web import papers
from farthing.web.wiring import reading


async def on_screen(request: Request) -> Response:
    return await _answer(request, pdf=False)


async def on_paper(request: Request) -> Response:
    return await _answer(request, pdf=True)


async def _answer(request: Request, *, pdf: bool) -> Response:
    async with reading(request) as tx:
        found = await tax.get(tx, TaxDocumentId.parse(request.path_params["id"]))
    return await papers.answer(found, pdf=pdf)
