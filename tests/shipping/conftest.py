"""A marketplace that sends things: EasyPost's own SDK, and the sandbox in EasyPost's place."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.marketplace.conftest import Market, market, of
from tests.worlds import Sandbox, account, buy, lone_sandbox, outbox, settings, world

from farthing import addresses, seller_orders, shipping
from farthing.addresses import Address
from farthing.carriers import Parcel
from farthing.carriers.easypost import EasyPost
from farthing.catalog import CartItem
from farthing.db import Transaction
from farthing.listings import Listing
from farthing.money import Money
from farthing.orders import Order
from farthing.seller_orders import SellerOrder, Shipment
from farthing.shipping import Label, Wanted
from farthing.world import World

__all__ = ["account", "lone_sandbox", "market", "outbox", "settings", "world"]

SECRET = "the secret of EasyPost's webhook"
WEAK = Parcel(weight_grams=450)
ORIGIN = Address("US", "Grace's lamps", "417 Montgomery St", city="San Francisco", state="CA", postal_code="94104")
HOME = Address("US", "Ada Lovelace", "1 Main St", city="Springfield", state="IL", postal_code="62701")


@pytest.fixture
def sandbox(lone_sandbox: Sandbox) -> Sandbox:
    """Its clock is moved here."""
    return lone_sandbox


@dataclass(frozen=True, slots=True)
class Depot:
    """A market whose sellers' parcels are carried."""

    market: Market
    carrier: EasyPost
    key: str

    @property
    def world(self) -> World:
        return self.market.world

    async def sold(self, *items: CartItem) -> SellerOrder:
        """An order of grace's that waits to be sent, whose buyer said where to."""
        order = await buy(self.market.world, self.market.account, *items)
        await self.market.do(lambda tx: addressed(tx, order))
        (part, *_) = await self.market.do(lambda tx: seller_orders.of_order(tx, order.id))
        return part

    async def lamp(self, stock: int = 10) -> CartItem:
        listing: Listing = await self.market.lists(self.market.grace, f"lamp {uuid.uuid4().hex[:6]}", stock=stock)
        return of(listing)

    async def label(self, part: SellerOrder, **changes: Any) -> Label:
        wanted = replace(Wanted(WEAK, "usps", "GroundAdvantage", Money(500, "usd")), **changes)
        return await shipping.buy_label(self.world, part.id, wanted, origin=ORIGIN, actor="test")

    async def sent(self, part: SellerOrder) -> tuple[Label, Shipment]:
        label = await self.label(part)
        assert label.shipment_id is not None, label
        return label, await self.parcel(label)

    async def parcel(self, label: Label) -> Shipment:
        assert label.shipment_id is not None
        id = label.shipment_id
        return await self.market.do(lambda tx: seller_orders.get_shipment(tx, id))

    async def part(self, part: SellerOrder) -> SellerOrder:
        return await self.market.do(lambda tx: seller_orders.get(tx, part.id))

    async def happens(self, number: str | None, what: str, **fields: Any) -> None:
        """To a parcel, at the carrier's: deliver, scan, lose, return, delay, settle_refund. Nobody tells us."""
        answer = await self.market.account.http.post(f"/_sandbox/parcels/{number}/{what}", json=fields)
        assert answer.status_code == 200, answer.text

    async def look(self, parcel: Shipment) -> Shipment:
        return await shipping.track(self.world, parcel.id, actor="test")

    async def theirs(self, path: str) -> dict[str, Any]:
        """What EasyPost's API says."""
        answer = await self.market.account.http.get(f"/easypost/v2/{path}", auth=(self.key, ""))
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


async def addressed(tx: Transaction, order: Order) -> None:
    await addresses.keep(tx, order.id, HOME)


@pytest.fixture
async def depot(market: Market, sandbox: Sandbox) -> AsyncIterator[Depot]:
    key = f"EZTK{uuid.uuid4().hex}"
    carrier = EasyPost(key, webhook_secrets=["an old one", SECRET], base=f"{sandbox.url}/easypost/v2")
    there = replace(market, world=replace(market.world, carrier=carrier))
    yield Depot(there, carrier, key)
    await carrier.close()
