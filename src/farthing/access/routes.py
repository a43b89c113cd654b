"""Access tokens over HTTP: a customer gets one for themselves, a server for anybody; everybody may have the public keys."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from farthing.access.issuing import issue, public_keys
from farthing.errors import Forbidden, Invalid, TooMany, Unauthenticated
from farthing.http.bodies import Body, Line, Shown, refuses
from farthing.http.callers import CustomerCaller
from farthing.http.credentials import Known
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld

router = APIRouter(prefix="/v1/access-tokens", tags=["access"])


class NewAccessToken(Body):
    content: Line | None = Field(None, description="For this content alone; for everything the user may use without it.")
    customer: Line | None = Field(None, description="The host's own id of its user. A customer leaves it out.")


class AccessTokenShown(Shown):
    object: Literal["access_token"] = "access_token"
    token: str = Field(description="Send it in a header; it belongs into no URL and no log.")
    customer: str
    contents: list[str]
    features: list[str]
    expires_at: datetime


class KeysShown(Shown):
    keys: list[dict[str, Any]]


@router.post(
    "",
    operation_id="access_tokens_create",
    status_code=201,
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, Forbidden, Invalid, TooMany),
)
async def create_token(world: TheWorld, caller: Known, wanted: NewAccessToken, response: Response) -> AccessTokenShown:
    """Sign what the user may use now, for some minutes."""
    customer = wanted.customer
    if isinstance(caller, CustomerCaller):
        if customer not in (None, caller.identity.external_id):
            raise Forbidden("You get a token for yourself: leave customer out.", param="customer")
        customer = caller.identity.external_id
    elif customer is None:
        raise Invalid("Say whose: send customer, the host's own id of its user.", param="customer")
    issued = await issue(world, customer, wanted.content)
    response.headers["Cache-Control"] = "no-store"
    return AccessTokenShown(
        token=issued.token,
        customer=customer,
        contents=sorted(issued.grants.contents),
        features=sorted(issued.grants.features),
        expires_at=issued.grants.expires_at,
    )


@router.get("/keys", operation_id="access_tokens_keys")
async def list_keys(world: TheWorld, response: Response) -> KeysShown:
    """The public keys with which anybody may verify an access token: a JSON Web Key Set."""
    response.headers["Cache-Control"] = "public, max-age=3600"
    return KeysShown(**public_keys(world.settings))
