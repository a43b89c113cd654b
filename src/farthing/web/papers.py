"""Our tax documents, for whoever may see them: as PDF where that is installed, else as a page that can be printed."""

from typing import Final

from starlette.responses import HTMLResponse, Response

from farthing import tax
from farthing.tax import TaxDocument

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""It is a paper of its own, with its style inside, and must do nothing else."""


async def answer(document: TaxDocument, *, pdf: bool) -> Response:
    if pdf and tax.can_print():
        return await tax.on_paper(document)
    return HTMLResponse(tax.html(document), headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})
