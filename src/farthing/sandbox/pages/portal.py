"""The billing portal's page, and the hosted invoice with the paper it prints."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing.sandbox import cashier, portal_desk
from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal
from farthing.sandbox.pages import paper
from farthing.sandbox.pages.card_form import SHOWCASE, read_form
from farthing.sandbox.pages.render import render
from farthing.sandbox.store import Json, Record
from farthing.sandbox.world import Sandbox


def portal_routes(sandbox: Sandbox) -> list[Route]:
    portal, invoices = PortalPages(sandbox), InvoicePages(sandbox)
    return [
        Route("/p/{id}", portal.show, methods=["GET"]),
        Route("/p/{id}", portal.submit, methods=["POST"]),
        Route("/i/{id}", invoices.show, methods=["GET"]),
        Route("/i/{id}", invoices.pay, methods=["POST"]),
        Route("/i/{id}/pdf", invoices.pdf, methods=["GET"]),
    ]


class PortalPages:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def show(self, request: Request) -> Response:
        self._sandbox.do_what_is_due()
        return self._page(request)

    async def submit(self, request: Request) -> Response:
        """`look` asks what a change would cost; everything else is done at once."""
        fields = await read_form(request)
        try:
            if fields.get("act") == "look":
                return self._page(request, wanted=(fields.get("subscription", ""), fields.get("price", "")))
            said = portal_desk.act(self._sandbox, request.path_params["id"], fields, _url(request))
        except Refusal as refusal:
            return self._page(request, error=str(refusal), status=refusal.status)
        return self._page(request, said=said)

    def _page(
        self, request: Request, *, said: str = "", error: str = "", status: int = 200, wanted: tuple[str, str] = ("", "")
    ) -> Response:
        try:
            seen = portal_desk.visit(self._sandbox, request.path_params["id"], _url(request))
        except Refusal:
            return render("not_found.html", status=404)
        preview: Json | None = None
        if wanted[0]:
            subscription = next((each for each in seen.subscriptions if each.id == wanted[0]), None)
            if subscription is None:
                error = error or "There is no such subscription any more."
            else:
                with self._sandbox.store.transaction():
                    preview = portal_desk.preview(seen, subscription, wanted[1])
        return render(
            "portal.html",
            status=status,
            goes_to=(seen.session["return_url"],),
            session=seen.session.body,
            customer=seen.customer.body,
            features=seen.features,
            subscriptions=[_shown(seen.account, each) for each in seen.subscriptions],
            methods=[each.body for each in seen.methods if each["type"] == "card"],
            invoices=[each.body for each in seen.invoices],
            plans=[_plan(seen.account, each) for each in seen.prices],
            showcase=SHOWCASE,
            preview=preview,
            wanted=wanted,
            said=said,
            error=error,
        )


def _shown(account: Account, subscription: Record) -> Json:
    items = [
        {**item, "name": account.get("product", item["price"]["product"])["name"]} for item in subscription["items"]["data"]
    ]
    return {**subscription.body, "lines": items, "period_end": min(item["current_period_end"] for item in items)}


def _plan(account: Account, price: Record) -> Json:
    return {**price.body, "name": account.get("product", price["product"])["name"]}


class InvoicePages:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def _find(self, request: Request) -> Record | None:
        self._sandbox.do_what_is_due()
        try:
            _, invoice = cashier.find(self._sandbox, "invoice", request.path_params["id"], _url(request))
        except Refusal:
            return None
        return None if invoice["status"] == "draft" else invoice

    async def show(self, request: Request) -> Response:
        return self._page(request)

    def _page(self, request: Request, *, problem: str = "", status: int = 200) -> Response:
        invoice = self._find(request)
        if invoice is None:
            return render("not_found.html", status=404)
        return render(
            "invoice.html",
            status=status,
            invoice=invoice.body,
            lines=invoice.inner["lines"],
            problem=problem,
            showcase=SHOWCASE,
        )

    async def pay(self, request: Request) -> Response:
        fields = await read_form(request)
        if self._find(request) is None:
            return render("not_found.html", status=404)
        try:
            number = fields.get("fill") or fields.get("number", "")
            declined, bank = portal_desk.pay_invoice(self._sandbox, request.path_params["id"], number, _url(request))
        except Refusal as refusal:
            return self._page(request, problem=str(refusal), status=refusal.status)
        if bank:
            return RedirectResponse(bank, 303)
        return self._page(request, problem=str(declined or ""), status=402 if declined else 200)

    async def pdf(self, request: Request) -> Response:
        invoice = self._find(request)
        if invoice is None:
            return render("not_found.html", status=404)
        headers = {"content-disposition": f'inline; filename="{invoice["number"]}.pdf"', "cache-control": "no-store"}
        return Response(paper.invoice(invoice.body, invoice.inner["lines"]), media_type="application/pdf", headers=headers)


def _url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
