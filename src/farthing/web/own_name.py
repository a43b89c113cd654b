"""The pages of development answer to this machine's own names alone.

They ask nobody to sign in. A site anywhere can point its name at 127.0.0.1 (DNS rebinding), and would then read the mailbox
as if it were its own.
"""

from functools import wraps
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.config import LOOPBACK
from farthing.errors import Forbidden
from farthing.web.staff import Page
from farthing.web.wiring import world_of


def by_own_name(route: Route) -> Route:
    """The same page, for requests that name a host of ours."""
    page: Page = route.endpoint

    @wraps(page)
    async def guarded(request: Request) -> Response:
        name = _name(request)
        if name not in LOOPBACK and not name.endswith(".localhost") and name not in world_of(request).settings.hosts:
            raise Forbidden(
                "This page is for development, and is not shown under a name of another site. Open it at FARTHING_BASE_URL, "
                "or add its host to FARTHING_ALLOWED_HOSTS."
            )
        return await page(request)

    return Route(route.path, guarded, name=route.name, methods=list(route.methods or ()))


def _name(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""
