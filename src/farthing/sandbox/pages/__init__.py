"""What people see of the sandbox: the checkout page, the bank's page, the dashboard. All of it works without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from farthing.sandbox.control_answers import nothing_there
from farthing.sandbox.control_checkout import checkout_control_routes
from farthing.sandbox.control_portal import portal_control_routes
from farthing.sandbox.control_sellers import seller_control_routes
from farthing.sandbox.pages.checkout import checkout_routes
from farthing.sandbox.pages.dashboard import dashboard_routes
from farthing.sandbox.pages.onboarding import onboarding_routes
from farthing.sandbox.pages.portal import portal_routes
from farthing.sandbox.world import Sandbox

STATIC = Path(__file__).parent / "static"


def page_app(sandbox: Sandbox, controls: Sequence[Route]) -> ASGIApp:
    return Starlette(
        routes=[
            *controls,
            *checkout_control_routes(sandbox),
            *portal_control_routes(sandbox),
            *seller_control_routes(sandbox),
            *checkout_routes(sandbox),
            *onboarding_routes(sandbox),
            *portal_routes(sandbox),
            *dashboard_routes(sandbox),
            Mount("/_sandbox/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={HTTPException: nothing_there},
    )
