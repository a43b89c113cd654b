"""The stage of the demo: swept before, so that the amounts at the end are those of the script and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg

from farthing.catalog import EXAMPLE
from farthing.cli.demo import script
from farthing.cli.demo.buyer import Buyer
from farthing.cli.demo.script import Story
from farthing.cli.dev.house import House
from farthing.db import Transaction
from farthing.http import keys


async def clear(house: House) -> None:
    """Of a demo before, nothing stays but the empty database server."""
    (house.home / "farthing.toml").write_text(EXAMPLE, encoding="utf-8")
    for leftover in house.home.glob("sandbox.sqlite3*"):
        leftover.unlink()
    await asyncio.to_thread(_drop, await asyncio.to_thread(house.dsn))


def _drop(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS farthing CASCADE")


async def perform(house: House, say: Callable[[str], None]) -> list[Story]:
    world, state = house.pay.world, house.state

    async def key(tx: Transaction) -> str:
        _, secret = await keys.create(tx, "The demo's shopkeeper", livemode=False)
        return secret

    secret = await world.db.run("farthing demo", key)
    async with Buyer(state.base_url, state.sandbox_url, secret) as buyer:
        return await script.play(world, buyer, say)
