"""An apply that ends anywhere, as by `kill -9`, and is run again: nothing is there twice, nothing is missing."""

import signal
import subprocess
import sys
from typing import Any

import pytest
from tests.catalog.conftest import Dashboard, Seller
from tests.catalog.test_apply import GUIDE, MUG, SHOP

from farthing import catalog
from farthing.db import Database
from farthing.providers.stripe import Stripe

EDITED = SHOP.replace("49.00 EUR", "59.00 EUR").replace(', "55.00 USD"', "").replace('"Guide"', '"The Guide"')
EDITED = EDITED.replace(MUG, MUG.replace("mug", "cup").replace("Mug", "Cup"))
"""Every kind of step: an update, a new price, an archived one, a currency less, a product less, a product more."""


class Cut(BaseException):
    """The end of the process: nothing in the house catches it."""


class Countdown:
    """Ends everything at the n-th boundary it passes."""

    def __init__(self, boundary: int) -> None:
        self.left = boundary

    def passed(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cut


class Interrupted:
    """The real provider. Before and after each of its calls is a boundary."""

    def __init__(self, provider: Stripe, countdown: Countdown) -> None:
        self._provider = provider
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._provider, name)
        if not callable(found):
            return found

        async def call(*args: Any, **named: Any) -> Any:
            self._countdown.passed()
            answer = await found(*args, **named)
            self._countdown.passed()
            return answer

        return call


class InterruptedDatabase(Database):
    """The real database. Before the start and after the commit of each piece of work is a boundary."""

    countdown: Countdown

    async def run(self, actor: str, work: Any) -> Any:
        self.countdown.passed()
        answer = await super().run(actor, work)
        self.countdown.passed()
        return answer


BOUNDARIES = 28
"""How many there are in an apply of EDITED."""


@pytest.mark.covers("F77")
@pytest.mark.parametrize("boundary", range(1, BOUNDARIES + 1))
async def test_an_apply_cut_at_any_boundary_is_finished_by_the_next(
    boundary: int, seller: Seller, dashboard: Dashboard, provider: Stripe
) -> None:
    await seller.apply(SHOP)
    assert await _cut(seller, provider, boundary)
    await seller.apply(EDITED)
    await _check(seller, dashboard)


async def test_there_are_no_other_boundaries(seller: Seller, dashboard: Dashboard, provider: Stripe) -> None:
    await seller.apply(SHOP)
    assert not await _cut(seller, provider, BOUNDARIES + 1)
    await _check(seller, dashboard)


async def _cut(seller: Seller, provider: Stripe, boundary: int) -> bool:
    countdown = Countdown(boundary)
    database = InterruptedDatabase(seller.db.dsn)
    database.countdown = countdown
    await database.open()
    world = seller.world(EDITED, db=database, provider=Interrupted(provider, countdown))
    try:
        await catalog.apply(world)
    except Cut:
        return True
    finally:
        await database.close()
    return False


async def _check(seller: Seller, dashboard: Dashboard) -> None:
    """As if it had never been interrupted, down to the number of objects made."""
    assert await seller.apply(EDITED) == []
    assert (await seller.plan(EDITED)) == catalog.Plan()
    products = {product.id: (product.name, product.active) for product in dashboard.products()}
    assert products == {
        "farthing_guide": ("The Guide", True),
        "farthing_cup": ("Cup", True),
        "farthing_mug": ("Mug", False),
    }
    assert dashboard.selling() == {
        "farthing:guide:eur": "5900 eur",
        "farthing:cup:eur": "1250 eur",
        "farthing:mug:eur": "1250 eur",
    }
    archived = sorted((price.unit_amount, price.currency) for price in dashboard.prices(active=False))
    assert archived == [(4900, "eur"), (5500, "usd")]
    ids = {price.lookup_key: price.id for price in dashboard.prices()}
    assert {key: id for key, (id, _) in (await seller.known_prices()).items()} == ids


SCRIPT = """
import asyncio, os, signal, sys
from farthing import catalog
from farthing.config import Settings
from farthing.db import Database
from farthing.providers.stripe import Stripe
from farthing.world import World

class Killed(Stripe):
    async def create_price(self, *args, **named):
        made = await super().create_price(*args, **named)
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    dsn, key, url, text = sys.argv[1:]
    db = Database(dsn)
    await db.open()
    provider = Killed(key, livemode=False, base=url)
    await catalog.apply(World(Settings(), db, provider, catalog.parse(text), None))

asyncio.run(main())
"""


async def test_a_killed_apply_gives_back_its_turn_and_is_finished_by_the_next(
    seller: Seller, dashboard: Dashboard, dsn: str
) -> None:
    await seller.apply(SHOP)
    killed = subprocess.run([sys.executable, "-c", SCRIPT, dsn, dashboard.key, dashboard.url, EDITED], check=False)
    assert killed.returncode == -signal.SIGKILL
    await seller.apply(EDITED)
    await _check(seller, dashboard)


async def test_a_file_edited_again_after_the_cut_leaves_no_price_behind(seller: Seller, dashboard: Dashboard, dsn: str) -> None:
    await seller.apply(GUIDE)
    killed = [sys.executable, "-c", SCRIPT, dsn, dashboard.key, dashboard.url, GUIDE.replace("49.00", "59.00")]
    assert subprocess.run(killed, check=False).returncode == -signal.SIGKILL
    await seller.apply(GUIDE.replace("49.00", "69.00"))
    assert dashboard.selling() == {"farthing:guide:eur": "6900 eur", "farthing:guide:usd": "5500 usd"}
    assert len(dashboard.prices(active=False)) == 2
