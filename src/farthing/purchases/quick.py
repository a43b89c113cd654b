"""`GET /v1/access/{content}` ahead of FastAPI: a player asks it for every piece of a stream.

Only well-formed questions are taken here, and answered by the same function. All others go on to the route that the document
of the API shows, and that says what is wrong with them.
"""

from typing import Final

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from farthing.http.bodies import Line
from farthing.http.credentials import find_caller, require_known
from farthing.http.state import world_of
from farthing.purchases.routes import check_access

LINE: Final[TypeAdapter[str]] = TypeAdapter(Line)


class _WellFormed(Route):
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] != "GET":
            return Match.NONE, {}
        match, found = super().matches(scope)
        if match is not Match.FULL or not _is_well_formed(scope, found["path_params"]["content"]):
            return Match.NONE, {}
        return match, found


def _is_well_formed(scope: Scope, content: str) -> bool:
    try:
        LINE.validate_python(content)
        customer = Request(scope).query_params.get("customer")
        if customer is not None:
            LINE.validate_python(customer)
    except ValidationError:
        return False
    return True


async def _answer(request: Request) -> Response:
    world = world_of(request)
    caller = await require_known(await find_caller(request))
    return await check_access(world, caller, request.path_params["content"], request.query_params.get("customer"))


ROUTE: Final = _WellFormed("/v1/access/{content:path}", _answer, methods=["GET"], include_in_schema=False)
