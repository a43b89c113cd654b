"""Refunding in one call, and looking at what came of it."""

from farthing import entitlements, ledger, payments
from farthing.ids import OrderId
from farthing.money import Money
from farthing.payments import Payment, Refund
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
