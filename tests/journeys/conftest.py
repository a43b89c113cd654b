"""Journeys through the whole house in a real browser."""

from collections.abc import Iterator

import pytest
from tests.browser import browser, context, page
from tests.shops import Shop, running_shop
from tests.worlds import Sandbox, sandbox

__all__ = ["browser", "context", "page", "sandbox"]


@pytest.fixture
def shop(dsn: str, sandbox: Sandbox) -> Iterator[Shop]:
    with running_shop(dsn, sandbox) as running:
        yield running
