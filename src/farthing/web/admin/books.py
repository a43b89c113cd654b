"""The ledger: where every unit is, and the seal that says the books balance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import ledger, orders
from farthing.db import Transaction
from farthing.ids import OrderId
from farthing.ledger import Balance, Entry
from farthing.money import Money
from farthing.orders import Order
from farthing.web.page import render
from farthing.web.wiring import asked, reading

SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Book:
    """All accounts in one currency."""

    currency: str
    balances: Sequence[Balance]
    off: Money

    @property
    def is_balanced(self) -> bool:
        return not self.off

    @property
    def debits(self) -> Money:
        return self._sum(1)

    @property
    def credits(self) -> Money:
        return -self._sum(-1)

    def _sum(self, sign: int) -> Money:
        found = (balance.money for balance in self.balances if balance.money.amount * sign > 0)
        return sum(found, start=Money.zero(self.currency))


async def overview(request: Request) -> Response:
    """`?order=` shows the entries of one order."""
    chosen = asked(request, "order")
    async with reading(request) as tx:
        balances = await ledger.trial_balance(tx)
        order = await orders.get(tx, OrderId.parse(chosen)) if chosen else None
        entries = await _entries(tx, order)
        numbers = await _numbers(tx, entries)
    return render(request, "admin/ledger.html", books=list(_books(balances)), entries=entries, order=order, numbers=numbers)


async def _entries(tx: Transaction, order: Order | None) -> Sequence[Entry]:
    return await (ledger.recent_entries(tx, limit=SHOWN) if order is None else ledger.entries_of_order(tx, order.id))


async def _numbers(tx: Transaction, entries: Sequence[Entry]) -> dict[OrderId, int]:
    ids = {entry.order_id for entry in entries if entry.order_id is not None}
    return {id: (await orders.get(tx, id)).number for id in ids}


def _books(balances: Sequence[Balance]) -> Iterator[Book]:
    for currency, found in groupby(balances, key=lambda balance: balance.money.currency):
        rows = list(found)
        yield Book(currency, rows, sum((row.money for row in rows), start=Money.zero(currency)))
