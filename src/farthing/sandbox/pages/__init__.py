"""What people see of the sandbox: the checkout page, the bank's page, the dashboard. All of it works without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from farthing.sandbox.world import Sandbox


def page_app(sandbox: Sandbox, controls: Sequence[Route]) -> ASGIApp:
    del sandbox
    return Starlette(routes=[*controls])
