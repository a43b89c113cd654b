"""Kinds of product: an application registers its own, replaces ours, and people deliver services unit by unit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from pydantic import BaseModel
from tests.boards import ADA, BOARD, post_job
from tests.fulfillment.conftest import give_back
from tests.news import sound
from tests.worlds import CATALOG, Account, Outbox, buy, unchanged

from farthing import Farthing, catalog, fulfillment, orders
from farthing.catalog import CartItem
from farthing.clock import TravelClock
from farthing.config import Settings
from farthing.db import Transaction
from farthing.errors import ConfigError, Conflict, Invalid
from farthing.money import Money
from farthing.orders import LineItem, Order
from farthing.world import World

SEAT = (
    CATALOG
    + """
[products.seat]
name = "A seat"
kind = "seat"
price = "5.00 EUR"
options = { rows = 3 }
"""
)


class SeatOptions(BaseModel):
    rows: int
    balcony: bool = False


@dataclass
class Seats:
    """A kind of a host's own."""

    options: type[BaseModel] = SeatOptions
    taken: list[tuple[str, int]] = field(default_factory=list)

    async def grant(self, tx: Transaction, order: Order, line: LineItem) -> None:
        self.taken.append((line.product, line.details["rows"]))

    async def revoke(self, tx: Transaction, order: Order, line: LineItem) -> None:
        self.taken.clear()

    async def restore(self, tx: Transaction, order: Order, line: LineItem) -> None:
        await self.grant(tx, order, line)


@asynccontextmanager
async def with_kinds(
    settings: Settings, outbox: Outbox, clock: TravelClock, text: str, kinds: dict[str, object]
) -> AsyncIterator[Farthing]:
    sells = catalog.parse(text, kinds=kinds)
    async with Farthing(settings, run_worker=False, catalog=sells, clock=clock, mailer=outbox, kinds=kinds) as pay:
        yield pay


@pytest.mark.covers("S000-11", "S000-43", "C25")
async def test_a_kind_of_the_hosts_own_is_granted_and_revoked(
    settings: Settings, account: Account, outbox: Outbox, clock: TravelClock
) -> None:
    seats = Seats()
    async with with_kinds(settings, outbox, clock, SEAT, {"seat": seats}) as pay:
        order = await buy(pay.world, account, CartItem("seat"))
        assert order.lines[0].details == {"rows": 3, "balcony": False}
        assert seats.taken == [("seat", 3)]
        await give_back(pay.world, account, order)
        assert seats.taken == []
        assert await sound(pay.world)


@pytest.mark.covers("S000-42", "S000-43")
async def test_a_host_does_for_itself_what_ours_would_do(
    settings: Settings, account: Account, outbox: Outbox, clock: TravelClock
) -> None:
    class Print(Seats):
        async def grant(self, tx: Transaction, order: Order, line: LineItem) -> None:
            self.taken.append((line.metadata["job"], line.details["days"]))

    printer = Print()
    async with with_kinds(settings, outbox, clock, BOARD, {"job_posting": printer}) as pay:
        await post_job(pay.world, account)
        assert printer.taken == [("job-1", 30)]
        assert await pay.job_posting("job-1") is None
        assert await sound(pay.world)


@pytest.mark.covers("S000-8")
def test_a_kind_that_nobody_registered_or_with_wrong_options_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"kind: 'seat' is not a kind of product: use access, .*Farthing\(kinds="):
        catalog.parse(SEAT)
    wrong = SEAT.replace("rows = 3", 'rows = "many"')
    with pytest.raises(
        ConfigError, match=r"farthing\.toml:\d+: products\.seat\.options\.rows: Input should be a valid integer"
    ):
        catalog.parse(wrong, kinds={"seat": Seats()})
    with pytest.raises(ConfigError, match="needs `async def revoke`"):
        fulfillment.registered({"seat": type("Half", (), {"grant": Seats.grant})()}, None)
    with pytest.raises(ConfigError, match="is not the name of a kind"):
        fulfillment.registered({"Seat": Seats()}, None)


async def test_a_process_without_the_kind_leaves_the_work_to_one_that_has_it(
    settings: Settings, account: Account, outbox: Outbox, clock: TravelClock, world: World
) -> None:
    seats = Seats()
    async with with_kinds(settings, outbox, clock, SEAT, {"seat": seats}) as pay:
        order = await buy(pay.world, account, CartItem("seat"))
        with pytest.raises(LookupError, match="this process has no kind 'seat'"):
            async with world.db.transaction("test") as tx:
                await fulfillment.grant(tx, order)


@pytest.mark.covers("C6")
async def test_a_service_is_fulfilled_when_people_have_delivered_all_of_it(shop: World, account: Account) -> None:
    order = await buy(shop, account, CartItem("review", 2), buyer=ADA)
    line = order.lines[0].id

    async def deliver(units: int, note: str | None = None) -> tuple[str, int, str, Money]:
        work = await shop.db.run("app", lambda tx: fulfillment.advance_to(tx, order.id, line, units, note=note))
        async with shop.db.transaction("test") as tx:
            now = await orders.get(tx, order.id)
            return (
                str(work.status),
                work.delivered_units,
                now.fulfillment_status,
                await fulfillment.used(tx, order, now.lines[0]),
            )

    assert order.fulfillment_status == "unfulfilled"
    assert await deliver(0, "Ann does it") == ("in_progress", 0, "unfulfilled", Money(0, "usd"))
    assert await deliver(1) == ("in_progress", 1, "partial", Money(5001, "usd"))
    async with unchanged(shop):
        assert await deliver(1) == ("in_progress", 1, "partial", Money(5001, "usd"))
        with pytest.raises(Invalid, match="has 6 units"):
            await deliver(7)
        with pytest.raises(Conflict, match="cannot be undone"):
            await deliver(0)
    assert await deliver(6) == ("delivered", 6, "fulfilled", Money(30002, "usd"))
    async with shop.db.transaction("test") as tx:
        (work,) = await fulfillment.of_order(tx, order.id)
    assert work.note == "Ann does it"
    assert work.due_at is not None
    assert await sound(shop)


async def test_a_refunded_service_is_done_no_more(shop: World, account: Account) -> None:
    order = await buy(shop, account, CartItem("review"), CartItem("credits"), buyer=ADA)
    assert order.fulfillment_status == "partial", "the credits came with the payment"
    await shop.db.run("app", lambda tx: fulfillment.advance_to(tx, order.id, order.lines[0].id, 1))
    await give_back(shop, account, order)
    with pytest.raises(Conflict, match="canceled"):
        await shop.db.run("app", lambda tx: fulfillment.advance_to(tx, order.id, order.lines[0].id, 2))
    async with shop.db.transaction("test") as tx:
        assert await fulfillment.to_do(tx, limit=10) == []
    assert await sound(shop)
