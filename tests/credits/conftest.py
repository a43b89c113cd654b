"""The board's credits, on the fixtures of a whole world."""

import pytest
from tests.boards import board
from tests.worlds import account, outbox, sandbox, settings, world

from farthing.world import World

__all__ = ["account", "outbox", "sandbox", "settings", "world"]


@pytest.fixture
def shop(world: World) -> World:
    return board(world)
