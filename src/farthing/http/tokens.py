"""JSON Web Tokens of the host's users: one algorithm family, chosen by the settings and never by the token."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
import orjson
import structlog

from farthing.config import LOOPBACK, Settings
from farthing.errors import ConfigError, Unauthenticated
from farthing.http.callers import EMAIL, NAME_MAX, CustomerIdentity
from farthing.http.refusals import IssuerUnavailable

TOKEN_MAX: Final = 8_192
LEEWAY: Final = 30
"""Seconds by which the issuer's clock may differ from ours."""

SECRET_MIN: Final = 32
FRESH: Final = 600.0
"""Seconds for which fetched keys are used without a look."""

REFETCH: Final = 30.0
"""Seconds between two fetches: an unknown key in a token must not make us knock on the issuer's door each time."""

FETCH_TIMEOUT: Final = 3.0
KEYS_MAX: Final = 256 * 1024

log = structlog.get_logger()


class Tokens:
    """Verifies tokens as the settings say: HS256 with a shared secret, or RS256/ES256 with the keys at a JWKS URL."""

    def __init__(self, settings: Settings) -> None:
        check(settings)
        self._settings = settings
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._fetching = asyncio.Lock()

    async def verify(self, token: str) -> CustomerIdentity:
        """Raises Unauthenticated for whatever is not a token for us, signed and in time."""
        if len(token) > TOKEN_MAX:
            raise Unauthenticated("The token is too long.")
        settings = self._settings
        if settings.jwt_secret is not None:
            return self._read(token, settings.jwt_secret.get_secret_value(), ["HS256"])
        if settings.jwks_url is not None:
            return self._read(token, await self._key(token), ["RS256", "ES256"])
        raise Unauthenticated("The credentials are not an API key, and this installation takes no tokens.")

    def _read(self, token: str, key: str | jwt.PyJWK, algorithms: list[str]) -> CustomerIdentity:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=algorithms,
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "sub"]},
            )
            return _identity(claims)
        except (jwt.PyJWTError, ValueError) as error:
            raise Unauthenticated(f"The token is not valid: {_why(error)}.") from None

    async def _key(self, token: str) -> jwt.PyJWK:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"The token is not valid: {_why(error)}.") from None
        keys = await self._current(kid)
        if kid is None and len(keys) == 1:
            return next(iter(keys.values()))
        if kid not in keys:
            raise Unauthenticated("The token is not valid: its key is not one of the issuer's.")
        return keys[kid]

    async def _current(self, kid: str | None) -> Mapping[str | None, jwt.PyJWK]:
        """The issuer's keys. Old ones are used on while the issuer cannot be reached."""
        async with self._fetching:
            age = None if self._fetched_at is None else time.monotonic() - self._fetched_at
            if age is None or age > FRESH or (kid not in self._keys and age > REFETCH):
                self._fetched_at = time.monotonic()
                try:
                    self._keys = await _fetch(str(self._settings.jwks_url))
                except (httpx.HTTPError, jwt.PyJWTError, ValueError) as error:
                    log.warning("jwks.unreachable", url=self._settings.jwks_url, error=type(error).__name__)
        if not self._keys:
            raise IssuerUnavailable("The keys of the token's issuer cannot be fetched at the moment. Try again.")
        return self._keys


def check(settings: Settings) -> None:
    """Refuse settings under which a token of somebody else would be believed. Raises ConfigError."""
    if settings.jwt_secret is not None and settings.jwks_url is not None:
        raise ConfigError("FARTHING_JWT_SECRET and FARTHING_JWKS_URL are both set: choose one.")
    if settings.jwt_secret is not None and len(settings.jwt_secret.get_secret_value().encode()) < SECRET_MIN:
        raise ConfigError(f"FARTHING_JWT_SECRET is too short: HS256 needs at least {SECRET_MIN} bytes.")
    if settings.jwks_url is not None:
        parts = urlsplit(settings.jwks_url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ConfigError("FARTHING_JWKS_URL must start with https://.")
        if not settings.jwt_audience or not settings.jwt_issuer:
            raise ConfigError("FARTHING_JWKS_URL needs FARTHING_JWT_AUDIENCE and FARTHING_JWT_ISSUER beside it.")


async def _fetch(url: str) -> dict[str | None, jwt.PyJWK]:
    body = bytearray()
    async with httpx.AsyncClient(timeout=FETCH_TIMEOUT) as client, client.stream("GET", url) as answer:
        answer.raise_for_status()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > KEYS_MAX:
                raise ValueError("too many keys")
    return {key.key_id: key for key in jwt.PyJWKSet.from_dict(orjson.loads(bytes(body))).keys}


def _identity(claims: Mapping[str, Any]) -> CustomerIdentity:
    """Only `sub` decides whose an order is; an email or a name that is not one is left out."""
    email, name = claims.get("email"), claims.get("name")
    usable = isinstance(name, str) and len(name) <= NAME_MAX and name.isprintable()
    return CustomerIdentity(
        external_id=claims["sub"],
        email=email if isinstance(email, str) and EMAIL.fullmatch(email) else None,
        name=name if usable else None,
    )


def _why(error: Exception) -> str:
    match error:
        case jwt.ExpiredSignatureError():
            return "it has expired"
        case jwt.InvalidAudienceError():
            return "it is meant for somebody else"
        case jwt.InvalidIssuerError():
            return "its issuer is another one"
        case jwt.MissingRequiredClaimError(claim=claim):
            return f"it has no {claim!r}"
        case _:
            return "it was not signed by a key we trust, or it is damaged"
