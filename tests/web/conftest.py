"""The gallery on one port, for a client without a browser and for one with it."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from tests.browser import browser, context, page, serving
from tests.web.gallery import gallery

from farthing.web import Person

__all__ = ["browser", "context", "page"]

_HOST = gallery(person=Person("Ada Lovelace", "Admin"))


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the pages are."""
    with serving(_HOST) as address:
        yield f"{address}/billing"


@pytest.fixture
def host() -> Starlette:
    """The host, on which nothing was done yet."""
    _HOST.state.canceled.clear()
    return _HOST


@pytest.fixture
def visitor(address: str, host: Starlette) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address.removesuffix("/billing")) as client:
        yield client
