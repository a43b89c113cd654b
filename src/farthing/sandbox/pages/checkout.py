"""The hosted checkout page and the bank's page behind it. Paying itself is the cashier's; here is only the form."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing.sandbox import cashier, money
from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal
from farthing.sandbox.pages.card_form import SHOWCASE, CardForm, read_form
from farthing.sandbox.pages.render import render
from farthing.sandbox.purchases import BANK_FIELDS
from farthing.sandbox.resources import checkout_subscriptions, invoice_lines
from farthing.sandbox.resources.checkout_payment import success_url
from farthing.sandbox.resources.checkout_questions import Buyer
from farthing.sandbox.store import Record
from farthing.sandbox.world import Sandbox


def checkout_routes(sandbox: Sandbox) -> list[Route]:
    pages = CheckoutPages(sandbox)
    return [
        Route("/c/pay/{id}", pages.show, methods=["GET"]),
        Route("/c/pay/{id}", pages.submit, methods=["POST"]),
        Route("/c/3ds/{id}", pages.bank, methods=["GET"]),
        Route("/c/3ds/{id}", pages.answer_bank, methods=["POST"]),
    ]


class CheckoutPages:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def show(self, request: Request) -> Response:
        try:
            account, session = self._find("checkout.session", request)
        except Refusal:
            return _not_found()
        form = CardForm.blank((session["customer_details"] or {}).get("email") or "")
        return self._page(account, session, form, error=_last_error(account, session))

    async def submit(self, request: Request) -> Response:
        try:
            account, session = self._find("checkout.session", request)
        except Refusal:
            return _not_found()
        fields = await read_form(request)
        form = CardForm.typed(fields)
        if session["status"] != "open":
            # Pressed twice, or in two tabs: the second one sees what the first one did.
            return _redirect(success_url(session)) if session["status"] == "complete" else self._page(account, session, form)
        if "fill" in fields:
            return self._page(account, session, form.filled(fields["fill"], account.clock))
        if "apply" in fields:
            return self._apply(request, form, fields.get("code", "").strip()[:200])
        if "without_card" in fields:
            return self._begin_without_card(request, form)
        bank = {name: fields[name].strip() for name in BANK_FIELDS if fields.get(name)}
        problems = form.bank_problems() if bank else form.problems()
        if problems:
            return self._page(account, session, form, problems=problems, status=400)
        try:
            outcome = cashier.pay(self._sandbox, session.id, form.by_bank(bank) if bank else form.purchase(), _url(request))
        except Refusal as refusal:
            return self._page(account, session, form, error=str(refusal), status=refusal.status)
        if outcome.declined:
            # A decline may have given the session an intent: show the session as it is now.
            account, session = self._find("checkout.session", request)
            problem = {CardForm.field_of(outcome.declined.error.get("param")): str(outcome.declined)}
            return self._page(account, session, form, problems=problem, status=402)
        return _redirect(outcome.redirect_to or session["url"])

    def _apply(self, request: Request, form: CardForm, code: str) -> Response:
        problem = {}
        try:
            cashier.change(self._sandbox, request.path_params["id"], cashier.Purchase(Buyer(), code=code), _url(request))
        except Refusal as refusal:
            problem = {"code": str(refusal)}
        account, session = self._find("checkout.session", request)
        return self._page(account, session, form, problems=problem, status=400 if problem else 200)

    def _begin_without_card(self, request: Request, form: CardForm) -> Response:
        account, session = self._find("checkout.session", request)
        problems = {name: text for name, text in form.problems().items() if name == "email"}
        if problems:
            return self._page(account, session, form, problems=problems, status=400)
        try:
            outcome = cashier.pay(self._sandbox, session.id, form.without_card(), _url(request))
        except Refusal as refusal:
            return self._page(account, session, form, error=str(refusal), status=refusal.status)
        return _redirect(outcome.redirect_to or session["url"])

    def _find(self, object: str, request: Request) -> tuple[Account, Record]:
        self._sandbox.do_what_is_due()
        return cashier.find(self._sandbox, object, request.path_params["id"], _url(request))

    def _page(
        self,
        account: Account,
        session: Record,
        form: CardForm,
        *,
        problems: dict[str, str] | None = None,
        error: str = "",
        status: int = 200,
    ) -> Response:
        if session["status"] != "open":
            return _closed(session)
        return render(
            "checkout.html",
            status=status,
            goes_to=(session["success_url"], session["cancel_url"]),
            session=session.body,
            lines=session.inner["lines"],
            form=form,
            problems=problems or {},
            error=error,
            showcase=SHOWCASE,
            terms=_terms(session),
            needs_card=session["mode"] != "subscription" or checkout_subscriptions.needs_card(session),
            seconds_left=max(int(session["expires_at"] - account.clock.now()), 0),
        )

    async def bank(self, request: Request) -> Response:
        try:
            account, intent = self._find(_intent_kind(request), request)
        except Refusal:
            return _not_found()
        card = account.find("payment_method", intent["payment_method"] or "")
        return render(
            "bank.html",
            goes_to=_ways_back(account, intent),
            intent=intent.body,
            waits=intent["status"] == "requires_action",
            last4=card["card"]["last4"] if card else "",
            back=intent.inner.get("return_url"),
            answer="",
        )

    async def answer_bank(self, request: Request) -> Response:
        fields = await read_form(request)
        try:
            self._find(_intent_kind(request), request)
            passed = fields.get("answer") == "complete"
            outcome = cashier.authenticate(self._sandbox, request.path_params["id"], passed=passed, url=_url(request))
        except Refusal:
            return _not_found()
        if outcome.redirect_to:
            return _redirect(outcome.redirect_to)
        return render("bank.html", intent=outcome.intent, waits=False, last4="", back=None, answer=outcome.intent["status"])


def _intent_kind(request: Request) -> str:
    return "setup_intent" if request.path_params["id"].startswith("seti_") else "payment_intent"


def _closed(session: Record) -> Response:
    paid = session["status"] == "complete"
    onward = success_url(session) if paid else session["cancel_url"]
    return render("closed.html", status=200 if paid else 410, paid=paid, session=session.body, onward=onward)


def _not_found() -> Response:
    return render("not_found.html", status=404)


def _terms(session: Record) -> str:
    """What comes after today, for a subscription."""
    if session["mode"] != "subscription":
        return ""
    wanted, lines = session.inner["wanted"], [each for each in session.inner["lines"] if each["price"]["recurring"]]
    amount = sum(invoice_lines.amount_of(each["price"], each["quantity"]) for each in lines)
    every = f"{money.spell(amount, session['currency'])} / {invoice_lines.every(lines[0]['price']['recurring'])}"
    if days := wanted.get("trial_period_days"):
        return f"{days} days free, then {every} until you cancel."
    if isinstance(wanted.get("trial_end"), int):
        return f"Free until the trial ends, then {every} until you cancel."
    return f"{every} until you cancel."


def _last_error(account: Account, session: Record) -> str:
    """Why the buyer is back: the bank said no."""
    setup = session["setup_intent"] or session.inner.get("first_setup")
    kind = "setup_intent" if setup else "payment_intent"
    id = setup or session["payment_intent"] or session.inner.get("first_intent")
    if not id:
        return ""
    intent = account.get(kind, id)
    error = intent["last_setup_error" if setup else "last_payment_error"]
    if intent["status"] != "requires_payment_method" or not error:
        return ""
    if str(error.get("code")).endswith("_authentication_failure"):
        return "We are unable to authenticate your payment method. Please choose a different card and try again."
    return str(error["message"])


def _ways_back(account: Account, intent: Record) -> tuple[str | None, ...]:
    owner = intent.inner.get("owner")
    session = account.find("checkout.session", owner) if owner else None
    return (intent.inner.get("return_url"), session["success_url"] if session else None)


def _redirect(url: str) -> Response:
    """303, so that going back does not pay again. The address is the seller's own, untouched."""
    response = RedirectResponse("/", 303)
    # Starlette would escape the braces and brackets a seller may have in there.
    response.headers["location"] = url if url.isascii() else RedirectResponse(url).headers["location"]
    return response


def _url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
