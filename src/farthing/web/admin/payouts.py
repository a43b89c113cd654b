"""What sellers are to get: the days on which it becomes due, what is held and why, and what went out."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import payouts, seller_orders, sellers
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid
from farthing.ids import SellerOrderId, TransferId
from farthing.lifecycles import TransferStatus
from farthing.payouts import STANDINGS, Standing
from farthing.seller_orders import SellerOrder
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50


async def calendar(request: Request) -> Response:
    """`?standing=` and `?day=` choose which orders are listed below the days."""
    livemode, cursor = world_of(request).provider.livemode, asked(request, "cursor")
    standing, day = _standing(asked(request, "standing")), _day(asked(request, "day"))
    async with reading(request) as tx:
        sums = await payouts.sums(tx, livemode=livemode)
        days = await payouts.days(tx, livemode=livemode)
        found = await payouts.upcoming(
            tx,
            livemode=livemode,
            limit=SHOWN,
            cursor=SellerOrderId.parse(cursor) if cursor else None,
            standing=standing,
            day=day,
        )
    return render(
        request,
        "admin/payouts.html",
        sums={each: [sum_ for sum_ in sums if sum_.standing == each] for each in STANDINGS},
        days=days,
        found=found,
        chosen=standing,
        day=day,
    )


async def transfer_list(request: Request) -> Response:
    typed, cursor = asked(request, "status") or "", asked(request, "cursor")
    status = TransferStatus(typed) if typed in set(TransferStatus) else None
    async with reading(request) as tx:
        found = await payouts.list_page(
            tx,
            livemode=world_of(request).provider.livemode,
            limit=SHOWN,
            cursor=TransferId.parse(cursor) if cursor else None,
            status=status,
        )
        whose = {id: await sellers.get(tx, id) for id in {transfer.seller_id for transfer in found.items}}
        parts = {id: await seller_orders.get(tx, id) for id in {transfer.seller_order_id for transfer in found.items}}
    return render(
        request,
        "admin/transfers.html",
        found=found,
        sellers=whose,
        parts=parts,
        statuses=list(TransferStatus),
        chosen=status,
    )


async def ask_run(request: Request) -> Response:
    async with reading(request) as tx:
        sums = await payouts.sums(tx, livemode=world_of(request).provider.livemode)
    due = [each for each in sums if each.standing == "due"]
    return render(request, "admin/payouts_run_confirm.html", due=due, orders=sum(each.count for each in due))


async def run(request: Request) -> Response:
    """Do now what the sweep does every minute. What is not due stays where it is."""
    done = await payouts.release_due(world_of(request), actor=staff_of(request).actor, send=False)
    said = "Nothing is due." if not done else f"{done} {'transfer is' if done == 1 else 'transfers are'} on the way."
    return redirect(request, "admin_payouts", flash=("success" if done else "neutral", said))


async def ask_hold(request: Request) -> Response:
    return await _ask(request, "admin/payout_hold_confirm.html")


async def hold(request: Request) -> Response:
    reason = (await form_of(request)).get("why", "")
    return await _decided(request, lambda tx: seller_orders.hold(tx, _id(request), reason), "It is held until you let it go.")


async def ask_let_go(request: Request) -> Response:
    return await _ask(request, "admin/payout_let_go_confirm.html")


async def let_go(request: Request) -> Response:
    return await _decided(
        request, lambda tx: seller_orders.let_go(tx, _id(request)), "It goes out when its holding period is over."
    )


async def _ask(request: Request, template: str) -> Response:
    async with reading(request) as tx:
        part = await seller_orders.get(tx, _id(request))
        seller = None if part.seller_id is None else await sellers.get(tx, part.seller_id)
    return render(request, template, part=part, seller=seller)


async def _decided(request: Request, work: Callable[[Transaction], Awaitable[SellerOrder]], said: str) -> Response:
    try:
        part = await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Invalid) as error:
        return await _refused(request, error)
    return redirect(request, "admin_order", id=part.order_id, flash=("success", said))


async def _refused(request: Request, error: FarthingError) -> Response:
    async with reading(request) as tx:
        part = await seller_orders.get(tx, _id(request))
    return redirect(request, "admin_order", id=part.order_id, flash=("danger", error.detail))


def _standing(typed: str | None) -> Standing | None:
    return next((each for each in STANDINGS if each == typed), None)


def _day(typed: str | None) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        return None


def _id(request: Request) -> SellerOrderId:
    return SellerOrderId.parse(request.path_params["id"])
