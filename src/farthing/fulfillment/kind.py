"""What a kind of product must answer. A module with these three functions is one."""

from typing import Protocol

from farthing.db import Transaction
from farthing.orders import LineItem, Order


class Kind(Protocol):
    async def grant(self, tx: Transaction, order: Order, line: LineItem, /) -> None: ...

    async def revoke(self, tx: Transaction, order: Order, line: LineItem, /) -> None: ...

    async def restore(self, tx: Transaction, order: Order, line: LineItem, /) -> None: ...
