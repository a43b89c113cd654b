"""The gallery on a port, for a client without a browser and for one with it."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from tests.browser import browser, context, page, serving
from tests.web.gallery import gallery

from farthing.web import Person

__all__ = ["browser", "context", "page"]


@pytest.fixture
def host() -> Starlette:
    return gallery(person=Person("Ada Lovelace", "Admin"))


@pytest.fixture
def visitor(host: Starlette) -> Iterator[httpx.Client]:
    with serving(host) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the frame is, for a browser."""
    with serving(gallery(person=Person("Ada Lovelace", "Admin"))) as address:
        yield f"{address}/billing"
