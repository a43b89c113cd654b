"""What is done by itself about ways to pay: finish what nobody answered, close what is over, and mind the deadlines."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from farthing import orders, payments
from farthing.checkout import ways
from farthing.checkout.ways import SWEEP_MAX, UNANSWERED
from farthing.db import Transaction
from farthing.errors import Conflict, DatabaseUnavailable, ProviderError, ProviderUnavailable
from farthing.ids import OrderId
from farthing.payments import Payment
from farthing.world import World

T = TypeVar("T")

LOOK_EVERY: Final = timedelta(minutes=10)
"""An authorization that ought to have ended is looked at so often."""

log = structlog.get_logger("farthing.checkout")


async def tidy(world: World) -> int:
    """The sweep. Returns how much it did; what the provider does not answer stays due."""
    async with world.db.transaction("sweep") as tx:
        before = tx.now - UNANSWERED
        unanswered = await payments.unanswered(tx, before=before, limit=SWEEP_MAX)
        captures = await payments.half_captured(tx, before=before, limit=SWEEP_MAX)
        closing = await payments.due_to_close(tx, before=before, limit=SWEEP_MAX)
        run_out = await payments.run_out(tx, looked_before=tx.now - LOOK_EVERY, limit=SWEEP_MAX)
    done = await _each(world, unanswered, _finish)
    done += await _each(world, captures, _take)
    done += await _each(world, closing, _close)
    await _each(world, run_out, _look)
    done += await payments.warn(world, limit=SWEEP_MAX)
    async with world.db.transaction("sweep") as tx:
        over = await orders.due_to_close(tx, limit=SWEEP_MAX)
    return done + await _each(world, over, _close_order)


async def _each(world: World, found: Sequence[T], act: Callable[[World, T], Awaitable[None]]) -> int:
    done = 0
    for each in found:
        try:
            await act(world, each)
            done += 1
        except (ProviderUnavailable, Conflict):
            continue  # it stays due, or somebody was quicker
        except ProviderError as error:
            log.warning("tidy.refused", error=error.detail)
        except DatabaseUnavailable:
            raise
        except Exception:  # one that cannot be tidied must not keep the others
            log.exception("tidy.failed", what=str(getattr(each, "id", each)))
    return done


async def _finish(world: World, payment: Payment) -> None:
    await payments.finish_intent(world, payment, actor="sweep")


async def _take(world: World, payment: Payment) -> None:
    await payments.take(world, payment, actor="sweep")


async def _close(world: World, payment: Payment) -> None:
    if payment.close_asked_at is None:
        payment = await world.db.run("sweep", lambda tx: _ask(tx, payment))
    await ways.close_way(world, payment, actor="sweep")


async def _ask(tx: Transaction, payment: Payment) -> Payment:
    await orders.lock(tx, payment.order_id)
    return await payments.request_close(tx, await payments.lock(tx, payment.id))


async def _look(world: World, payment: Payment) -> None:
    await payments.look(world, payment.id, actor="sweep")


async def _close_order(world: World, id: OrderId) -> None:
    async def work(tx: Transaction) -> None:
        order = await orders.lock(tx, id)
        over = order.expires_at <= tx.now or order.cancel_requested_at is not None
        if over and await payments.way_of_order(tx, id) is None:
            await orders.close_unpaid(tx, order)

    await world.db.run("sweep", work)
