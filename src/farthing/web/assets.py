"""The files that pages load. Their URL holds a hash of them all, so that browsers keep them for ever and never a stale one."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

FOLDER: Final = Path(__file__).parent / "static"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FILES: Final = StaticFiles(directory=FOLDER)


async def asset(request: Request) -> Response:
    """A page of the release before may still ask for its own hash while servers change: it gets today's file, unkept."""
    response = await _FILES.get_response(request.path_params["path"], request.scope)
    current = request.path_params["digest"] == digest()
    response.headers["Cache-Control"] = _FOR_EVER if current else "no-cache"
    return response


def path_of(name: str) -> str:
    return f"/static/{digest()}/{name}"


@cache
def digest() -> str:
    """One hash for the whole folder: style sheets name their fonts by relative paths."""
    sum = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        sum.update(str(path.relative_to(FOLDER)).encode() + b"\0" + path.read_bytes())
    return sum.hexdigest()[:12]


@cache
def vendored(name: str) -> str:
    """The folder of a vendored package, whatever its version."""
    (folder,) = (FOLDER / "vendor").glob(f"{name}-*")
    return f"vendor/{folder.name}"


ROUTE: Final = Route(
    "/static/{digest}/{path:path}", asset, name="static", middleware=[Middleware(GZipMiddleware, minimum_size=1000)]
)
