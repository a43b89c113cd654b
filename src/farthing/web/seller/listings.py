"""What a seller offers: made, changed, published, withdrawn; and how many of it there are."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import inventory, listings
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid, Malformed, NotFound
from farthing.ids import ListingId
from farthing.lifecycles import LISTING, ListingStatus
from farthing.listings import Listing
from farthing.web.page import redirect, render
from farthing.web.seller import listing_form
from farthing.web.seller.door import Selling, for_seller, own_listing
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 25
MOVEMENTS_SHOWN: Final = 20
MOVES: Final[Mapping[str, tuple[Callable[[Transaction, ListingId], Awaitable[Listing]], str]]] = {
    "publish": (listings.publish, "Buyers can order it now."),
    "pause": (listings.pause, "Nobody can order it for now. Who has ordered it gets it."),
    "archive": (listings.archive, "It is withdrawn for good."),
}


async def listing_list(request: Request, selling: Selling) -> Response:
    typed, cursor = asked(request, "status") or "", asked(request, "cursor")
    status = ListingStatus(typed) if typed in set(ListingStatus) else None
    async with reading(request) as tx:
        found = await listings.list_page(
            tx,
            livemode=selling.seller.livemode,
            limit=SHOWN,
            cursor=ListingId.parse(cursor) if cursor else None,
            seller=selling.seller.id,
            status=status,
        )
        counts = await listings.counts(tx, selling.seller.id)
        stock = await inventory.items(tx, {listing.stock for listing in found.items})
    return render(
        request,
        "seller/listings.html",
        found=found,
        counts=counts,
        statuses=[each for each in ListingStatus if counts.get(each)],
        chosen=status,
        stock=stock,
    )


async def new_listing(request: Request, selling: Selling) -> Response:
    return _new(request, {})


async def create(request: Request, selling: Selling) -> Response:
    form, world = await form_of(request), world_of(request)

    async def work(tx: Transaction) -> Listing:
        sku, stock = listing_form.sku_of(form), listing_form.count_of(form, "stock")
        wanted = listing_form.wanted_of(form, [world.catalog.currency])
        return await listings.create(
            tx, world.catalog, selling.seller.id, sku, wanted, livemode=selling.seller.livemode, stock=stock
        )

    try:
        made = await world.db.run(selling.actor, work)
    except (Invalid, Conflict, NotFound) as error:
        return _new(request, form, error)
    said = "It is a draft. Publish it when it is as you want it."
    return redirect(request, "seller_listing", id=made.id, flash=("success", said))


async def listing_detail(request: Request, selling: Selling) -> Response:
    return await _detail(request, selling)


async def change(request: Request, selling: Selling) -> Response:
    form, world = await form_of(request), world_of(request)

    async def work(tx: Transaction) -> Listing:
        listing = await own_listing(tx, selling, request.path_params["id"])
        wanted = listing_form.wanted_of(form, listing_form.currencies(listing, world.catalog))
        return await listings.change(tx, world.catalog, listing.id, wanted)

    try:
        await world.db.run(selling.actor, work)
    except (Invalid, Conflict) as error:
        return await _detail(request, selling, form, error)
    said = "Saved. Orders that were placed keep their price."
    return redirect(request, "seller_listing", id=request.path_params["id"], flash=("success", said))


async def move(request: Request, selling: Selling) -> Response:
    """Publish it, pause it, or take it away for good."""
    chosen = (await form_of(request)).get("move", "")
    if chosen not in MOVES:
        raise Malformed("The form does not say what is to be done, so nothing was changed.")
    act, said = MOVES[chosen]

    async def work(tx: Transaction) -> Listing:
        return await act(tx, (await own_listing(tx, selling, request.path_params["id"])).id)

    try:
        await world_of(request).db.run(selling.actor, work)
    except Conflict as error:
        return redirect(request, "seller_listing", id=request.path_params["id"], flash=("danger", error.detail))
    return redirect(request, "seller_listing", id=request.path_params["id"], flash=("success", said))


async def ask_archive(request: Request, selling: Selling) -> Response:
    async with reading(request) as tx:
        listing = await own_listing(tx, selling, request.path_params["id"])
    return render(request, "seller/listing_archive_confirm.html", listing=listing)


async def change_stock(request: Request, selling: Selling) -> Response:
    """So many have come, or so many were counted. Sent twice, it is said once."""
    form = await form_of(request)

    async def work(tx: Transaction) -> None:
        sku = (await own_listing(tx, selling, request.path_params["id"])).stock
        quantity = listing_form.count_of(form, "quantity")
        if form.get("how") == "received":
            await inventory.receive(tx, sku, quantity, reference=form.get("attempt", "")[:64] or None)
        else:
            await inventory.count(tx, sku, quantity, reason="counted by the seller")

    try:
        await world_of(request).db.run(selling.actor, work)
    except (Invalid, Conflict) as error:
        return await _detail(request, selling, form, error)
    return redirect(request, "seller_listing", id=request.path_params["id"], flash=("success", "The stock is as you say."))


def _new(request: Request, typed: Mapping[str, str], error: FarthingError | None = None) -> Response:
    catalog = world_of(request).catalog
    return render(
        request,
        "seller/listing_new.html",
        status=error.status if error else 200,
        typed=listing_form.blank(catalog) | dict(typed),
        error=error,
        **_choices(request, [catalog.currency]),
    )


async def _detail(
    request: Request,
    selling: Selling,
    typed: Mapping[str, str] | None = None,
    error: FarthingError | None = None,
) -> Response:
    typed_before = asked(request, "before") or ""
    before = int(typed_before) if typed_before.isdecimal() and len(typed_before) < 19 else None
    async with reading(request) as tx:
        listing = await own_listing(tx, selling, request.path_params["id"])
        item = await inventory.get(tx, listing.stock)
        moved = await inventory.movements(tx, listing.stock, before=before, limit=MOVEMENTS_SHOWN)
    catalog = world_of(request).catalog
    stocked = typed is not None and "how" in typed
    return render(
        request,
        "seller/listing.html",
        status=error.status if error else 200,
        listing=listing,
        item=item,
        moved=moved,
        typed=listing_form.filled(listing, catalog) | (dict(typed) if typed and not stocked else {}),
        stock_typed=dict(typed) if typed and stocked else {},
        error=error if not stocked else None,
        stock_error=error if stocked else None,
        may={verb: LISTING.allows(listing.status, verb) for verb in MOVES},
        final=LISTING.final(listing.status),
        attempt=secrets.token_urlsafe(24),
        **_choices(request, listing_form.currencies(listing, catalog)),
    )


def _choices(request: Request, currencies: list[str]) -> dict[str, Any]:
    catalog = world_of(request).catalog
    return {
        "currencies": currencies,
        "ways": listing_form.ways(catalog),
        "categories": sorted({rule.category for rule in catalog.marketplace.fees if rule.category}),
    }


ROUTES: Final = (
    Route("/seller/products", for_seller(listing_list), name="seller_listings", methods=["GET"]),
    Route("/seller/products/new", for_seller(new_listing), name="seller_listing_new", methods=["GET"]),
    Route("/seller/products/new", for_seller(create), name="seller_listing_create", methods=["POST"]),
    Route("/seller/products/{id}", for_seller(listing_detail), name="seller_listing", methods=["GET"]),
    Route("/seller/products/{id}", for_seller(change), name="seller_listing_change", methods=["POST"]),
    Route("/seller/products/{id}/status", for_seller(move), name="seller_listing_move", methods=["POST"]),
    Route("/seller/products/{id}/archival", for_seller(ask_archive), name="seller_listing_ask_archive", methods=["GET"]),
    Route("/seller/products/{id}/stock", for_seller(change_stock), name="seller_listing_stock", methods=["POST"]),
)
