"""Reading who is asking off a request: an API key, the host's own sign-in, or a token of the host's user."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.types import Scope

from farthing.config import Settings
from farthing.errors import Forbidden, Unauthenticated
from farthing.http import keys
from farthing.http.callers import Authenticate, Caller, CustomerCaller, Guest, Server
from farthing.http.state import world_of
from farthing.http.tokens import Tokens
from farthing.world import World

CALLER: Final = "farthing.caller"
"""Where in the scope the caller is kept, once found out."""

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def caller_of(scope: Scope) -> Caller | None:
    """The caller of a request that has been asked for it."""
    found: Caller | None = scope.get(CALLER)
    return found


async def find_caller(request: Request) -> Caller:
    """Read the credentials. Raises Unauthenticated for wrong ones: those who show some are never taken for guests."""
    known = caller_of(request.scope)
    if known is None:
        known = await _find(request, world_of(request))
        request.scope[CALLER] = known
    return known


Anybody = Annotated[Caller, Depends(find_caller)]


async def require_known(caller: Anybody) -> Server | CustomerCaller:
    if isinstance(caller, Guest):
        raise Unauthenticated("Send an API key as `Authorization: Bearer fk_…`, or sign in.")
    return caller


Known = Annotated[Server | CustomerCaller, Depends(require_known)]


async def require_server(caller: Known) -> Server:
    if not isinstance(caller, Server):
        raise Forbidden("Only the shop's own servers may do this: it needs an API key.")
    return caller


OnlyServer = Annotated[Server, Depends(require_server)]


async def _find(request: Request, world: World) -> Caller:
    bearer = _bearer(request)
    if bearer is not None and bearer.startswith(keys.PREFIX):
        return await _server(world, bearer)
    authenticate: Authenticate | None = getattr(request.app.state, "authenticate", None)
    if authenticate is not None and (identity := await authenticate(request)) is not None:
        if "authorization" not in request.headers:
            _check_origin(request, world.settings)
        return CustomerCaller(identity)
    if bearer is None:
        return Guest()
    return CustomerCaller(await _tokens(request, world.settings).verify(bearer))


async def _server(world: World, secret: str) -> Server:
    key = await keys.find(world.db, secret)
    if key is None:
        raise Unauthenticated("There is no such API key, or it was revoked.")
    if key.livemode != world.provider.livemode:
        theirs, ours = ("live", "test") if key.livemode else ("test", "live")
        raise Unauthenticated(f"This is a {theirs} key, and this installation is in {ours} mode.")
    return Server(key.id)


def _bearer(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, credentials = header.partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else None


def _tokens(request: Request, settings: Settings) -> Tokens:
    """One for each application, because it keeps the keys it fetched."""
    state = request.app.state
    if getattr(state, "tokens", None) is None:
        state.tokens = Tokens(settings)
    tokens: Tokens = state.tokens
    return tokens


def _check_origin(request: Request, settings: Settings) -> None:
    """A cookie goes along with requests that other sites make: what changes something must come from an allowed host."""
    if request.method in SAFE:
        return
    origin = request.headers.get("origin")
    if origin is not None:
        allowed = _host_of(origin) in settings.hosts
    else:
        allowed = request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    if not allowed:
        raise Forbidden("The request comes from a page of another site. Add its host to FARTHING_ALLOWED_HOSTS if it is yours.")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname if origin.isascii() else None
    except ValueError:
        return None
