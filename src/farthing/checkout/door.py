"""The way back from the payment page: see how the payment stands, then send the buyer on to where the host wants them.

The return proves nothing: the provider is asked. It is the same `sync` that a webhook runs, so that whoever comes first does
the work and the buyer lands on a page that knows.
"""

import asyncio
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from farthing import payments
from farthing.checkout import flow, store
from farthing.checkout.model import Checkout, filled
from farthing.errors import DatabaseUnavailable, NotFound, ProviderError
from farthing.ids import PaymentId
from farthing.lifecycles import CheckoutStatus
from farthing.payments import Payment
from farthing.world import World

log = structlog.get_logger("farthing.checkout")

PATIENCE: Final = 8
"""Seconds a buyer waits for the provider's word; after that the page they land on says that we are waiting."""


async def come_back(world: World, request: Request) -> Response:
    """`GET /checkout/return?session_id=cs_…`"""
    session_id = request.query_params.get("session_id", "")
    checkout = await _find(world, session_id)
    try:
        async with asyncio.timeout(PATIENCE):
            if not checkout.is_free:
                await flow.sync(world, session_id, actor="return page")
    except (ProviderError, TimeoutError, DatabaseUnavailable) as error:
        log.info("return.waits", checkout=str(checkout.id), error=type(error).__name__)
    except Exception:
        # A hook of the host raised, perhaps. The event is tried again; the buyer paid, and is not the one to be told.
        log.exception("return.failed", checkout=str(checkout.id))
    checkout = await _find(world, session_id)
    expired = checkout.status in (CheckoutStatus.EXPIRED, CheckoutStatus.FAILED)
    target = checkout.cancel_url if expired else filled(checkout.success_url, checkout)
    return RedirectResponse(target, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


async def come_back_from_bank(world: World, request: Request) -> Response:
    """`GET /payments/return?payment=payment_…`, for payments in the host's own pages.

    Stripe adds the payment's secret to the address: it is not read here, and goes nowhere from here.
    """
    id = PaymentId.parse(request.query_params.get("payment", ""))
    payment = await _payment(world, id)
    try:
        async with asyncio.timeout(PATIENCE):
            if payment.provider_payment_id is not None:
                await payments.sync(world, payment.provider_payment_id, actor="return page")
    except (ProviderError, TimeoutError, DatabaseUnavailable) as error:
        log.info("return.waits", payment=str(id), error=type(error).__name__)
    except Exception:
        log.exception("return.failed", payment=str(id))
    target = (payment.return_url or f"{world.settings.base_url}/").replace("{PAYMENT_ID}", str(id))
    target = target.replace("{ORDER_ID}", str(payment.order_id))
    return RedirectResponse(target, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


async def _payment(world: World, id: PaymentId) -> Payment:
    async with world.db.transaction("return page") as tx:
        return await payments.get(tx, id)


async def _find(world: World, session_id: str) -> Checkout:
    provider = world.provider
    if not session_id.isascii() or not session_id.isprintable() or len(session_id) > 255:
        raise NotFound("There is no such checkout session.")
    async with world.db.transaction("return page") as tx:
        found = await store.find_by_provider_id(tx, provider.name, provider.livemode, session_id)
    if found is None:
        raise NotFound("There is no such checkout session.")
    return found
