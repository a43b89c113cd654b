"""A content platform: recordings are bought once, streamed with a signed token, and paid on the provider's page or on ours.

cd examples/content_platform && farthing dev main:app
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Final
from uuid import uuid4

from fastapi import Depends, FastAPI, Form, Header, HTTPException, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from fastapi.templating import Jinja2Templates

from farthing import CartItem, CustomerIdentity, Farthing, Money, access
from farthing.catalog import Content
from farthing.errors import FarthingError

RECORDINGS: Final = {
    "rain-on-tin": Content("Rain on a tin roof", Money(390, "eur"), description="Forty minutes.", seller="studio-nord"),
    "night-train": Content("Night train to Narvik", Money(590, "eur"), description="All night.", seller="studio-nord"),
    "harbour-bells": Content("Harbour bells", Money(250, "eur"), description="At noon.", seller="ada"),
}
"""Yours would stand in your database."""
SOUNDS: Final = ("tip", "tap", "tap tap", "tip", "and then it is quiet.")


async def recording(reference: str) -> Content | None:
    """Farthing asks before it sells: what it is, what it costs, whose it is. None: there is no such thing."""
    return RECORDINGS.get(reference)


async def signed_in(request: Request) -> CustomerIdentity | None:
    """Who a request is from. Yours would look into your own session; this platform believes a cookie."""
    user = request.cookies.get("user")
    return CustomerIdentity(user, email=f"{user}@example.com") if user else None


pay = Farthing(authenticate=signed_in, content=recording)
app = FastAPI(lifespan=pay.lifespan)
pages = Jinja2Templates(Path(__file__).with_name("templates"))


async def listener(request: Request) -> CustomerIdentity:
    if (found := await signed_in(request)) is None:
        raise HTTPException(401, "Say hello first: /hello?user=grace")
    return found


async def found(reference: str) -> Content:
    if (content := await recording(reference)) is None:
        raise HTTPException(404, "There is no such recording.")
    return content


Listener = Annotated[CustomerIdentity, Depends(listener)]
Found = Annotated[Content, Depends(found)]
Attempt = Annotated[str, Form(min_length=36, max_length=36)]
"""Of the form that was shown: sent twice, it is one order."""


@app.exception_handler(FarthingError)
async def refused(request: Request, error: Exception) -> Response:
    """What Farthing refuses it says in a sentence, with the status that fits: 409 for what is owned already."""
    assert isinstance(error, FarthingError)
    shown = {"error": error, "reference": request.path_params.get("reference")}
    return pages.TemplateResponse(request, "refused.html", shown, error.status)


@app.get("/hello")
async def hello(user: str) -> RedirectResponse:
    answer = RedirectResponse("/", 303)
    answer.set_cookie("user", user, httponly=True, samesite="lax")
    return answer


@app.get("/")
async def room(request: Request) -> Response:
    return pages.TemplateResponse(request, "room.html", {"recordings": RECORDINGS})


@app.get("/recordings/{reference}")
async def show(request: Request, reference: str, content: Found, listener: Listener) -> Response:
    owned = await pay.owns(listener.external_id, reference)
    shown = {"reference": reference, "content": content, "owned": owned, "attempt": uuid4()}
    return pages.TemplateResponse(request, "recording.html", shown)


@app.post("/recordings/{reference}/purchase")
async def buy(reference: str, listener: Listener, attempt: Attempt) -> RedirectResponse:
    """Pay on the provider's page."""
    here = f"{pay.settings.base_url}/recordings/{reference}"
    started = await pay.checkout(
        [CartItem("recording", content=reference)],
        customer=listener.external_id,
        email=listener.email,
        success_url=here,
        cancel_url=here,
        idempotency_key=attempt,
    )
    return RedirectResponse(started.url, 303)


@app.post("/recordings/{reference}/payment")
async def pay_here(request: Request, reference: str, content: Found, listener: Listener, attempt: Attempt) -> Response:
    """Pay on a page of our own: the order first, then a payment that this listener's browser may confirm."""
    cart = [CartItem("recording", content=reference)]
    order = await pay.place_order(cart, customer=listener.external_id, email=listener.email, idempotency_key=f"{attempt} order")
    back = f"{pay.settings.base_url}/recordings/{reference}"
    intent = await pay.payment_intent(str(order.id), return_url=back, idempotency_key=f"{attempt} payment")
    shown = {"reference": reference, "content": content, "payment": intent.payment, "back": back}
    return pages.TemplateResponse(request, "payment.html", shown)


@app.get("/streams/{reference}")
async def stream(reference: str, authorization: Annotated[str, Header()] = "") -> Response:
    """What a server at the edge does: no database, no call, only the token that the browser got from /v1/access-tokens.

    Elsewhere than here the public keys come from GET /v1/access-tokens/keys, and may be kept for long.
    """
    token = authorization.removeprefix("Bearer ")
    access.verify(token, access.public_keys(pay.settings), audience=pay.settings.base_url, content=reference)
    return StreamingResponse(sounds(reference), media_type="text/plain", headers={"Cache-Control": "no-store"})


async def sounds(reference: str) -> AsyncIterator[str]:
    for sound in (RECORDINGS[reference].title, *SOUNDS):
        yield f"{sound}\n"
        await asyncio.sleep(0.05)


# Last, for what is ours comes first: the webhook door, /v1, account and admin.
app.mount("/", pay.asgi)
