"""Refunding in one call, and looking at what came of it."""

from farthing import entitlements, ledger, payments
from farthing.db import Transaction
from farthing.ids import OrderId
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Payment, Refund, WantedLine
from farthing.payments.line_store import standings
from farthing.world import World


async def refund(world: World, order: OrderId, money: Money | None = None) -> Refund:
    async with world.db.transaction("staff:1") as tx:
        return await payments.refund_order(tx, order, money, reason="requested_by_customer", note=None)


async def refunds_of(world: World, order: OrderId) -> list[Refund]:
    async with world.db.transaction("test") as tx:
        return await payments.refunds_of_order(tx, order)


async def payment_of(world: World, order: OrderId) -> Payment:
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, order)
    return payment


async def balances(world: World) -> dict[str, int]:
    async with world.db.transaction("test") as tx:
        return {balance.account: balance.money.amount for balance in await ledger.trial_balance(tx) if balance.money}


async def holds(world: World) -> bool:
    return await entitlements.check(world.db, "ada", "guide:pro")


async def refund_lines(world: World, order: OrderId, *lines: WantedLine) -> Refund:
    async def work(tx: Transaction) -> Refund:
        return await payments.refund_order(tx, order, None, reason="requested_by_customer", note=None, lines=lines)

    return await world.db.run("staff:1", work)


async def back(world: World, order: Order) -> list[tuple[str, int, int]]:
    """Of each line: how much is back or on its way, and how many."""
    async with world.db.transaction("test") as tx:
        return [(each.line.product, each.taken, each.quantity) for each in await standings(tx, order)]
