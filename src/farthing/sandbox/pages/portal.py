"""The billing portal's page, and the hosted invoice with the paper it prints."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing.sandbox import cashier, money, portal_desk, portal_plans
from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal
from farthing.sandbox.pages import paper
from farthing.sandbox.pages.card_form import COUNTRIES, SHOWCASE, read_form
from farthing.sandbox.pages.checkout_form import TAX_IDS
from farthing.sandbox.pages.order_summary import per
from farthing.sandbox.pages.render import render
from farthing.sandbox.portal_visit import Visit
from farthing.sandbox.resources import price_amounts
from farthing.sandbox.resources.addresses import address
from farthing.sandbox.store import Json, Record
from farthing.sandbox.world import Sandbox

REASONS = {
    "customer_service": "Customer service was not as expected",
    "low_quality": "The quality was not as expected",
    "missing_features": "Features are missing",
    "other": "Another reason",
    "switched_service": "I changed to another service",
    "too_complex": "It is too hard to use",
    "too_expensive": "It is too expensive",
    "unused": "I do not use it enough",
}
# Cards worth keeping: those that can be saved, and what becomes of them.
SAVED = (*SHOWCASE[:3], ("4000000000000341", "Is saved; later charges fail"))


def portal_routes(sandbox: Sandbox) -> list[Route]:
    portal, invoices = PortalPages(sandbox), InvoicePages(sandbox)
    return [
        Route("/p/{id}", portal.show, methods=["GET"]),
        Route("/p/{id}", portal.submit, methods=["POST"]),
        Route("/i/{id}", invoices.show, methods=["GET"]),
        Route("/i/{id}", invoices.pay, methods=["POST"]),
        Route("/i/{id}/pdf", invoices.pdf, methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class Said:
    """What the page tells about what was just sent to it; `form` is that, so that nothing typed is lost."""

    news: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    error: str = ""
    status: int = 200
    form: dict[str, str] = field(default_factory=dict)


class PortalPages:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def show(self, request: Request) -> Response:
        self._sandbox.do_what_is_due()
        try:
            news = portal_desk.settle(self._sandbox, request.path_params["id"], _url(request))
        except Refusal:
            return render("not_found.html", status=404)
        return self._page(request, Said(news))

    async def submit(self, request: Request) -> Response:
        """`look` asks what a change would cost; everything else is done at once."""
        self._sandbox.do_what_is_due()
        fields = await read_form(request)
        if "fill" in fields:
            fields |= {"act": "add_card", "number": fields["fill"]}
        try:
            if fields.get("act") == "look":
                return self._page(request, Said(form=fields))
            done = portal_desk.act(self._sandbox, request.path_params["id"], fields, _url(request))
        except Refusal as refusal:
            return self._page(request, _told(refusal, fields))
        return RedirectResponse(done.bank, 303) if done.bank else self._page(request, Said(done.said))

    def _page(self, request: Request, said: Said) -> Response:
        try:
            seen = portal_desk.visit(self._sandbox, request.path_params["id"], _url(request))
        except Refusal:
            return render("not_found.html", status=404)
        if seen.session.inner.get("done") and said.news and (done := _after(seen, said.news)):
            return done
        preview: Json | None = None
        if (confirm := (seen.flow or {}).get("subscription_update_confirm")) and not said.form:
            item = confirm["items"][0]
            form = {"price": item["price"], "quantity": str(item["quantity"] or 1)}
            said = replace(said, form={"act": "look", "subscription": confirm["subscription"], **form})
        if said.form.get("act") == "look" and not said.error:
            try:
                with self._sandbox.store.transaction():
                    preview = portal_plans.preview(seen, said.form)
            except Refusal as refusal:
                said = _told(refusal, said.form)
        return _portal(seen, said, preview)


def _told(refusal: Refusal, fields: dict[str, str]) -> Said:
    """A refusal at its field, where the page has one."""
    param = str(refusal.error.get("param") or "")
    if refusal.status == 402 or (fields.get("act") == "add_card"):
        param = "number"
    if param in ("number", "email", "phone", "tax_id", "quantity", "code", "price", "feedback"):
        return Said(problems={param: str(refusal)}, status=refusal.status, form=fields)
    return Said(error=str(refusal), status=refusal.status, form=fields)


def _after(seen: Visit, news: str) -> Response | None:
    """Where a flow leads when it is done; None for the portal itself."""
    after = (seen.session["flow"] or {}).get("after_completion") or {}
    if after.get("type") == "redirect":
        response = RedirectResponse("/", 303)
        response.headers["location"] = RedirectResponse(after["redirect"]["return_url"]).headers["location"]
        return response
    if after.get("type") == "hosted_confirmation":
        message = after["hosted_confirmation"]["custom_message"]
        return render("portal_done.html", said=news, message=message, back=seen.session["return_url"])
    return None


def _portal(seen: Visit, said: Said, preview: Json | None) -> Response:
    after = (seen.session["flow"] or {}).get("after_completion") or {}
    flow = _flow(seen)
    return render(
        "portal.html",
        status=said.status,
        goes_to=(seen.session["return_url"], (after.get("redirect") or {}).get("return_url")),
        session=seen.session.body,
        flow=flow,
        profile=seen.account.get("billing_portal.configuration", seen.session["configuration"])["business_profile"],
        customer=seen.customer.body,
        known=seen.customer["address"] or address({}),
        features=seen.features,
        may=seen.features["customer_update"]["allowed_updates"] if seen.features["customer_update"]["enabled"] else [],
        subscriptions=[_shown(seen, each) for each in seen.subscriptions if flow["subscription"] in ("", each.id)],
        methods=[each.body for each in seen.methods],
        tax_ids=[each.body for each in seen.tax_ids],
        invoices=[each.body for each in reversed(seen.invoices)],
        plans=[_plan(seen.account, each) for each in seen.prices],
        reasons=REASONS,
        showcase=SAVED,
        countries=COUNTRIES,
        tax_kinds=[(kind, words) for kind, words, _ in TAX_IDS],
        preview=preview,
        preview_tax=sum(each["amount"] for each in (preview or {}).get("total_taxes") or []),
        form=_Form(said.form),
        news=said.news,
        problems=said.problems,
        error=said.error,
    )


class _Form(dict[str, str]):
    """What was typed; nothing where nothing was."""

    def __missing__(self, name: str) -> str:
        return ""


def _flow(seen: Visit) -> Json:
    """What the page is reduced to, and about which subscription; empty for all of it."""
    if not seen.flow:
        return {"type": "", "subscription": "", "item": None, "retention": ""}
    kind = seen.flow["type"]
    details = seen.flow.get(kind) or {}
    coupon = ((details.get("retention") or {}).get("coupon_offer") or {}).get("coupon")
    return {
        "type": kind,
        "subscription": details.get("subscription", ""),
        "item": (details.get("items") or [None])[0],
        "retention": _offer(seen.account.get("coupon", coupon)) if coupon else "",
    }


def _offer(coupon: Record) -> str:
    if coupon["amount_off"]:
        return money.spell(coupon["amount_off"], coupon["currency"])
    return f"{coupon['percent_off']:g}%"


def _shown(seen: Visit, subscription: Record) -> Json:
    account = seen.account
    items = [
        {
            **item,
            "name": account.get("product", item["price"]["product"])["name"],
            "amount": price_amounts.cost(account, item["price"], item["quantity"] or 1, subscription["currency"]),
            "every": per(item["price"]["recurring"]),
        }
        for item in subscription["items"]["data"]
    ]
    return {
        **subscription.body,
        "lines": items,
        "period_end": min(item["current_period_end"] for item in items),
        "range": seen.quantity_range(items[0]["price"]["id"]),
        "changeable": len(items) == 1 and not subscription["cancel_at"] and subscription["status"] in ("active", "trialing"),
    }


def _plan(account: Account, price: Record) -> Json:
    return {
        **price.body,
        "name": account.get("product", price["product"])["name"],
        "amount": price_amounts.cost(account, price.body, 1),
        "every": per(price["recurring"]),
    }


class InvoicePages:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def _find(self, request: Request) -> tuple[Account, Record] | None:
        self._sandbox.do_what_is_due()
        try:
            account, invoice = cashier.find(self._sandbox, "invoice", request.path_params["id"], _url(request))
        except Refusal:
            return None
        return None if invoice["status"] == "draft" else (account, invoice)

    async def show(self, request: Request) -> Response:
        return self._page(request)

    def _page(self, request: Request, *, problem: str = "", news: str = "", status: int = 200) -> Response:
        found = self._find(request)
        if found is None:
            return render("not_found.html", status=404)
        account, invoice = found
        return render(
            "invoice.html",
            status=status,
            invoice=invoice.body,
            lines=invoice.inner["lines"],
            paid_with=_paid_with(account, invoice),
            problem=problem,
            news=news,
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
        if declined:
            return self._page(request, problem=str(declined), status=402)
        return self._page(request, news="Thank you: this invoice is paid.")

    async def pdf(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return render("not_found.html", status=404)
        account, invoice = found
        receipt = "receipt" in request.query_params and invoice["status"] == "paid"
        name = f"{'receipt-' if receipt else ''}{invoice['number']}.pdf"
        printed = paper.invoice(
            invoice.body, invoice.inner["lines"], paid_with=_paid_with(account, invoice) if receipt else None
        )
        headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "no-store"}
        return Response(printed, media_type="application/pdf", headers=headers)


def _paid_with(account: Account, invoice: Record) -> str:
    """`Visa …4242`, for an invoice that a card or a bank account paid."""
    intent = account.find("payment_intent", invoice.inner["intent"] or "")
    method = account.find("payment_method", intent["payment_method"] or "") if intent else None
    if method is None or invoice["status"] != "paid":
        return ""
    kind = method["card"]["brand"].capitalize() if method["type"] == "card" else "bank account"
    return f"{kind} …{method[method['type']]['last4']}"


def _url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
