"""Listings over HTTP: everybody sees what is for sale; a seller says what is theirs, a server what is anybody's."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import AwareDatetime, Field, StringConstraints

from farthing import inventory, sellers
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, Unauthenticated
from farthing.http.bodies import Body, Line, ListShown, MoneyIn, MoneyShown, PageQuery, Shown, Storable, listed, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Anybody, Known
from farthing.http.state import TheWorld
from farthing.ids import ListingId
from farthing.lifecycles import ListingStatus
from farthing.listings import actions, store
from farthing.listings.model import CATEGORY, DESCRIPTION_MAX, PRICES_MAX, SKU_MAX, TITLE_MAX, Listing
from farthing.sellers import Seller
from farthing.world import World

router = APIRouter(prefix="/v1/listings", tags=["listings"])

DECIDED = (Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid)

Title = Annotated[Line, StringConstraints(max_length=TITLE_MAX), Storable, Field(examples=["A lamp of brass"])]
Description = Annotated[str, StringConstraints(max_length=DESCRIPTION_MAX), Storable]
Category = Annotated[str, StringConstraints(pattern=CATEGORY), Field(examples=["lighting"])]
Prices = Annotated[list[MoneyIn], Field(min_length=1, max_length=PRICES_MAX, description="One for each currency.")]
Image = Annotated[str, StringConstraints(pattern=r"^https://[^\s\x00]+$", max_length=2000)]


class NewListing(Body):
    sku: Annotated[Line, StringConstraints(max_length=SKU_MAX)] = Field(description="The seller's own name for it.")
    title: Title
    prices: Prices
    description: Description | None = None
    category: Category | None = None
    max_quantity: int = Field(10, ge=1, le=1000, description="How many one order may hold.")
    weight_grams: int | None = Field(None, ge=1, le=10_000_000)
    image_url: Image | None = None
    stock: int = Field(0, ge=0, le=1_000_000, description="How many there are.")
    available_from: AwareDatetime | None = Field(
        None, strict=False, description="It is sold before it is there, and sent from then on."
    )
    preorder_max: int | None = Field(None, ge=0, le=1_000_000, description="How many are sold before; any number if left out.")
    product: Line | None = Field(None, description="How it is sold, where the shop has several ways: a key of farthing.toml.")
    seller: Line | None = Field(None, description="For servers: your own id of the user who sells it.")


class ListingChange(Body):
    """What is left out stays as it is."""

    title: Title | None = None
    prices: Prices | None = None
    description: Description | None = None
    category: Category | None = None
    max_quantity: int | None = Field(None, ge=1, le=1000)
    weight_grams: int | None = Field(None, ge=1, le=10_000_000)
    image_url: Image | None = None
    product: Line | None = None


class ListingQuery(PageQuery):
    seller: Line | None = Field(None, description="Your own id of the user who sells.")
    category: Category | None = None
    status: ListingStatus | None = Field(None, description="For servers and sellers, who also see what is not for sale.")


class ListingShown(Shown):
    id: str
    object: Literal["listing"] = "listing"
    seller: str = Field(description="The host's own id of the user who sells it.")
    product: str
    sku: str
    title: str
    description: str | None
    category: str | None
    prices: list[MoneyShown]
    max_quantity: int
    available: int | None = Field(description="How many can be ordered now; null: any number.")
    available_from: datetime | None = Field(description="When it is expected, of what is sold before it is there.")
    weight_grams: int | None
    image_url: str | None
    status: ListingStatus
    created_at: datetime


@router.get("", operation_id="listings_list", responses=refuses(Unauthenticated, NotFound, Invalid))
async def list_listings(
    world: TheWorld, caller: Anybody, query: Annotated[ListingQuery, fastapi.Query()]
) -> ListShown[ListingShown]:
    """What can be bought, newest first. Sellers see all of their own, servers all there is."""
    livemode = world.provider.livemode
    async with world.db.transaction(caller.actor) as tx:
        own = query.seller is not None and isinstance(caller, CustomerCaller) and caller.identity.external_id == query.seller
        seller = None if query.seller is None else await _seller(tx, world, query.seller)
        page = await store.list_page(
            tx,
            livemode=livemode,
            limit=query.limit,
            cursor=query.after(ListingId),
            seller=seller.id if seller else None,
            status=query.status,
            category=query.category,
            for_sale=not (own or isinstance(caller, Server)),
        )
        shown = {listing.id: await _shown(tx, listing) for listing in page.items}
    return listed(page, lambda listing: shown[listing.id])


@router.post("", operation_id="listings_create", status_code=201, responses=refuses(*DECIDED))
async def create(world: TheWorld, caller: Known, wanted: NewListing) -> ListingShown:
    """Make a listing, as a draft."""

    async def work(tx: Transaction) -> ListingShown:
        seller = await _seller(tx, world, _whose(caller, wanted.seller))
        made = await actions.create(
            tx,
            world.catalog,
            seller.id,
            wanted.sku,
            _wanted(wanted),
            livemode=world.provider.livemode,
            stock=wanted.stock,
            available_from=wanted.available_from,
            preorder_max=wanted.preorder_max,
        )
        return await _shown(tx, made)

    return await world.db.run(caller.actor, work)


@router.get("/{id}", operation_id="listings_get", responses=refuses(Unauthenticated, NotFound))
async def get(world: TheWorld, caller: Anybody, id: str) -> ListingShown:
    """One listing. What is not for sale, its seller sees, and the shop's servers."""
    async with world.db.transaction(caller.actor) as tx:
        listing = await store.get(tx, ListingId.parse(id))
        if listing.status != ListingStatus.ACTIVE:
            await _check_own(tx, caller, listing)
        return await _shown(tx, listing)


@router.patch("/{id}", operation_id="listings_update", responses=refuses(*DECIDED))
async def change(world: TheWorld, caller: Known, id: str, wanted: ListingChange) -> ListingShown:
    """Say something else of it. Orders keep the price at which they were placed."""

    async def work(tx: Transaction) -> ListingShown:
        listing = await store.get(tx, ListingId.parse(id))
        await _check_own(tx, caller, listing)
        return await _shown(tx, await actions.change(tx, world.catalog, listing.id, _wanted(wanted)))

    return await world.db.run(caller.actor, work)


@router.post("/{id}/publication", operation_id="listings_publish", responses=refuses(*DECIDED))
async def publish(world: TheWorld, caller: Known, id: str) -> ListingShown:
    """Put it up for sale."""
    return await _move(world, caller, id, "publish")


@router.post("/{id}/pause", operation_id="listings_pause", responses=refuses(*DECIDED))
async def pause(world: TheWorld, caller: Known, id: str) -> ListingShown:
    """Nobody can order it for now; who has ordered it gets it."""
    return await _move(world, caller, id, "pause")


@router.post("/{id}/archival", operation_id="listings_archive", responses=refuses(*DECIDED))
async def archive(world: TheWorld, caller: Known, id: str) -> ListingShown:
    """Take it away for good."""
    return await _move(world, caller, id, "archive")


MOVES = {"publish": actions.publish, "pause": actions.pause, "archive": actions.archive}


async def _move(world: World, caller: Server | CustomerCaller, id: str, verb: str) -> ListingShown:
    async def work(tx: Transaction) -> ListingShown:
        listing = await store.get(tx, ListingId.parse(id))
        await _check_own(tx, caller, listing)
        return await _shown(tx, await MOVES[verb](tx, listing.id))

    return await world.db.run(caller.actor, work)


def _whose(caller: Server | CustomerCaller, said: str | None) -> str:
    if isinstance(caller, Server):
        if said is None:
            raise Invalid("Say who sells it: send seller, your own id of the user.", param="seller")
        return said
    if said not in (None, caller.identity.external_id):
        raise Forbidden("You sell for yourself: leave seller out.", param="seller")
    return caller.identity.external_id


async def _seller(tx: Transaction, world: World, external_id: str) -> Seller:
    found = await sellers.find_by_external_id(tx, external_id, livemode=world.provider.livemode)
    if found is None:
        raise NotFound(f"There is no seller {external_id[:64]!r}.", param="seller")
    return found


async def _check_own(tx: Transaction, caller: object, listing: Listing) -> None:
    """Somebody else's does not exist for a seller."""
    if isinstance(caller, Server):
        return
    seller = await sellers.get(tx, listing.seller_id)
    if not isinstance(caller, CustomerCaller) or caller.identity.external_id != seller.external_id:
        raise NotFound(f"There is no listing {listing.id}.")


def _wanted(said: NewListing | ListingChange) -> actions.Wanted:
    return actions.Wanted(
        title=said.title,
        description=said.description,
        category=said.category,
        prices=None if said.prices is None else [price.money() for price in said.prices],
        max_quantity=said.max_quantity,
        weight_grams=said.weight_grams,
        image_url=said.image_url,
        product=said.product,
    )


async def _shown(tx: Transaction, listing: Listing) -> ListingShown:
    stock = await inventory.get(tx, listing.stock)
    return ListingShown(
        id=str(listing.id),
        seller=(await sellers.get(tx, listing.seller_id)).external_id,
        product=listing.product,
        sku=listing.sku,
        title=listing.title,
        description=listing.description,
        category=listing.category,
        prices=[MoneyShown.of(price) for price in listing.prices.values()],
        max_quantity=listing.max_quantity,
        available=stock.sellable,
        available_from=stock.expected_at,
        weight_grams=listing.weight_grams,
        image_url=listing.image_url,
        status=listing.status,
        created_at=listing.created_at,
    )
