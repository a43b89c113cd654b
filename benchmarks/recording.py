"""The SQL of settling, noted from the code that runs in production, to be run again by a loop that does nothing else."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

from benchmarks.orders import Waiting
from farthing.db import Connection, Database, Transaction
from farthing.ids import EventId, Id, NoticeId

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


HEX: Final = re.compile(r'"([0-9a-f]{32})"')
IDS_VERSION: Final = 7


def statements_for(
    recorded: Sequence[Statement], was: tuple[Waiting, NoticeId], now: tuple[Waiting, NoticeId]
) -> list[Statement]:
    """The recorded statements, as they would have been for another order: same work, other ids."""
    ids = dict(zip(_ids_of(*was), _ids_of(*now), strict=True))
    for made in _ids_in(recorded):
        ids.setdefault(made, type(made).new())
    words = {form: other for old, new in ids.items() for form, other in zip(_forms(old), _forms(new), strict=True)}
    words[was[0].intent] = now[0].intent
    return [(sql, {name: _swapped(value, ids, words) for name, value in params.items()}) for sql, params in recorded]


def _ids_of(waiting: Waiting, notice: NoticeId) -> list[Id]:
    order = waiting.order
    return [order.id, order.customer_id, *(line.id for line in order.lines), waiting.payment.id, notice]


def _ids_in(recorded: Sequence[Statement]) -> Iterable[Id]:
    """Those that are parameters, and those in the rows that a statement takes as JSON: of what, nobody says there."""
    values = [value for _, params in recorded for value in params.values()]
    found = [value for value in values if isinstance(value, Id)]
    known = {each.int for each in found}
    within = {UUID(each) for value in values if isinstance(value, str) for each in HEX.findall(value)}
    return [*found, *(EventId.of(each) for each in within if each.version == IDS_VERSION and each.int not in known)]


def _forms(id: Id) -> tuple[str, str, str]:
    """How it is written: in public after its prefix, as PostgreSQL does, and in JSON."""
    plain = UUID(int=id.int)
    return str(id).rpartition("_")[2], str(plain), plain.hex


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
