"""Files that were bought: fetched as often and as long as was sold, whoever clicks at the same moment."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from tests.news import sound, work
from tests.worlds import Account, buy

from farthing import downloads, fulfillment, payments
from farthing.catalog import CartItem
from farthing.clock import TravelClock
from farthing.downloads import Download
from farthing.errors import Conflict, FarthingError
from farthing.routing import refusal
from farthing.world import World


@pytest.fixture
def shop(world: World, tmp_path: Path) -> World:
    """The world with a folder of files in it."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "book.pdf").write_bytes(b"0123456789")
    return replace(world, settings=world.settings.model_copy(update={"downloads": tmp_path}))


async def _files(world: World) -> list[Download]:
    async with world.db.transaction("test") as tx:
        return sorted(await downloads.of_customer(tx, "ada"), key=lambda each: each.name)


def _client(world: World) -> httpx.AsyncClient:
    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await downloads.fetch(world, Request(scope, receive), scope["path"].removeprefix("/downloads/"))
        except FarthingError as error:
            answer = refusal(error)
        await answer(scope, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://testserver")


async def test_a_file_is_fetched_as_often_as_was_sold_and_a_broken_off_one_goes_on(shop: World, account: Account) -> None:
    order = await buy(shop, account, CartItem("ebook"))
    epub, pdf = await _files(shop)
    assert (pdf.name, pdf.left, epub.left) == ("book.pdf", 2, 2)
    url = downloads.link(shop, pdf).url
    async with _client(shop) as client:
        assert (await client.head(url)).status_code == 200
        first = await client.get(url)
        assert (first.content, first.headers["x-content-type-options"]) == (b"0123456789", "nosniff")
        assert "book.pdf" in first.headers["content-disposition"]
        rest = await client.get(url, headers={"Range": "bytes=4-"})
        assert (rest.status_code, rest.content) == (206, b"456789")
        assert (await _files(shop))[1].downloaded_count == 1, "looking and going on count nothing"
        answers = await asyncio.gather(*(client.get(downloads.link(shop, pdf).url) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410, 410]
        missing = await client.get(downloads.link(shop, epub).url)
        assert (missing.status_code, (await _files(shop))[0].downloaded_count) == (503, 0)
        assert (await client.get("http://testserver/downloads/nonsense")).status_code == 404
    with pytest.raises(Conflict):
        downloads.link(shop, (await _files(shop))[1])
    async with shop.db.transaction("test") as tx:
        assert await fulfillment.used(tx, order, order.lines[0]) == order.total
    assert await sound(shop)


async def test_a_file_asked_for_in_several_parts_at_once_is_counted(shop: World, account: Account) -> None:
    await buy(shop, account, CartItem("ebook"))
    pdf = (await _files(shop))[1]
    url = downloads.link(shop, pdf).url
    async with _client(shop) as client:
        await client.get(url)
        whole = await client.get(url, headers={"Range": "bytes=1-,0-0"})
        assert (whole.status_code, (await _files(shop))[1].downloaded_count) == (206, 2)


async def test_a_link_and_a_download_end_in_time_and_with_the_refund(shop: World, account: Account, clock: TravelClock) -> None:
    order = await buy(shop, account, CartItem("ebook", 2))
    pdf = (await _files(shop))[1]
    assert pdf.left == 4, "bought twice"
    url = downloads.link(shop, pdf).url
    async with _client(shop) as client:
        clock.advance(timedelta(minutes=61))
        assert (await client.get(url)).status_code == 410
        fresh = downloads.link(shop, pdf).url
        async with shop.db.transaction("test") as tx:
            assert not await fulfillment.used(tx, order, order.lines[0])
            await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None)
        await work(shop)
        assert (await client.get(fresh)).status_code == 410
        assert (await _files(shop))[1].downloaded_count == 0


def _always(url: str) -> Callable[[str], str]:
    return lambda key: url


async def test_the_hosts_storage_is_trusted_only_where_it_was_named(shop: World, account: Account) -> None:
    await buy(shop, account, CartItem("ebook"))
    pdf = (await _files(shop))[1]
    settings = shop.settings.model_copy(update={"download_hosts": ("files.example",)})
    for signed, status in (
        ("https://files.example/book.pdf?signature=1", 303),
        ("https://evil.example/book.pdf", 503),
        ("http://files.example/book.pdf", 503),
    ):
        there = replace(shop, settings=settings, sign_download=_always(signed))
        async with _client(there) as client:
            answer = await client.get(downloads.link(there, pdf).url)
        assert answer.status_code == status
    assert (await _files(shop))[1].downloaded_count == 1


async def test_no_file_outside_of_the_folder_is_handed_out(shop: World, account: Account, tmp_path: Path) -> None:
    await buy(shop, account, CartItem("ebook"))
    pdf = (await _files(shop))[1]
    async with shop.db.transaction("test") as tx:
        await tx.run("UPDATE downloads SET file = '../../etc/passwd' WHERE id = %(id)s", id=pdf.id)
    async with _client(shop) as client:
        assert (await client.get(downloads.link(shop, pdf).url)).status_code == 503
