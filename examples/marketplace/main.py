"""A marketplace: a basket of several sellers' goods is one payment; each of them sends their part, and is paid after a while.

cd examples/marketplace && farthing dev main:app
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import demo
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from farthing import CartItem, CustomerIdentity, Farthing, Invalid, inventory, listings, sellers
from farthing.errors import FarthingError
from farthing.listings import Listing
from farthing.money import Money

COUNTRIES: Final = {"US": "United States", "CA": "Canada", "DE": "Germany", "FR": "France"}
ADDRESS: Final = ("name", "line1", "postal_code", "city", "state", "country")


async def signed_in(request: Request) -> CustomerIdentity | None:
    """Who a request is from. Yours would look into your own session; this market believes a cookie."""
    user = request.cookies.get("user")
    return CustomerIdentity(user, email=f"{user}@example.com", name=user.capitalize()) if user else None


pay = Farthing(authenticate=signed_in)
pages = Jinja2Templates(Path(__file__).with_name("templates"))


@asynccontextmanager
async def with_sellers(app: FastAPI) -> AsyncIterator[None]:
    await demo.furnish(pay)
    yield


app = FastAPI(lifespan=pay.lifespan(inner=with_sellers))


@dataclass(frozen=True)
class Good:
    """Something on the quay: what its seller says of it, and how many there are."""

    listing: Listing
    seller: str
    price: Money
    left: int


async def goods() -> list[Good]:
    world, found = pay.world, []
    async with world.db.transaction("market") as tx:
        page = await listings.list_page(tx, livemode=world.provider.livemode, limit=100, for_sale=True)
        stock = await inventory.items(tx, {listing.stock for listing in page.items})
        for listing in reversed(page.items):
            seller = await sellers.get(tx, listing.seller_id)
            if price := listing.prices.get(world.catalog.currency):
                left = stock[listing.stock].sellable
                found.append(Good(listing, seller.name or seller.external_id, price, 99 if left is None else left))
    return found


@app.get("/hello")
async def hello(user: str) -> RedirectResponse:
    answer = RedirectResponse("/", 303)
    answer.set_cookie("user", user, httponly=True, samesite="lax")
    return answer


@app.get("/")
async def quay(request: Request) -> Response:
    return await filled(request, {"basket": str(uuid4()), "country": "US"})


@app.get("/cart")
async def cart() -> RedirectResponse:
    """There is one basket, the window itself: where the frame around the account says cart, it leads here."""
    return RedirectResponse("/", 303)


@app.post("/buy")
async def buy(request: Request) -> Response:
    """Everything in the basket as one order, and to the payment page. Sent twice, the same basket is the same order."""
    form = {key: value.strip() for key, value in (await request.form()).items() if isinstance(value, str)}
    buyer = await signed_in(request)
    try:
        wanted = [CartItem("", count(many), listing=key) for key, many in form.items() if key.startswith("listing_")]
        wanted = [item for item in wanted if item.quantity]
        if not wanted:
            raise Invalid("Put something into your basket first.")
        started = await pay.checkout(
            wanted,
            customer=buyer.external_id if buyer else None,
            email=buyer.email if buyer else form.get("email") or None,
            name=form.get("name"),
            shipping_address={field: form.get(field) for field in ADDRESS},
            cancel_url=f"{pay.settings.base_url}/",
            idempotency_key=form.get("basket", "")[:64] or None,
        )
    except FarthingError as error:
        # Sold out meanwhile, a postal code that there is not, a country that is not served: said in a sentence.
        return await filled(request, form, error)
    return RedirectResponse(started.url, 303)


def count(typed: str) -> int:
    if not typed.isascii() or not typed.isdigit() or len(typed) > 3:
        raise Invalid("How many of it? Write a whole number.")
    return int(typed)


def ways() -> list[str]:
    """What sending costs, as farthing.toml says it."""
    sold = pay.world.catalog
    rates = sold.shipping.rates if sold.shipping else ()
    return [
        f"{rate.name}: ${rate.prices[sold.currency].decimal}"
        + (f", and nothing from ${rate.free_from[sold.currency].decimal} on" if sold.currency in rate.free_from else "")
        for rate in rates
    ]


async def filled(request: Request, typed: Mapping[str, Any], error: FarthingError | None = None) -> Response:
    """The window, with what was chosen, and what was wrong with it."""
    # A refused basket is another one when it is sent again.
    typed = {**typed, "basket": str(uuid4())} if error else typed
    shown: dict[str, Any] = {"goods": await goods(), "typed": typed, "error": error, "countries": COUNTRIES, "ways": ways()}
    shown["who"] = await signed_in(request)
    return pages.TemplateResponse(request, "quay.html", shown, error.status if error else 200)


# Last, for what is ours comes first: the webhook door, /v1, the account, /seller and the admin.
app.mount("/", pay.asgi)
