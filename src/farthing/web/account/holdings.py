"""What a customer has, besides orders: files to download, credits to spend, contents they own."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import credits, customers, downloads, purchases
from farthing.errors import Conflict, NotFound
from farthing.ids import DownloadId
from farthing.web.account.visitor import visitor_of, who_are_you
from farthing.web.page import redirect, render
from farthing.web.wiring import asked, reading, world_of

SHOWN: Final = 50


async def download_list(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    async with reading(request) as tx:
        files = await downloads.of_customer(tx, visitor.external_id)
    return render(request, "account/downloads.html", files=files, now=world_of(request).clock.now())


async def download(request: Request) -> Response:
    """A fresh link, and the browser is led to it. Opening it counts; this does not."""
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    id = DownloadId.parse(request.path_params["id"])
    async with reading(request) as tx:
        file = await downloads.get(tx, id)
        customer = await customers.find_by_external_id(tx, visitor.external_id)
    if customer is None or customer.id != file.customer_id:
        raise NotFound(f"There is no download {id}.")
    try:
        link = downloads.link(world_of(request), file)
    except Conflict as error:
        return redirect(request, "account_downloads", flash=("danger", error.detail))
    return RedirectResponse(link.url, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


async def credit_statement(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    before = _number(asked(request, "cursor"))
    async with reading(request) as tx:
        customer = await customers.find_by_external_id(tx, visitor.external_id)
        held = await credits.show(tx, customer.id) if customer else credits.Credits(0, ())
        entries = await credits.statement(tx, customer.id, limit=SHOWN + 1, before=before) if customer else []
    return render(
        request,
        "account/credits.html",
        held=held,
        entries=entries[:SHOWN],
        more=str(entries[SHOWN - 1].id) if len(entries) > SHOWN else None,
    )


async def purchase_list(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    async with reading(request) as tx:
        found = await purchases.history(tx, visitor.external_id, page=_number(asked(request, "page")) or 1, page_size=SHOWN)
    return render(request, "account/purchases.html", found=found)


def _number(typed: str | None) -> int | None:
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 16 else None


ROUTES: Final = (
    Route("/account/downloads", download_list, name="account_downloads", methods=["GET"]),
    Route("/account/downloads/{id}", download, name="account_download", methods=["POST"]),
    Route("/account/credits", credit_statement, name="account_credits", methods=["GET"]),
    Route("/account/purchases", purchase_list, name="account_purchases", methods=["GET"]),
)
