"""What the assembly put into the application, for routes to depend on."""

from typing import Annotated

from fastapi import Depends, Request

from farthing.http.refusals import NotStarted
from farthing.world import World


def world_of(request: Request) -> World:
    """The world, once the application has started."""
    world: World | None = getattr(request.app.state, "world", None)
    if world is None:
        raise NotStarted("Farthing has not started yet. Try again in a moment.")
    return world


async def _world(request: Request) -> World:
    """As a coroutine: FastAPI runs a plain function in a thread, which costs more than the statement of a quick route."""
    return world_of(request)


TheWorld = Annotated[World, Depends(_world)]
