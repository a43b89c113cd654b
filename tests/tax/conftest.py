"""A shop that says in whose name it sells, and callers of its API."""

from dataclasses import replace

import pytest
from tests.api.conftest import ada, api, connect, eve, secret, server
from tests.worlds import CATALOG, account, outbox, sandbox, settings
from tests.worlds import world as plain_world

from farthing import catalog
from farthing.world import World

__all__ = ["account", "ada", "api", "connect", "eve", "outbox", "plain_world", "sandbox", "secret", "server", "settings"]

LEGAL = """
[legal]
name = "Books GmbH"
address = ["Ringstraße 1", "1010 Wien"]
country = "AT"
tax_id = "ATU13585627"
tax_rate = 20
"""


@pytest.fixture
async def world(plain_world: World) -> World:
    """Prices hold 20 % of tax, and those of an e-book 10."""
    text = CATALOG.replace("[products.ebook]", '[products.ebook]\ntax_rate = "10.0"') + LEGAL
    return replace(plain_world, catalog=catalog.parse(text))
