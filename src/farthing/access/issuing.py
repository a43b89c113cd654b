"""Making tokens, and checking them where the database is at hand."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from farthing import customers, entitlements, purchases
from farthing.access.verifying import ALGORITHM, TYPE, Grants, verify
from farthing.catalog import checked_reference
from farthing.config import Settings
from farthing.customers import Customer
from farthing.db import Transaction
from farthing.errors import Forbidden, Invalid, Unauthenticated
from farthing.http.signing import derived_key
from farthing.lifecycles import PurchaseStatus
from farthing.world import World

CONTENTS_MAX: Final = 100
"""How many contents one token lists: a request's headers have room for no more."""


@dataclass(frozen=True, slots=True)
class Issued:
    """`token` is a secret for as long as it lives: it belongs into headers, never into URLs and logs."""

    token: str
    grants: Grants

    def __repr__(self) -> str:
        return f"<access token of {self.grants.customer!r} until {self.grants.expires_at}>"


async def issue(world: World, customer: str, content: str | None = None) -> Issued:
    """Sign what the host's user may use now: one content, or all contents and features.

    Raises Forbidden where the user does not own the content, Invalid for one who owns more than a token can list.
    """
    if content is not None:
        checked_reference(content)
    async with world.db.transaction("app") as tx:
        buyer = await customers.find_by_external_id(tx, customer)
        if content is not None and (buyer is None or await purchases.find_owned(tx, buyer.id, content) is None):
            raise Forbidden("The customer does not own this content.")
        version = 1 if buyer is None else await entitlements.version_of(tx, buyer.id)
        contents = [content] if content is not None else await _contents(tx, buyer)
        features = [] if content is not None else await _features(tx, customer)
        now = tx.now
    until = now + timedelta(minutes=world.settings.access_token_minutes)
    # A token does not outlive what it grants.
    until = min([until, *(ends for _, ends in features if ends is not None)])
    return _signed(world.settings, customer, contents, [name for name, _ in features], version, now, until)


async def check_now(world: World, token: str, *, content: str | None = None, feature: str | None = None) -> Grants:
    """`verify`, and that nothing was taken from the customer since the token was signed. Raises as it does."""
    settings = world.settings
    moment = world.clock.now().timestamp()
    grants = verify(token, public_keys(settings), audience=_audience(settings), content=content, feature=feature, now=moment)
    async with world.db.transaction("app") as tx:
        buyer = await customers.find_by_external_id(tx, grants.customer)
        version = 1 if buyer is None else await entitlements.version_of(tx, buyer.id)
    if version != grants.version:
        raise Unauthenticated("The access token is out of date: ask for a new one.")
    return grants


def public_keys(settings: Settings) -> dict[str, Any]:
    """What others verify our tokens with (a JSON Web Key Set). Nothing in it is a secret."""
    return {"keys": [_public(_key(settings))]}


def _signed(
    settings: Settings,
    customer: str,
    contents: list[str],
    features: list[str],
    version: int,
    now: datetime,
    until: datetime,
) -> Issued:
    key = _key(settings)
    claims = {
        "iss": settings.base_url,
        "aud": _audience(settings),
        "sub": customer,
        "iat": int(now.timestamp()),
        "exp": int(until.timestamp()),
        "ver": version,
        "content": contents,
        "features": features,
    }
    token = jwt.encode(claims, key, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": _public(key)["kid"]})
    ends = datetime.fromtimestamp(int(until.timestamp()), until.tzinfo)
    return Issued(token, Grants(customer, frozenset(contents), frozenset(features), version, ends))


async def _contents(tx: Transaction, buyer: Customer | None) -> list[str]:
    if buyer is None:
        return []
    page = await purchases.list_page(tx, customer=buyer.id, status=PurchaseStatus.COMPLETED, limit=CONTENTS_MAX)
    if page.next_cursor is not None:
        raise Invalid(f"The customer owns more than {CONTENTS_MAX} contents: ask for a token of one content.", param="content")
    return [purchase.content for purchase in page.items]


async def _features(tx: Transaction, customer: str) -> list[tuple[str, datetime | None]]:
    """Each feature with the last moment at which one of its grants ends."""
    ends: dict[str, datetime | None] = {}
    for held in await entitlements.of_user(tx, customer):
        if held.revoked_at is not None or (held.expires_at is not None and held.expires_at <= tx.now):
            continue
        before = ends.get(held.feature, held.expires_at)
        ends[held.feature] = None if before is None or held.expires_at is None else max(before, held.expires_at)
    return list(ends.items())


def _audience(settings: Settings) -> str:
    return settings.access_token_audience or settings.base_url


def _key(settings: Settings) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derived_key(settings, "access token 1"))


def _public(key: Ed25519PrivateKey) -> dict[str, Any]:
    found: dict[str, Any] = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return found | {"kid": hashlib.sha256(found["x"].encode()).hexdigest()[:16], "use": "sig", "alg": ALGORITHM}
