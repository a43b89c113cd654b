"""The SQL of settling, noted from the code that runs in production, to be run again by a loop that does nothing else."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from benchmarks.orders import Waiting
from farthing.db import Connection, Database, Transaction
from farthing.ids import Id, NoticeId

Statement = tuple[str, Mapping[str, Any]]


class RecordingDatabase(Database):
    """A database that notes the statements of each of its transactions."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.transactions: list[list[Statement]] = []

    @asynccontextmanager
    async def transaction(self, actor: str) -> AsyncIterator[Transaction]:
        async with super().transaction(actor) as tx:
            noted = _Noted(tx.connection)
            self.transactions.append(noted.statements)
            tx.connection = cast("Connection", noted)
            yield tx


@dataclass(slots=True)
class _Noted:
    connection: Connection
    statements: list[Statement] = field(default_factory=list)

    async def execute(self, sql: Any, params: Mapping[str, Any] | None = None, **options: Any) -> Any:
        self.statements.append((sql, dict(params or {})))
        return await self.connection.execute(sql, params, **options)


def statements_for(
    recorded: Sequence[Statement], was: tuple[Waiting, NoticeId], now: tuple[Waiting, NoticeId]
) -> list[Statement]:
    """The recorded statements, as they would have been for another order: same work, other ids."""
    ids = dict(zip(_ids_of(*was), _ids_of(*now), strict=True))
    for made in _ids_in(recorded):
        ids.setdefault(made, type(made).new())
    words = {str(old): str(new) for old, new in ids.items()}
    words |= {str(UUID(int=old.int)): str(UUID(int=new.int)) for old, new in ids.items()}
    words[was[0].intent] = now[0].intent
    return [(sql, {name: _swapped(value, ids, words) for name, value in params.items()}) for sql, params in recorded]


def _ids_of(waiting: Waiting, notice: NoticeId) -> list[Id]:
    order = waiting.order
    return [order.id, order.customer_id, *(line.id for line in order.lines), waiting.payment.id, notice]


def _ids_in(recorded: Sequence[Statement]) -> Iterable[Id]:
    return [value for _, params in recorded for value in params.values() if isinstance(value, Id)]


def _swapped(value: Any, ids: Mapping[Id, Id], words: Mapping[str, str]) -> Any:
    match value:
        case Id():
            return ids[value]
        case list():
            return [_swapped(item, ids, words) for item in value]
        case str():
            for old, new in words.items():
                value = value.replace(old, new)
            return value
        case bytes():
            return str(_swapped(value.decode(), ids, words)).encode()
        case _:
            return value
