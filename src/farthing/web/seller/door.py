"""Whose pages these are. What belongs to another seller does not exist here, in the words of what does not exist."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from farthing import listings, seller_orders, sellers
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.ids import ListingId, SellerOrderId
from farthing.listings import Listing
from farthing.seller_orders import SellerOrder
from farthing.sellers import Seller
from farthing.web.account import visitor_of, who_are_you
from farthing.web.page import redirect
from farthing.web.wiring import reading, world_of


@dataclass(frozen=True, slots=True)
class Selling:
    seller: Seller
    actor: str


Page = Callable[[Request, Selling], Awaitable[Response]]


def for_seller(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """The page, for somebody who sells; others sign in first, or begin."""

    @wraps(page)
    async def guarded(request: Request) -> Response:
        visitor = await visitor_of(request)
        if visitor is None:
            return who_are_you(request)
        async with reading(request) as tx:
            livemode = world_of(request).provider.livemode
            seller = await sellers.find_by_external_id(tx, visitor.external_id, livemode=livemode)
        if seller is None:
            return redirect(request, "seller")
        return await page(request, Selling(seller, visitor.actor))

    return guarded


async def own_part(tx: Transaction, selling: Selling, id: str) -> SellerOrder:
    found = await seller_orders.get(tx, SellerOrderId.parse(id))
    if found.seller_id != selling.seller.id:
        raise NotFound(f"There is no seller order {found.id}.")
    return found


async def own_listing(tx: Transaction, selling: Selling, id: str) -> Listing:
    found = await listings.get(tx, ListingId.parse(id))
    if found.seller_id != selling.seller.id:
        raise NotFound(f"There is no listing {found.id}.")
    return found
