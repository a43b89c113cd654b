"""The hosted checkout page and the bank's page behind it. Paying itself is the cashier's; here is only the form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing.sandbox import cashier
from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal
from farthing.sandbox.pages.card_form import SHOWCASE, read_form
from farthing.sandbox.pages.checkout_form import CheckoutForm
from farthing.sandbox.pages.order_summary import summary, verb
from farthing.sandbox.pages.render import render
from farthing.sandbox.purchases import Purchase
from farthing.sandbox.resources import checkout_saved
from farthing.sandbox.resources.checkout_payment import needs_card, success_url
from farthing.sandbox.resources.checkout_questions import Buyer
from farthing.sandbox.store import Record
from farthing.sandbox.world import Sandbox


def checkout_routes(sandbox: Sandbox) -> list[Route]:
    pages = CheckoutPages(sandbox)
    return [
        Route("/c/pay/{id}", pages.show, methods=["GET"]),
        Route("/c/pay/{id}", pages.submit, methods=["POST"]),
        Route("/c/recover/{id}", pages.recover, methods=["GET"]),
        Route("/c/3ds/{id}", pages.bank, methods=["GET"]),
        Route("/c/3ds/{id}", pages.answer_bank, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class Said:
    """What the page tells about what was just sent to it."""

    problems: dict[str, str] = field(default_factory=dict)
    error: str = ""
    news: str = ""
    status: int = 200


class CheckoutPages:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def show(self, request: Request) -> Response:
        try:
            account, session = self._find("checkout.session", request)
        except Refusal:
            return _not_found()
        form = CheckoutForm.blank(session.body, needs_card=needs_card(session))
        return self._page(account, session, form, Said(error=_last_error(account, session)))

    async def submit(self, request: Request) -> Response:
        try:
            account, session = self._find("checkout.session", request)
        except Refusal:
            return _not_found()
        fields = await read_form(request)
        if session["status"] == "complete":
            # Pressed twice, or in two tabs: the second one sees what the first one did.
            return _redirect(success_url(session))
        form = CheckoutForm.typed(session.body, fields, needs_card=needs_card(session))
        if session["status"] != "open" or "fill" in fields:
            return self._page(account, session, form.filled(fields.get("fill", ""), account.clock))
        try:
            if news := self._decide(request, form, fields):
                return self._again(request, form, Said(news=news))
            if news := self._bring_up_to_date(request, form, session):
                return self._again(request, form, Said(news=news))
            if problems := form.problems():
                return self._page(account, session, form, Said(problems, status=400))
            outcome = cashier.pay(self._sandbox, session.id, form.purchase(), _url(request))
        except Refusal as refusal:
            return self._again(request, form, _told(form, refusal))
        if outcome.declined:
            return self._again(request, form, _told(form, outcome.declined))
        return _redirect(outcome.redirect_to or session["url"])

    def _decide(self, request: Request, form: CheckoutForm, fields: dict[str, str]) -> str:
        """What is not yet paying: a code, other quantities, a way to ship, a card that is not kept any more."""
        id, bought = request.path_params["id"], Purchase(Buyer())
        if "forget" in fields:
            cashier.forget_method(self._sandbox, id, fields["forget"], _url(request))
            return "The card is no longer saved."
        if "apply" in fields:
            bought = replace(bought, code=form["code"] or " ")
        elif "unapply" in fields:
            bought = replace(bought, code="")
        elif "update" in fields:
            bought = form.decisions()
        else:
            return ""
        if bought.decides:
            cashier.change(self._sandbox, id, bought, _url(request))
        return "The code is applied." if "apply" in fields else "The order is up to date."

    def _bring_up_to_date(self, request: Request, form: CheckoutForm, session: Record) -> str:
        """Nobody pays another sum than the button said: what was chosen but not applied is applied, and shown first."""
        bought = form.decisions()
        if not bought.decides:
            return ""
        changed = cashier.change(self._sandbox, session.id, bought, _url(request))
        return (
            ""
            if changed["amount_total"] == session["amount_total"]
            else "The sum has changed with your choice. Look at it first."
        )

    def _again(self, request: Request, form: CheckoutForm, said: Said) -> Response:
        """The session as it is now: a decline may have given it an intent, a code another sum."""
        account, session = self._find("checkout.session", request)
        form = replace(form, session=session.body, needs_card=needs_card(session))
        if said.news:
            form = replace(form, values={name: text for name, text in form.values.items() if name != "code"})
        return self._page(account, session, form, said)

    async def recover(self, request: Request) -> Response:
        """A copy of the expired session, as often as the link is followed."""
        try:
            copy = cashier.recover(self._sandbox, request.path_params["id"], _url(request))
        except Refusal:
            return _not_found()
        return _redirect(copy["url"])

    def _find(self, object: str, request: Request) -> tuple[Account, Record]:
        self._sandbox.do_what_is_due()
        return cashier.find(self._sandbox, object, request.path_params["id"], _url(request))

    def _page(self, account: Account, session: Record, form: CheckoutForm, said: Said | None = None) -> Response:
        said = said or Said()
        if session["status"] != "open":
            return _closed(session)
        return render(
            "checkout.html",
            status=said.status,
            goes_to=(session["success_url"], session["cancel_url"]),
            session=session.body,
            order=summary(account, session),
            verb=verb(session),
            form=form,
            saved=[each.body for each in checkout_saved.offered(account, session)],
            saving=session["saved_payment_method_options"] or {"payment_method_save": None, "payment_method_remove": None},
            problems=said.problems,
            error=said.error,
            news=said.news,
            showcase=SHOWCASE,
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
    again = ((session["after_expiration"] or {}).get("recovery") or {}).get("url")
    return render(
        "closed.html",
        status=200 if paid else 410,
        paid=paid,
        session=session.body,
        onward=onward,
        again=None if paid else again,
    )


def _not_found() -> Response:
    return render("not_found.html", status=404)


def _told(form: CheckoutForm, refusal: Refusal) -> Said:
    """A refusal at its field, if it is about one that is on the page."""
    place = form.place_of(refusal)
    if place in ("", "customer", "card"):
        return Said(error=str(refusal), status=refusal.status)
    return Said({place: str(refusal)}, status=refusal.status)


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
