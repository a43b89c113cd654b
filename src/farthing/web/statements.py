"""The statement of a payout, for whoever may see it: as a sheet, and on paper where PDF is installed."""

import asyncio

from starlette.responses import Response

from farthing import payouts
from farthing.payouts import Statement
from farthing.sellers import Seller


async def on_paper(statement: Statement, seller: Seller, *, shop: str) -> Response:
    made = await asyncio.to_thread(payouts.pdf, statement, shop=shop, seller=seller.described)
    return _file(statement, made, "application/pdf", "pdf")


def as_sheet(statement: Statement) -> Response:
    return _file(statement, payouts.sheet(statement).encode(), "text/csv; charset=utf-8", "csv")


def _file(statement: Statement, content: bytes, media_type: str, ending: str) -> Response:
    name = f'attachment; filename="{statement.payout.id}.{ending}"'
    return Response(content, media_type=media_type, headers={"Content-Disposition": name, "Cache-Control": "no-store"})
