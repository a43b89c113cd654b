"""A shop that sells through the sandbox, and a dashboard in which somebody changes things by hand."""

import re
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
import stripe

from farthing import catalog
from farthing.config import Settings
from farthing.db import Database
from farthing.providers import PaymentProvider
from farthing.providers.stripe import Stripe
from farthing.world import World


class NoMail:
    """Nothing here writes emails."""

    async def send(self, *, key: str, recipient: str, subject: str, text: str, html: str) -> None:
        raise AssertionError("the catalog sends no email")


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    command = [sys.executable, "-m", "farthing.sandbox", "--port", "0", "--strict"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        ready = re.search(r"http://\S+", process.stderr.readline())
        assert ready is not None
        yield ready[0]
        process.terminate()


@dataclass(frozen=True)
class Dashboard:
    """One account of the sandbox, as a person sees and changes it."""

    url: str
    key: str

    @property
    def stripe(self) -> Any:
        return stripe.StripeClient(self.key, base_addresses={"api": self.url}).v1

    def products(self, **wanted: Any) -> list[Any]:
        return list(self.stripe.products.list({"limit": 100, **wanted}).auto_paging_iter())

    def prices(self, *, active: bool = True) -> list[Any]:
        return list(self.stripe.prices.list({"limit": 100, "active": active}).auto_paging_iter())

    def selling(self) -> dict[str, str]:
        """Lookup key → amount, of all active prices; none may lack its key."""
        prices = self.prices()
        sold = {price.lookup_key: f"{price.unit_amount} {price.currency}" for price in prices}
        assert len(sold) == len(prices)
        return sold

    def fail(self, kind: str, path: str, *, times: int = 1, method: str = "POST") -> None:
        fault = {"method": method, "path": path, "kind": kind, "times": times}
        httpx.post(f"{self.url}/_sandbox/faults", json=fault).raise_for_status()


@pytest.fixture
def dashboard(sandbox_url: str) -> Iterator[Dashboard]:
    yield Dashboard(sandbox_url, f"sk_test_{uuid.uuid4().hex}")
    httpx.delete(f"{sandbox_url}/_sandbox/faults").raise_for_status()


@pytest.fixture
async def provider(dashboard: Dashboard) -> AsyncIterator[Stripe]:
    provider = Stripe(dashboard.key, livemode=False, base=dashboard.url)
    yield provider
    await provider.close()


@dataclass(frozen=True)
class Seller:
    """A shop whose farthing.toml is edited."""

    db: Database
    provider: PaymentProvider

    def world(self, text: str, **changes: Any) -> World:
        world = World(settings=Settings(), db=self.db, provider=self.provider, catalog=catalog.parse(text), mailer=NoMail())
        return replace(world, **changes)

    async def plan(self, text: str) -> catalog.Plan:
        return await catalog.plan(self.world(text))

    async def apply(self, text: str, planned: catalog.Plan | None = None) -> list[str]:
        return said((await catalog.apply(self.world(text), planned)).lines)

    async def known_prices(self) -> dict[str, tuple[str, str]]:
        async with self.db.transaction("test") as tx:
            found = await catalog.provider_price_ids(tx, "stripe", livemode=False)
        return {lookup_key: (id, str(money)) for lookup_key, (id, money) in found.items()}

    async def rows(self) -> list[dict[str, Any]]:
        async with self.db.transaction("test") as tx:
            products = await tx.all(dict, "SELECT * FROM provider_products ORDER BY product")
            prices = await tx.all(dict, "SELECT * FROM provider_prices ORDER BY lookup_key")
        return [*products, *prices]

    async def events(self) -> list[dict[str, Any]]:
        async with self.db.transaction("test") as tx:
            return await tx.all(dict, "SELECT type, actor, data FROM events ORDER BY sequence")


@pytest.fixture
def seller(db: Database, provider: Stripe) -> Seller:
    return Seller(db, provider)


def said(lines: Any) -> list[str]:
    return [f"{line.verb} {line.product}: {line.before} -> {line.after}" for line in lines]
