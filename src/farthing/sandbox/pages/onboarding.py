"""The seller's pages: onboarding in three steps that can be left at any of them, and a small express dashboard."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing.sandbox.account import Account
from farthing.sandbox.cashier import find
from farthing.sandbox.errors import Refusal
from farthing.sandbox.pages import seller_form
from farthing.sandbox.pages.card_form import read_form
from farthing.sandbox.pages.render import render
from farthing.sandbox.resources import account_links, accounts, balance, onboarding, requirements
from farthing.sandbox.store import Record
from farthing.sandbox.world import Sandbox

STEPS = 3
SHOWN_MAX = 10
FAILING = "000111111116"


def onboarding_routes(sandbox: Sandbox) -> list[Route]:
    pages = SellerPages(sandbox)
    return [
        Route("/c/onboarding/{id}", pages.enter, methods=["GET"]),
        Route("/c/express/{id}", pages.enter, methods=["GET"]),
        Route("/c/seller/{id}", pages.show, methods=["GET"]),
        Route("/c/seller/{id}", pages.submit, methods=["POST"]),
    ]


class SellerPages:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def enter(self, request: Request) -> Response:
        """The link lets in once; whoever comes again is sent to the platform for a new one."""
        try:
            with self._sandbox.commit():
                platform, link = find(self._sandbox, account_links.LINK, request.path_params["id"], _url(request))
                visit = account_links.open_visit(platform, link)
        except Refusal:
            return render("not_found.html", status=404)
        if visit:
            return RedirectResponse(f"/c/seller/{visit.id}", 303)
        if link.inner["refresh_url"]:
            return RedirectResponse(link.inner["refresh_url"], 303)
        return render("link_used.html", status=410)

    async def show(self, request: Request) -> Response:
        self._sandbox.do_what_is_due()
        try:
            platform, visit, record = self._visit(request)
        except Refusal:
            return render("link_used.html", status=410)
        if visit.inner["page"] == "express":
            return _express(platform, record)
        return _page(visit, record, _step(request.query_params.get("step", ""), record))

    def _visit(self, request: Request) -> tuple[Account, Record, Record]:
        platform, visit = find(self._sandbox, account_links.VISIT, request.path_params["id"], _url(request))
        if visit["expires_at"] <= platform.clock.now():
            raise Refusal(410, "This visit is over.")
        return platform, visit, accounts.connected(platform, visit.inner["owner"])

    async def submit(self, request: Request) -> Response:
        form = await read_form(request)
        try:
            with self._sandbox.commit():
                platform, visit, record = self._visit(request)
                if visit.inner["page"] == "express":
                    return _express(platform, record)
                return self._take(platform, visit, record, form)
        except Refusal as refusal:
            if refusal.status in (404, 410):
                return render("link_used.html", status=410)
            with self._sandbox.commit():
                platform, visit, record = self._visit(request)
            step = _step(form.get("step", ""), record)
            values = seller_form.typed(_fields(visit, record, step), form)
            return _page(visit, record, step, values=values, error=str(refusal), status=400)

    def _take(self, platform: Account, visit: Record, record: Record, form: dict[str, str]) -> Response:
        """One press of a button: fill the form, leave, take the step, or end it in one of the ways there are."""
        step, pressed = _step(form.get("step", ""), record), form.get("press", "next")
        fields = _fields(visit, record, step)
        values = seller_form.typed(fields, form)
        if pressed in ("fill", "fill_failing"):
            filled = {each.name: each.fill for each in fields}
            if pressed == "fill_failing":
                filled |= {"account_number": FAILING}
            return _page(visit, record, step, values=filled)
        problems = seller_form.problems(fields, values)
        if pressed == "leave":
            if step == 1 and any(values.values()):
                onboarding.tell_business(platform, record, seller_form.given(values))
            return _leave(visit)
        if problems:
            return _page(visit, record, step, values=values, problems=problems, status=400)
        match step:
            case 1:
                onboarding.tell_business(platform, record, seller_form.given(values))
            case 2:
                onboarding.give_bank(platform, record, values["routing_number"], values["account_number"])
            case _:
                _finish(platform, record, pressed)
                return _leave(visit)
        return RedirectResponse(f"/c/seller/{visit.id}?step={step + 1}", 303)


def _fields(visit: Record, record: Record, step: int) -> tuple[seller_form.Field, ...]:
    return seller_form.fields_of(record, step, whole=bool(visit.inner.get("all_fields")))


def _finish(platform: Account, record: Record, pressed: str) -> None:
    if _needs_document(record):
        onboarding.upload_document(platform, record)
        return
    onboarding.agree(platform, record, needs_document=pressed == "document")
    if pressed == "reject":
        accounts.turn_away(platform, record, "other")


def _needs_document(record: Record) -> bool:
    return any(map(requirements.is_document, record["requirements"]["currently_due"]))


def _step(wanted: str, record: Record) -> int:
    """The one asked for, or the first that still lacks something."""
    if wanted in ("1", "2", "3"):
        return int(wanted)
    missing = record["requirements"]["currently_due"]
    about = ("individual.", "company.", "business_", "representative.", "person_")
    if any(name.startswith(about) and not requirements.is_document(name) for name in missing):
        return 1
    return 2 if "external_account" in missing else 3


def _leave(visit: Record) -> Response:
    response = RedirectResponse("/", 303)
    response.headers["location"] = RedirectResponse(visit.inner["return_url"]).headers["location"]
    return response


def _page(
    visit: Record,
    record: Record,
    step: int,
    *,
    values: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    return render(
        "onboarding.html",
        status=status,
        goes_to=(visit.inner["return_url"],),
        account=record.body,
        step=step,
        steps=STEPS,
        fields=_fields(visit, record, step),
        values=values or {},
        problems=problems or {},
        error=error,
        needs_document=_needs_document(record) and record["details_submitted"],
        rejected=bool(record.inner.get("rejected")),
        bank_ends=[each["last4"] for each in record["external_accounts"]["data"]],
    )


def _express(platform: Account, record: Record) -> Response:
    seat = platform.seat(record.id)
    return render(
        "express.html",
        account=record.body,
        balance=balance.retrieve(seat, {}),
        payouts=[each.body for each in seat.select("payout", f"1 ORDER BY seq DESC LIMIT {SHOWN_MAX}")],
        payments=[each.body for each in seat.select("charge", f"1 ORDER BY seq DESC LIMIT {SHOWN_MAX}")],
    )


def _url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
