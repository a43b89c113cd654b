"""What there is of something that can run out, and from where an order is served. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from farthing.errors import Invalid
from farthing.ids import LineItemId, OrderId, StockReservationId
from farthing.lifecycles import ReservationStatus

Policy = Literal["deny", "backorder", "preorder"]
"""What is done when nothing is left: refuse, or sell what is to come."""

MovementKind = Literal["received", "counted", "lost", "moved", "sold", "returned"]

SKU_MAX: Final = 100
QUANTITY_MAX: Final = 1_000_000
MAIN: Final = "main"
"""The location of a shop that has one."""


@dataclass(frozen=True, slots=True)
class Level:
    """What lies in one place. `available` is what nobody has reserved."""

    location: str
    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class StockItem:
    """Something that can run out, and what lies where of it, the place that is emptied first at the front."""

    sku: str
    name: str
    policy: Policy
    backorder_max: int | None
    """How much of what is to come may be sold; None: any number. Says nothing under the policy deny."""
    backordered: int
    """How much of what is to come is reserved or sold."""
    expected_at: datetime | None
    low_at: int | None
    """`stock.low` is told once when no more than this can be sold from the shelf."""
    levels: Sequence[Level] = ()

    @property
    def on_hand(self) -> int:
        return sum(level.on_hand for level in self.levels)

    @property
    def available(self) -> int:
        """What can be sold from the shelf."""
        return sum(level.available for level in self.levels)

    @property
    def sellable(self) -> int | None:
        """How many can be ordered now, of what is to come as well; None: any number."""
        if self.policy == "deny":
            return self.available
        if self.backorder_max is None:
            return None
        return self.available + max(self.backorder_max - self.backordered, 0)


@dataclass(frozen=True, slots=True)
class Part:
    """So many from one place; from None: of what is to come."""

    location: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What a line of an order needs."""

    line: LineItemId
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Something kept for a line of an order until it is paid, and then gone from the shelf."""

    id: StockReservationId
    order_id: OrderId
    line_id: LineItemId
    sku: str
    location: str | None
    quantity: int
    status: ReservationStatus
    restocked: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Movement:
    id: int
    sku: str
    location: str
    kind: MovementKind
    quantity: int
    order_id: OrderId | None
    reason: str | None
    reference: str | None
    actor: str
    moved_at: datetime


def allocate(item: StockItem, quantity: int) -> list[Part] | None:
    """From where so many come; None where there are not enough.

    From one place where one has them all, for one parcel is better than two; else the places are emptied in their order, and
    what they lack is taken of what is to come, as far as the policy goes.
    """
    sellable = item.sellable
    if sellable is not None and quantity > sellable:
        return None
    whole = next((level for level in item.levels if level.available >= quantity), None)
    if whole is not None:
        return [Part(whole.location, quantity)]
    parts, left = [], quantity
    for level in item.levels:
        if taken := min(level.available, left):
            parts.append(Part(level.location, taken))
            left -= taken
    return [*parts, Part(None, left)] if left else parts


def checked_quantity(quantity: object, where: str = "quantity") -> int:
    if type(quantity) is not int or not 1 <= quantity <= QUANTITY_MAX:
        raise Invalid(f"A quantity is a whole number from 1 to {QUANTITY_MAX}.", param=where)
    return quantity


def checked_sku(sku: object) -> str:
    if not isinstance(sku, str) or not 1 <= len(sku) <= SKU_MAX or not sku.isprintable() or sku != sku.strip():
        raise Invalid(f"A sku is a printable text of 1 to {SKU_MAX} characters.", param="sku")
    return sku
