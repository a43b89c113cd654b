"""The doorbell: read the raw bytes, verify them, store them, answer. Nothing else happens while the provider waits.

A plain Starlette route, outside whatever middleware a host has: who parses the body first breaks the signature.
"""

import asyncio
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from farthing.carriers import Carrier, CarrierNotice
from farthing.clock import Clock, SystemClock
from farthing.errors import DatabaseUnavailable, FarthingError, TooLarge
from farthing.http.refusals import TooSlow
from farthing.providers import Notice
from farthing.webhooks.inbox import Delivery, Inbox
from farthing.world import World

log = structlog.get_logger("farthing.webhooks")

BODY_MAX: Final = 512 * 1024
"""Bytes. Stripe's own events are below 256 KB."""

BODY_SECONDS: Final = 15
"""How long a delivery may take to arrive. Stripe itself gives up after ten."""

_RECEIVED: Final = b'{"received":true}'


class Door:
    """An endpoint for the deliveries of one provider: `POST /webhooks/stripe`."""

    def __init__(self, world: World, inbox: Inbox, *, senders: Clock | None = None) -> None:
        """`senders`: the clock of whoever signs, which is real time, however far this house has traveled."""
        self._senders = senders or SystemClock()
        self._world = world
        self._inbox = inbox

    async def __call__(self, request: Request) -> Response:
        try:
            body = await read_body(request)
            signature = request.headers.get("stripe-signature")
            notice = self._world.provider.verify(body, signature, now=self._senders.now().timestamp())
            await self._inbox.put(Delivery(self._world.provider.name, notice, body))
        except ClientDisconnect:
            return Response(status_code=400)
        except FarthingError as error:
            return _refusal(error)
        return Response(_RECEIVED, media_type="application/json")


class CarrierDoor:
    """The same for the company that follows parcels: `POST /webhooks/easypost`."""

    def __init__(self, carrier: Carrier, inbox: Inbox) -> None:
        self._carrier = carrier
        self._inbox = inbox

    async def __call__(self, request: Request) -> Response:
        try:
            body = await read_body(request)
            told = self._carrier.verify(body, request.headers)
            await self._inbox.put(Delivery(self._carrier.name, _notice(told, livemode=self._carrier.livemode), body))
        except ClientDisconnect:
            return Response(status_code=400)
        except FarthingError as error:
            return _refusal(error)
        return Response(_RECEIVED, media_type="application/json")


def _notice(told: CarrierNotice, *, livemode: bool) -> Notice:
    reason = None if told.livemode == livemode else "it is of the other mode"
    if reason is None and told.tracker_id is None:
        reason = "nothing follows from this type"
    return Notice(
        id=told.id,
        type=told.type,
        livemode=told.livemode,
        account="",
        api_version=None,
        occurred_at=told.occurred_at,
        subject_kind="tracker" if reason is None else None,
        subject_id=told.tracker_id if reason is None else None,
        reason=reason,
    )


async def read_body(request: Request) -> bytes:
    """The whole body, unless it is larger than any event or slower than any sender: then reading stops at once."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or len(declared) > 12 or int(declared) > BODY_MAX:
        raise TooLarge(f"A delivery is at most {BODY_MAX} bytes.")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(request)
    except TimeoutError:
        raise TooSlow(f"The delivery did not arrive within {BODY_SECONDS} seconds.") from None


async def _read(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_MAX:
            raise TooLarge(f"A delivery is at most {BODY_MAX} bytes.")
        parts.append(part)
    return b"".join(parts)


def _refusal(error: FarthingError) -> Response:
    log.info("webhook.refused", code=error.code, detail=error.detail)
    headers = {"Retry-After": "5"} if isinstance(error, DatabaseUnavailable) else None
    body = {"type": f"/problems/{error.code}", "title": error.title, "status": error.status, "detail": error.detail}
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")
