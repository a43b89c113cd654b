"""Payments over HTTP: look, confirm, cancel; capture and void for servers."""

from typing import Annotated

import fastapi
from fastapi import APIRouter
from pydantic import Field, StringConstraints

from farthing import payments
from farthing.checkout import sight, ways
from farthing.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    TooMany,
    Unauthenticated,
)
from farthing.http.bodies import Body, ListShown, MoneyIn, PageQuery, listed, read_id, refuses
from farthing.http.callers import Caller, Server
from farthing.http.credentials import Anybody, OnlyServer
from farthing.http.limits import LIMITED
from farthing.http.proof import OrderToken
from farthing.http.state import TheWorld
from farthing.ids import OrderId, PaymentId
from farthing.lifecycles import PaymentStatus
from farthing.payments import PaymentShown
from farthing.world import World

router = APIRouter(prefix="/payments", tags=["payments"])


class PaymentQuery(PageQuery):
    status: PaymentStatus | None = None
    order: str | None = Field(None, max_length=64)


class Confirmation(Body):
    payment_method: Annotated[str, StringConstraints(max_length=255)] = Field(
        description="What the buyer's browser made with Stripe.js.", examples=["pm_1Q0PsIJvEtkwdCNYMSaVuRz6"]
    )


class PaymentConfirmedShown(PaymentShown):
    redirect_url: str | None = Field(description="Where the buyer's bank wants to see the buyer: send them there.")


class Capture(Body):
    """Without an amount, all that is kept is taken."""

    amount: MoneyIn | None = None


@router.get("", operation_id="payments_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_payments(
    world: TheWorld, caller: OnlyServer, query: Annotated[PaymentQuery, fastapi.Query()]
) -> ListShown[PaymentShown]:
    """Newest first."""
    order = None if query.order is None else read_id(OrderId, query.order, param="order")
    cursor = query.after(PaymentId)
    async with world.db.transaction(caller.actor) as tx:
        page = await payments.list_page(tx, limit=query.limit, cursor=cursor, status=query.status, order=order)
    return listed(page, PaymentShown.of)


@router.get("/{id}", operation_id="payments_get", dependencies=[LIMITED], responses=refuses(Unauthenticated, NotFound, TooMany))
async def get_payment(world: TheWorld, caller: Anybody, id: str, token: OrderToken = None) -> PaymentShown:
    """How it stands. Poll it: the provider is asked at most every five seconds, however often you do."""
    payment_id = await _see(world, caller, token, id)
    return _shown(await payments.look(world, payment_id, actor=caller.actor), caller)


@router.post(
    "/{id}/confirmation",
    operation_id="payments_confirm",
    dependencies=[LIMITED],
    responses=refuses(Malformed, Unauthenticated, NotFound, Conflict, Invalid, TooMany, ProviderError, ProviderUnavailable),
)
async def confirm_payment(
    world: TheWorld, caller: Anybody, id: str, wanted: Confirmation, token: OrderToken = None
) -> PaymentConfirmedShown:
    """Pay with a payment method. Declined, it stays `open` with `failure_code`: try another one.

    Confirming what is paid or on its way changes nothing. Where the answer was lost, look or confirm again: one payment is
    never taken twice.
    """
    payment_id = await _see(world, caller, token, id)
    confirmed = await payments.confirm(world, payment_id, method=wanted.payment_method, actor=caller.actor)
    return PaymentConfirmedShown(**dict(_shown(confirmed.payment, caller)), redirect_url=confirmed.redirect_url)


@router.post(
    "/{id}/cancellation",
    operation_id="payments_cancel",
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, NotFound, Conflict, TooMany, ProviderError, ProviderUnavailable),
)
async def cancel_payment(world: TheWorld, caller: Anybody, id: str, token: OrderToken = None) -> PaymentShown:
    """Close this way to pay; the order may be paid in another. Closing what is closed changes nothing."""
    payment_id = await _see(world, caller, token, id)
    return _shown(await ways.close_payment(world, payment_id, actor=caller.actor), caller)


@router.post(
    "/{id}/capture",
    operation_id="payments_capture",
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid, ProviderError, ProviderUnavailable),
)
async def capture_payment(world: TheWorld, caller: OnlyServer, id: str, wanted: Capture) -> PaymentShown:
    """Take what is kept. Of less than all, the rest is let go and the order's price is what was taken."""
    money = wanted.amount.money() if wanted.amount else None
    return _shown(await payments.capture(world, PaymentId.parse(id), money, actor=caller.actor), caller)


@router.post(
    "/{id}/void",
    operation_id="payments_void",
    responses=refuses(Unauthenticated, Forbidden, NotFound, Conflict, ProviderError, ProviderUnavailable),
)
async def void_payment(world: TheWorld, caller: OnlyServer, id: str) -> PaymentShown:
    """Let go of what is kept, and take nothing. The order stays open until its time is over."""
    return _shown(await payments.void(world, PaymentId.parse(id), actor=caller.actor), caller)


def _shown(payment: payments.Payment, caller: Caller) -> PaymentShown:
    return PaymentShown.of(payment, for_staff=isinstance(caller, Server))


async def _see(world: World, caller: Caller, token: str | None, id: str) -> PaymentId:
    payment_id = PaymentId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        await sight.payment_for(world, tx, caller, token, payment_id)
    return payment_id
