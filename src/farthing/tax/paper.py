"""A tax document as an answer over HTTP."""

import asyncio

from starlette.responses import Response

from farthing.tax import printing
from farthing.tax.model import TaxDocument


async def on_paper(document: TaxDocument) -> Response:
    """As PDF. Raises Conflict where that is not installed."""
    made = await asyncio.to_thread(printing.pdf, document)
    headers = {"content-disposition": f'inline; filename="{document.name}.pdf"', "cache-control": "private, no-cache"}
    return Response(made, media_type="application/pdf", headers=headers)
