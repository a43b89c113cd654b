"""`/renewal/{token}`: what a subscription owes, for whoever holds the link of the email. Nobody has to sign in for it."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import dunning
from farthing.dunning import Attempt
from farthing.errors import Conflict, NotFound, ProviderError
from farthing.lifecycles import InvoiceAttemptStatus
from farthing.web.account import visitor_of
from farthing.web.flashes import Tone
from farthing.web.page import redirect, render
from farthing.web.wiring import asked, world_of

ACTOR: Final = "renewal link"


async def show(request: Request) -> Response:
    return await _page(request)


async def pay(request: Request) -> Response:
    """To the provider's page of the invoice, which is paid once, by whatever card, however often it is opened."""
    try:
        url = await dunning.page_to_pay(world_of(request), _token(request), actor=ACTOR)
    except (Conflict, ProviderError) as error:
        return await _page(request, error.detail, error.status)
    return _away(url)


async def save_card(request: Request) -> Response:
    """To the provider's page on which another card is saved."""
    try:
        url = await dunning.page_to_save(world_of(request), _token(request), actor=ACTOR)
    except (Conflict, ProviderError) as error:
        return await _page(request, error.detail, error.status)
    return _away(url)


async def card_saved(request: Request) -> Response:
    """Back from it: the card pays from now on, and what is owed at once. A reload charges nothing again."""
    setup = asked(request, "session_id") or ""
    if not setup.startswith("cs_") or not setup.isascii() or not setup.replace("_", "").isalnum():
        raise NotFound("There is no such page: follow the link of the email again.")
    try:
        tried = await dunning.use_saved(world_of(request), _token(request), setup, actor=ACTOR)
    except (Conflict, ProviderError) as error:
        return redirect(request, "renewal", token=_token(request), flash=("danger", error.detail))
    return redirect(request, "renewal", token=_token(request), flash=_said(tried))


def _said(tried: Attempt | None) -> tuple[Tone, str]:
    if tried is None:
        return "neutral", "No card was saved, and nothing was charged."
    match tried.status:
        case InvoiceAttemptStatus.PAID:
            return "success", "Thank you: it is paid, and your new card pays from now on."
        case InvoiceAttemptStatus.ACTION_REQUIRED:
            return "warning", "Your card is saved. Your bank wants you to confirm this payment."
        case InvoiceAttemptStatus.DECLINED:
            return "danger", "Your card is saved, but your bank did not pay with it. Nothing was charged."
        case InvoiceAttemptStatus.OVERTAKEN:
            return "neutral", "Your card is saved. There was nothing left to pay."
        case _:
            return "neutral", "Your card is saved. Your bank works on the payment."


async def _page(request: Request, problem: str = "", status: int = 200) -> Response:
    """What is owed for what, and nothing about who owes it."""
    await visitor_of(request)
    debt = await dunning.debt_of(world_of(request), _token(request), actor=ACTOR)
    now = world_of(request).clock.now()
    response = render(request, "shop/renewal.html", status=status, debt=debt, problem=problem, now=now)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _token(request: Request) -> str:
    return str(request.path_params["token"])


def _away(url: str) -> Response:
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


ROUTES: Final = (
    Route("/renewal/{token}", show, name="renewal", methods=["GET"]),
    Route("/renewal/{token}", pay, name="renewal_pay", methods=["POST"]),
    Route("/renewal/{token}/card", save_card, name="renewal_card", methods=["POST"]),
    Route("/renewal/{token}/card", card_saved, name="renewal_card_saved", methods=["GET"]),
)
