"""A bookshop in one file: Farthing mounted in a FastAPI application.

    farthing dev examples.fastapi_app.main:app

Then open http://127.0.0.1:4242/hello?user=ada, and buy the atlas.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from farthing import CustomerIdentity, Farthing, OrderPaid
from farthing.db import Transaction

ATLAS = "night-sky-atlas"

log = logging.getLogger("bookshop")


async def signed_in(request: Request) -> CustomerIdentity | None:
    """Who a request is from. Yours would look into your own session; this shop believes a cookie."""
    user = request.cookies.get("user")
    return CustomerIdentity(user, email=f"{user}@example.com") if user else None


pay = Farthing(authenticate=signed_in)


@asynccontextmanager
async def tables(app: FastAPI) -> AsyncIterator[None]:
    """A table of the shop's own, in the same database: no more than an example, for you have migrations."""
    async with pay.world.db.connection() as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS public.parcels (order_id uuid PRIMARY KEY, packed boolean)")
    yield


app = FastAPI(lifespan=pay.lifespan(inner=tables))


async def customer(request: Request) -> CustomerIdentity:
    found = await signed_in(request)
    if found is None:
        raise HTTPException(401, "Say hello first: /hello?user=ada")
    return found


Customer = Annotated[CustomerIdentity, Depends(customer)]


@app.get("/hello")
async def hello(user: str) -> HTMLResponse:
    page = HTMLResponse('<form method="post" action="/books/buy"><button>Buy the atlas</button></form>')
    page.set_cookie("user", user, httponly=True, samesite="lax")
    return page


@app.post("/books/buy")
async def buy(customer: Customer) -> RedirectResponse:
    """Prices come from farthing.toml alone. The same key is the same order, however often somebody clicks."""
    key = f"{customer.external_id}-{ATLAS}"
    checkout = await pay.checkout(ATLAS, customer=customer.external_id, email=customer.email, idempotency_key=key)
    return RedirectResponse(checkout.url, 303)


@app.get("/books/atlas")
async def read(customer: Customer) -> dict[str, str]:
    if not await pay.entitled(customer.external_id, "book:night-sky-atlas"):
        raise HTTPException(402, "Buy the atlas first.")
    return {"page 1": "Andromeda, the Chained Maiden"}


@pay.on(OrderPaid, when="in_transaction")
async def pack(tx: Transaction, event: OrderPaid) -> None:
    """A row of our own that commits with the payment, or not at all."""
    await tx.connection.execute(
        "INSERT INTO public.parcels (order_id, packed) VALUES (%(order)s, false)", {"order": event.order_id}
    )


@pay.on(OrderPaid)
async def celebrate(event: OrderPaid) -> None:
    """After the commit, as a job that is tried again when it fails: `event.id` tells repetitions."""
    log.info("sold: %s", event.order_id)


# Last, for what is ours comes first: the webhook door, /v1, checkout pages, account and admin.
app.mount("/", pay.asgi)
