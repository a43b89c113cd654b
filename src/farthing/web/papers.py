"""Our papers, for whoever may see them: as PDF where that is installed, else as a page that can be printed."""

import asyncio
from typing import Final

from starlette.responses import HTMLResponse, Response

from farthing import shipping, tax
from farthing.shipping import Slip
from farthing.tax import TaxDocument

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""It is a paper of its own, with its style inside, and must do nothing else."""


async def answer(document: TaxDocument, *, pdf: bool) -> Response:
    if pdf and tax.can_print():
        return await tax.on_paper(document)
    return HTMLResponse(tax.html(document), headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


async def packing_slip(slip: Slip) -> Response:
    """The paper that lies in the parcel."""
    if tax.can_print():
        made = await asyncio.to_thread(shipping.slip_pdf, slip)
        headers = {"Content-Disposition": f'inline; filename="{slip.number}.pdf"', "Cache-Control": "no-store"}
        return Response(made, media_type="application/pdf", headers=headers)
    return HTMLResponse(shipping.slip_html(slip), headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})
