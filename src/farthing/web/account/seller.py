"""A seller's own page: how far they are, what is missing in plain words, and the way to the provider's pages and back.

That somebody comes back from there proves nothing: the provider is asked, and the page says how it stands.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import payouts, seller_orders, sellers
from farthing.errors import Conflict, DatabaseUnavailable, FarthingError, Invalid, NotFound, ProviderError
from farthing.lifecycles import SellerStatus
from farthing.sellers import Seller, Wanted
from farthing.sellers import Way as Back
from farthing.web.account.visitor import Visitor, visitor_of, who_are_you
from farthing.web.page import redirect, render
from farthing.web.wiring import asked, form_of, reading, world_of

PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Step:
    """`state`: done, now, stopped, or nothing for what is still to come."""

    title: str
    state: str


async def home(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    seller = await _own(request, visitor)
    if seller is None:
        await sellers.check_may_begin(world_of(request), visitor.external_id)
        return _beginning(request, visitor)
    async with reading(request) as tx:
        waiting = await seller_orders.count_to_ship(tx, seller.id)
        balances = await payouts.balance(tx, seller.id)
    return render(
        request,
        "account/seller.html",
        seller=seller,
        steps=steps_of(seller),
        reasons=sellers.reasons_of(seller),
        waiting=waiting,
        balances=balances,
    )


async def begin(request: Request) -> Response:
    """Remember who wants to sell, and go on to the provider's page."""
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    await sellers.check_may_begin(world_of(request), visitor.external_id)
    form = await form_of(request)
    wanted = Wanted(
        visitor.external_id,
        name=form.get("name") or visitor.name,
        email=form.get("email") or visitor.email,
        country=form.get("country", "").upper() or None,
    )
    try:
        seller = await sellers.remember(world_of(request), wanted, actor=visitor.actor)
    except (Conflict, Invalid) as error:
        return _beginning(request, visitor, typed=dict(form), error=error)
    return await _lead(request, visitor, seller)


async def go_on(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    seller = await _own(request, visitor)
    if seller is None:
        return redirect(request, "seller")
    return await _lead(request, visitor, seller)


async def dashboard(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    seller = await _own(request, visitor)
    if seller is None:
        return redirect(request, "seller")
    try:
        return _away(await sellers.open_dashboard(world_of(request), seller.id, actor=visitor.actor))
    except (ProviderError, Conflict) as error:
        return redirect(request, "seller", flash=("danger", error.detail))


async def come_back(request: Request) -> Response:
    """From the provider's page. The address says whose visit it was; how it went says the provider."""
    return await _visited(request, "return")


async def come_again(request: Request) -> Response:
    """The link was used or too old: its owner gets a new one."""
    return await _visited(request, "refresh")


async def _visited(request: Request, way: Back) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    world = world_of(request)
    id = sellers.read(world, asked(request, "visit") or "", way, now=world.clock.now())
    seller = await _own(request, visitor)
    if seller is None or seller.id != id:
        raise NotFound("There is no such visit: open your seller page again.")
    if way == "refresh":
        return await _lead(request, visitor, seller)
    # Where nobody answers, the provider's event tells of it a little later.
    with contextlib.suppress(ProviderError, TimeoutError, DatabaseUnavailable):
        async with asyncio.timeout(PATIENCE):
            await sellers.sync(world, id, actor=visitor.actor)
    return redirect(request, "seller")


async def _lead(request: Request, visitor: Visitor, seller: Seller) -> Response:
    world = world_of(request)
    try:
        page = await sellers.onboard(
            world,
            seller.id,
            refresh_url=sellers.address(world, seller.id, "refresh"),
            return_url=sellers.address(world, seller.id, "return"),
            actor=visitor.actor,
        )
    except FarthingError as error:
        return redirect(request, "seller", flash=("danger", error.detail))
    return _away(page.url)


def steps_of(seller: Seller) -> list[Step]:
    """Where they are on the way to selling."""
    status = seller.status
    told = seller.details_submitted
    stopped = status in (SellerStatus.REJECTED, SellerStatus.DEAUTHORIZED, SellerStatus.RESTRICTED)
    checked = status == SellerStatus.ACTIVE
    return [
        Step("Account", "done" if seller.provider_account_id else "now"),
        Step("Your details", "done" if told else "now" if seller.provider_account_id else ""),
        Step("Verification", "done" if checked else "stopped" if stopped else "now" if told else ""),
        Step("Ready to sell", "done" if seller.may_sell else "stopped" if checked else ""),
    ]


def _beginning(
    request: Request, visitor: Visitor, *, typed: dict[str, str] | None = None, error: FarthingError | None = None
) -> Response:
    known = {
        "name": visitor.name or "",
        "email": visitor.email or "",
        "country": world_of(request).catalog.marketplace.country,
    }
    return render(request, "account/seller_new.html", status=400 if error else 200, typed=known | (typed or {}), error=error)


async def _own(request: Request, visitor: Visitor) -> Seller | None:
    livemode = world_of(request).provider.livemode
    async with reading(request) as tx:
        return await sellers.find_by_external_id(tx, visitor.external_id, livemode=livemode)


def _away(url: str) -> Response:
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


ROUTES: Final = (
    Route("/seller", home, name="seller", methods=["GET"]),
    Route("/seller", begin, name="seller_begin", methods=["POST"]),
    Route("/seller/onboarding", go_on, name="seller_onboarding", methods=["POST"]),
    Route("/seller/dashboard", dashboard, name="seller_dashboard", methods=["POST"]),
    Route("/seller/return", come_back, name="seller_return", methods=["GET"]),
    Route("/seller/refresh", come_again, name="seller_refresh", methods=["GET"]),
)
