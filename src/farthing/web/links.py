"""Links between pages. They are paths without a host, and start where the pages are mounted: "/billing/admin/orders"."""

from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.routing import Router

if TYPE_CHECKING:
    from farthing.web.frame import Frame

PLACE: Final = "farthing.web"


class Place:
    """Where in the host the pages are: noted in the scope before the routes are matched."""

    def __init__(self, frame: "Frame", router: Router, base: str) -> None:
        self.frame = frame
        self.router = router
        self.base = base


def place_of(request: Request) -> Place:
    return cast("Place", request.scope[PLACE])


def frame_of(request: Request) -> "Frame":
    return place_of(request).frame


def base_of(request: Request) -> str:
    return place_of(request).base


def url_for(request: Request, route: str, **params: object) -> str:
    """The path of the page called `route`."""
    place = place_of(request)
    return place.base + str(place.router.url_path_for(route, **params))


def here(request: Request, **changes: str | None) -> str:
    """This page with other query parameters: filters stay in the URL, None takes one out."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key not in changes]
    query = urlencode([*kept, *((key, value) for key, value in changes.items() if value is not None)])
    base, path = base_of(request), request.scope["path"]
    path = path if path.startswith(base) else base + path
    return f"{path}?{query}" if query else path


def cookie_path(request: Request) -> str:
    return base_of(request) or "/"
