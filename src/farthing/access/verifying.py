"""`verify`: needs the token, our public keys and a clock, and nothing else."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import jwt

from farthing.errors import Forbidden, Unauthenticated

ALGORITHM: Final = "EdDSA"
TYPE: Final = "farthing-access+jwt"
TOKEN_MAX: Final = 65_536
LEEWAY: Final = 5
"""Seconds by which the checker's clock may differ from ours."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What a token says. `version` is that of the customer's rights when it was signed."""

    customer: str
    contents: frozenset[str]
    features: frozenset[str]
    version: int
    expires_at: datetime


def verify(
    token: str,
    keys: Mapping[str, Any],
    *,
    audience: str,
    content: str | None = None,
    feature: str | None = None,
    now: float | None = None,
) -> Grants:
    """Check an access token against our public keys: what `GET /v1/access-tokens/keys` answers, which may be kept for long.

    Raises Unauthenticated for whatever is not a token of ours for this audience, in time; Forbidden where it does not grant
    the content or the feature. Neither message holds the token.
    """
    claims = _claims(token, keys, audience)
    moment = time.time() if now is None else now
    if moment > claims["exp"] + LEEWAY:
        raise Unauthenticated("The access token has expired: ask for a new one.")
    grants = Grants(
        customer=claims["sub"],
        contents=frozenset(claims["content"]),
        features=frozenset(claims["features"]),
        version=claims["ver"],
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )
    if content is not None and content not in grants.contents:
        raise Forbidden("The access token does not grant this content.")
    if feature is not None and feature not in grants.features:
        raise Forbidden("The access token does not grant this feature.")
    return grants


def _claims(token: str, keys: Mapping[str, Any], audience: str) -> dict[str, Any]:
    try:
        if len(token) > TOKEN_MAX:
            raise jwt.InvalidTokenError
        header = jwt.get_unverified_header(token)
        known = {key.key_id: key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys}
        if header.get("typ") != TYPE or header.get("kid") not in known:
            raise jwt.InvalidTokenError
        claims: dict[str, Any] = jwt.decode(
            token,
            known[header["kid"]],
            algorithms=[ALGORITHM],
            audience=audience,
            options={"verify_exp": False, "require": ["exp", "sub", "aud", "ver", "content", "features"]},
        )
    except jwt.InvalidAudienceError:
        raise Unauthenticated("The access token is meant for somebody else.") from None
    except jwt.PyJWTError:
        raise Unauthenticated("This is not an access token, or it is damaged.") from None
    return claims
