"""Stock over HTTP, for the shop's own servers: what there is, what it does when it runs out, and what came and went."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import AwareDatetime, Field, StringConstraints

from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, Unauthenticated
from farthing.http.bodies import Body, Line, ListShown, Query, Shown, listed, refuses
from farthing.http.credentials import OnlyServer
from farthing.http.state import TheWorld
from farthing.ids import public
from farthing.inventory import keeping, store
from farthing.inventory.model import MAIN, QUANTITY_MAX, SKU_MAX, Movement, MovementKind, Policy, StockItem
from farthing.paging import LIMIT_DEFAULT, LIMIT_MAX, Page

router = APIRouter(prefix="/v1/stock", tags=["stock"])

Place = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$"), Field(description="A location.", examples=["main"])
]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]


class LocationBody(Body):
    name: Line
    priority: int = Field(0, ge=-1000, le=1000, description="The smallest is emptied first.")
    active: bool = True


class LocationShown(Shown):
    key: str
    object: Literal["stock_location"] = "stock_location"
    name: str
    priority: int
    active: bool


class ItemBody(Body):
    """What a sku does when nothing is left."""

    name: Line = Field(description="What people call it.")
    policy: Policy = Field("deny", description='"deny" sells what is there, "backorder" and "preorder" also what is to come.')
    backorder_max: int | None = Field(None, ge=0, le=QUANTITY_MAX, description="How much of what is to come may be sold.")
    expected_at: AwareDatetime | None = Field(None, description="When there is more.")
    low_at: int | None = Field(None, ge=0, le=QUANTITY_MAX, description="`stock.low` is told when no more is left.")


class LevelShown(Shown):
    location: str
    on_hand: int
    reserved: int = Field(description="Kept for orders that may yet be paid.")
    available: int


class ItemShown(Shown):
    sku: str
    object: Literal["stock_item"] = "stock_item"
    name: str
    policy: Policy
    on_hand: int
    available: int = Field(description="What can be sold from the shelves.")
    sellable: int | None = Field(description="What can be ordered, of what is to come as well; null: any number.")
    backordered: int = Field(description="Sold or reserved of what is to come.")
    backorder_max: int | None
    expected_at: datetime | None
    low_at: int | None
    levels: list[LevelShown]

    @classmethod
    def of(cls, item: StockItem) -> "ItemShown":
        levels = [
            LevelShown(location=e.location, on_hand=e.on_hand, reserved=e.reserved, available=e.available) for e in item.levels
        ]
        return cls(
            sku=item.sku,
            name=item.name,
            policy=item.policy,
            on_hand=item.on_hand,
            available=item.available,
            sellable=item.sellable,
            backordered=item.backordered,
            backorder_max=item.backorder_max,
            expected_at=item.expected_at,
            low_at=item.low_at,
            levels=levels,
        )


class Received(Body):
    kind: Literal["received"]
    quantity: Quantity
    location: Place = MAIN
    reason: Line | None = None
    reference: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")] | None = Field(
        None, description="A delivery note: the same one again receives nothing twice."
    )


class Counted(Body):
    kind: Literal["counted"]
    on_hand: int = Field(ge=0, le=QUANTITY_MAX, description="How many lie there.")
    location: Place = MAIN
    reason: Line | None = None


class Lost(Body):
    kind: Literal["lost"]
    quantity: Quantity
    location: Place = MAIN
    reason: Line


class Moved(Body):
    kind: Literal["moved"]
    quantity: Quantity
    source: Place
    target: Place
    reason: Line | None = None


NewMovement = Annotated[Received | Counted | Lost | Moved, Field(discriminator="kind")]


class StockQuery(Query):
    limit: int = Field(LIMIT_DEFAULT, ge=1, le=LIMIT_MAX)
    cursor: str | None = Field(None, max_length=SKU_MAX, pattern=r"^[^\x00]*$", description="`next_cursor` of the page before.")
    low: bool = Field(False, description="Only what is low, or gone.")


class MovementQuery(Query):
    limit: int = Field(LIMIT_DEFAULT, ge=1, le=LIMIT_MAX)
    cursor: int | None = Field(None, ge=1, le=2**62, description="`next_cursor` of the page before.")


class MovementShown(Shown):
    id: int
    object: Literal["stock_movement"] = "stock_movement"
    sku: str
    location: str
    kind: MovementKind
    quantity: int = Field(description="Negative where it left.")
    order: str | None
    reason: str | None
    reference: str | None
    moved_at: datetime

    @classmethod
    def of(cls, movement: Movement) -> "MovementShown":
        return cls(
            id=movement.id,
            sku=movement.sku,
            location=movement.location,
            kind=movement.kind,
            quantity=movement.quantity,
            order=public(movement.order_id),
            reason=movement.reason,
            reference=movement.reference,
            moved_at=movement.moved_at,
        )


@router.get("/locations", operation_id="stock_locations_list", responses=refuses(Unauthenticated, Forbidden))
async def list_locations(world: TheWorld, caller: OnlyServer) -> ListShown[LocationShown]:
    """Where stock lies, in the order in which it is taken."""
    async with world.db.transaction(caller.actor) as tx:
        found = await store.locations(tx)
    return listed(Page(found, None), lambda each: LocationShown(key=each[0], name=each[1], priority=each[2], active=each[3]))


@router.put(
    "/locations/{key}",
    operation_id="stock_locations_put",
    responses=refuses(Malformed, Unauthenticated, Forbidden, Invalid),
)
async def put_location(world: TheWorld, caller: OnlyServer, key: Place, wanted: LocationBody) -> LocationShown:
    """Make a location, or change what is said of it."""

    async def work(tx: Transaction) -> None:
        await keeping.place_named(tx, key, wanted.name, priority=wanted.priority, active=wanted.active)

    await world.db.run(caller.actor, work)
    return LocationShown(key=key, name=wanted.name, priority=wanted.priority, active=wanted.active)


@router.get("/items", operation_id="stock_items_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_items(
    world: TheWorld, caller: OnlyServer, query: Annotated[StockQuery, fastapi.Query()]
) -> ListShown[ItemShown]:
    """What is counted, by its sku."""
    async with world.db.transaction(caller.actor) as tx:
        page = await store.list_items(tx, after=query.cursor, limit=query.limit, low=query.low)
    return listed(page, ItemShown.of)


@router.get("/items/{sku:path}/movements", operation_id="stock_movements_list", responses=refuses(Unauthenticated, NotFound))
async def list_movements(
    world: TheWorld, caller: OnlyServer, sku: str, query: Annotated[MovementQuery, fastapi.Query()]
) -> ListShown[MovementShown]:
    """What came and went, newest first."""
    async with world.db.transaction(caller.actor) as tx:
        await keeping.get(tx, sku)
        page = await store.movements(tx, sku, before=query.cursor, limit=query.limit)
    return listed(page, MovementShown.of)


@router.post(
    "/items/{sku:path}/movements",
    operation_id="stock_movements_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid),
)
async def move(world: TheWorld, caller: OnlyServer, sku: str, wanted: NewMovement) -> ItemShown:
    """Say what came, what was counted, what was lost, or what was carried elsewhere; the answer is what there is now."""

    async def work(tx: Transaction) -> StockItem:
        match wanted:
            case Received():
                await keeping.receive(
                    tx, sku, wanted.quantity, location=wanted.location, reason=wanted.reason, reference=wanted.reference
                )
            case Counted():
                await keeping.count(tx, sku, wanted.on_hand, location=wanted.location, reason=wanted.reason)
            case Lost():
                await keeping.lose(tx, sku, wanted.quantity, location=wanted.location, reason=wanted.reason)
            case Moved():
                await keeping.carry(tx, sku, wanted.quantity, source=wanted.source, target=wanted.target, reason=wanted.reason)
        return await keeping.get(tx, sku)

    return ItemShown.of(await world.db.run(caller.actor, work))


@router.get("/items/{sku:path}", operation_id="stock_items_get", responses=refuses(Unauthenticated, Forbidden, NotFound))
async def get_item(world: TheWorld, caller: OnlyServer, sku: str) -> ItemShown:
    """What there is of a sku, and where."""
    async with world.db.transaction(caller.actor) as tx:
        return ItemShown.of(await keeping.get(tx, sku))


@router.put(
    "/items/{sku:path}",
    operation_id="stock_items_put",
    responses=refuses(Malformed, Unauthenticated, Forbidden, Conflict, Invalid),
)
async def put_item(world: TheWorld, caller: OnlyServer, sku: str, wanted: ItemBody) -> ItemShown:
    """Count something from now on, or say what it does when nothing is left."""

    async def work(tx: Transaction) -> StockItem:
        return await keeping.define(
            tx,
            sku,
            wanted.name,
            policy=wanted.policy,
            backorder_max=wanted.backorder_max,
            expected_at=wanted.expected_at,
            low_at=wanted.low_at,
        )

    return ItemShown.of(await world.db.run(caller.actor, work))
