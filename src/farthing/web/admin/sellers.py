"""Sellers: how their accounts stand, what is asked of them, and what the shop decides about them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final, get_args

from starlette.requests import Request
from starlette.responses import Response

from farthing import payouts, sellers, timeline
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid
from farthing.ids import SellerId
from farthing.lifecycles import SellerStatus
from farthing.providers import RejectionReason
from farthing.sellers import Seller
from farthing.web import staff
from farthing.web.admin import happened
from farthing.web.admin.links import provider_name, provider_url
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50
HELD_SHOWN: Final = 20
HOLD_DAYS_MAX: Final = 365
REASONS: Final[tuple[RejectionReason, ...]] = get_args(RejectionReason)


async def seller_list(request: Request) -> Response:
    """`?q=` is the beginning of an email or a name, or a whole id."""
    typed, words, cursor = asked(request, "status") or "", asked(request, "q"), asked(request, "cursor")
    status = SellerStatus(typed) if typed in set(SellerStatus) else None
    livemode = world_of(request).provider.livemode
    async with reading(request) as tx:
        counts = await sellers.counts(tx, livemode=livemode)
        found = await sellers.list_page(
            tx,
            livemode=livemode,
            limit=SHOWN,
            cursor=SellerId.parse(cursor) if cursor else None,
            status=status,
            search=words,
        )
    if words and cursor is None and len(found.items) == 1:
        return redirect(request, "admin_seller", id=found.items[0].id)
    return render(
        request,
        "admin/sellers.html",
        found=found,
        words=words,
        counts=counts,
        statuses=[each for each in SellerStatus if counts.get(each)],
        chosen=status,
    )


async def seller_detail(request: Request) -> Response:
    settings, now = world_of(request).settings, world_of(request).clock.now()
    async with reading(request) as tx:
        seller, people = await sellers.get(tx, _id(request)), await staff.names(tx)
        told = happened.shown(request, await timeline.of_seller(tx, seller), people)
        balances = await payouts.balance(tx, seller.id)
        held = await payouts.holdings(tx, seller.id, limit=HELD_SHOWN)
    return render(
        request,
        "admin/seller.html",
        timeline=told,
        balances=balances,
        is_held=seller.held_at is not None and (seller.held_until is None or seller.held_until > now),
        held=held,
        seller=seller,
        reasons=sellers.reasons_of(seller),
        marketplace=world_of(request).catalog.marketplace,
        provider_url=partial(provider_url, settings),
        provider_name=provider_name(settings),
    )


async def sync(request: Request) -> Response:
    try:
        await sellers.sync(world_of(request), _id(request), actor=staff_of(request).actor)
    except FarthingError as error:
        return _back(request, error)
    return redirect(request, "admin_seller", id=_id(request), flash=("success", "This is how their account stands now."))


async def ask_suspend(request: Request) -> Response:
    return await _ask(request, "admin/seller_suspend_confirm.html")


async def suspend(request: Request) -> Response:
    reason = (await form_of(request)).get("why", "")
    return await _decided(request, lambda tx: sellers.suspend(tx, _id(request), reason), "They are suspended.")


async def ask_reinstate(request: Request) -> Response:
    return await _ask(request, "admin/seller_reinstate_confirm.html")


async def reinstate(request: Request) -> Response:
    reason = (await form_of(request)).get("why", "")
    return await _decided(request, lambda tx: sellers.reinstate(tx, _id(request), reason), "They may go on.")


async def ask_hold(request: Request) -> Response:
    return await _ask(request, "admin/seller_hold_confirm.html")


async def hold(request: Request) -> Response:
    """Nothing that they earned goes to them, for so many days or until somebody lets go."""
    form = await form_of(request)
    days = form.get("days", "")

    async def work(tx: Transaction) -> Seller:
        if days and not (days.isascii() and days.isdigit() and len(days) <= 3 and 1 <= int(days) <= HOLD_DAYS_MAX):
            raise Invalid(f"It is held for 1 to {HOLD_DAYS_MAX} days, or until somebody lets go.", param="days")
        until = tx.now + timedelta(days=int(days)) if days else None
        return await sellers.hold(tx, _id(request), form.get("why", ""), until=until)

    return await _decided(request, work, "What they earned is held. They sell on.")


async def let_go(request: Request) -> Response:
    return await _decided(request, lambda tx: sellers.let_go(tx, _id(request)), "They are paid again as was agreed.")


async def ask_reject(request: Request) -> Response:
    return await _ask(request, "admin/seller_reject_confirm.html")


async def reject(request: Request) -> Response:
    form = await form_of(request)
    reason: RejectionReason = next((each for each in REASONS if each == form.get("reason")), "other")
    note = form.get("why", "")

    async def work(tx: Transaction) -> Seller:
        return await sellers.request_rejection(tx, _id(request), reason, note)

    return await _decided(request, work, "They are rejected; the provider is told.")


async def _ask(request: Request, template: str) -> Response:
    async with reading(request) as tx:
        seller = await sellers.get(tx, _id(request))
    return render(request, template, seller=seller)


async def _decided(request: Request, work: Callable[[Transaction], Awaitable[Seller]], said: str) -> Response:
    try:
        await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Invalid) as error:
        return _back(request, error)
    return redirect(request, "admin_seller", id=_id(request), flash=("success", said))


def _back(request: Request, error: FarthingError) -> Response:
    return redirect(request, "admin_seller", id=_id(request), flash=("danger", error.detail))


def _id(request: Request) -> SellerId:
    return SellerId.parse(request.path_params["id"])
