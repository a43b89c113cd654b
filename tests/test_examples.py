"""What the README and the examples show, done: mounted in FastAPI, bought, hooked, entitled."""

import asyncio
import importlib.util
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, LiteralString, Protocol

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from tests.worlds import DECLINED_CARD, WEBHOOK_SECRET, Account, Sandbox, account, sandbox

from farthing.catalog import EXAMPLE, parse
from farthing.ids import OrderId

__all__ = ["account", "sandbox"]

ROOT = Path(__file__).resolve().parents[1]
HOOKS_SECONDS = 20


class Load(Protocol):
    """Import source as a module of its own, in the environment of a small shop."""

    def __call__(self, source: str) -> ModuleType: ...


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dsn: str, sandbox: Sandbox, account: Account) -> Iterator[Load]:
    (tmp_path / "farthing.toml").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    environ = {
        "FARTHING_ENV": "test",
        "FARTHING_BASE_URL": "http://testserver",
        "FARTHING_SECRET_KEY": "a secret of the tests, long enough to sign with",
        "DATABASE_URL": dsn,
        "STRIPE_SECRET_KEY": account.key,
        "STRIPE_API_BASE": sandbox.url,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    names = []

    def loaded(source: str) -> ModuleType:
        path = tmp_path / "shop_of_the_example.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        names.append(path.stem)
        spec.loader.exec_module(module)
        return module

    yield loaded
    for name in names:
        del sys.modules[name]


@asynccontextmanager
async def visiting(app: FastAPI, **cookies: str) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor of the running application: its lifespan is entered, as a server does."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", cookies=cookies) as visitor:
            yield visitor


async def pay(visitor: httpx.AsyncClient, account: Account, page: str) -> httpx.Response:
    """Pay on the page the shop led to, and come back to the shop as the browser would."""
    paid = await account.pay(httpx.URL(page).path.rpartition("/")[2])
    assert paid.status_code == 200
    return await visitor.get(paid.json()["redirect_to"])


async def rows(dsn: str, sql: LiteralString) -> list[Any]:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        return await (await connection.execute(sql)).fetchall()


async def test_the_readme_sells_the_atlas(load: Load, account: Account, dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    shop = load(block[1])
    async with visiting(shop.app) as visitor:
        assert (await visitor.get("/atlas", params={"user": "ada"})).status_code == 402
        page = (await visitor.post("/buy", params={"user": "ada"})).headers["location"]
        assert (await pay(visitor, account, page)).status_code == 303
        assert (await visitor.get("/atlas", params={"user": "ada"})).json() == {"page 1": "Andromeda"}
        assert (await visitor.get("/atlas", params={"user": "eve"})).status_code == 402
        sold = await rows(dsn, "SELECT order_id FROM public.sold")
        assert len(sold) == 1
        celebrated = "SELECT status FROM farthing.hook_runs WHERE hook LIKE 'hook:%celebrate'"
        await until(lambda: rows(dsn, celebrated), [("done",)])
        assert capsys.readouterr().out.count(f"sold {OrderId.of(sold[0][0])}") == 1


async def test_the_readmes_catalog_is_one(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    assert list(parse(block[1]).products) == ["night-sky-atlas"]


@pytest.mark.covers("S003-21")
async def test_the_fastapi_example_sells_packs_and_opens_the_book(load: Load, account: Account, dsn: str) -> None:
    shop = load((ROOT / "examples/fastapi_app/main.py").read_text())
    async with visiting(shop.app, user="ada") as visitor:
        assert (await visitor.get("/books/atlas")).status_code == 402
        first, second = [(await visitor.post("/books/buy")).headers["location"] for _ in range(2)]
        assert first == second
        assert await rows(dsn, "SELECT count(*) FROM public.parcels") == [(0,)]
        assert (await pay(visitor, account, first)).headers["location"].startswith("http://testserver/checkout/success")
        assert (await visitor.get("/books/atlas")).json() == {"page 1": "Andromeda, the Chained Maiden"}
        assert await rows(dsn, "SELECT packed FROM public.parcels") == [(False,)]
        assert await rows(dsn, "SELECT count(*) FROM farthing.orders WHERE status = 'paid'") == [(1,)]
        hook = "SELECT status FROM farthing.hook_runs WHERE hook LIKE 'hook:%celebrate'"
        await until(lambda: rows(dsn, hook), [("done",)])


async def test_a_declined_card_packs_nothing(load: Load, account: Account, dsn: str) -> None:
    shop = load((ROOT / "examples/fastapi_app/main.py").read_text())
    async with visiting(shop.app, user="ada") as visitor:
        page = (await visitor.post("/books/buy")).headers["location"]
        declined = await account.pay(httpx.URL(page).path.rpartition("/")[2], card=DECLINED_CARD)
        assert declined.status_code == 402
        assert (await visitor.get("/books/atlas")).status_code == 402
        assert await rows(dsn, "SELECT count(*) FROM public.parcels") == [(0,)]


async def test_a_stranger_is_asked_who_they_are(load: Load, dsn: str) -> None:
    shop = load((ROOT / "examples/fastapi_app/main.py").read_text())
    async with visiting(shop.app) as visitor:
        assert (await visitor.post("/books/buy")).status_code == 401
        assert await rows(dsn, "SELECT count(*) FROM farthing.orders") == [(0,)]


async def until(look: Callable[[], Awaitable[object]], expected: object) -> None:
    """Whatever a worker does takes a moment."""
    for _ in range(HOOKS_SECONDS * 10):
        if await look() == expected:
            return
        await asyncio.sleep(0.1)
    assert await look() == expected
