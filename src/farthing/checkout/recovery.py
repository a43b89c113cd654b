"""Recovery links: `/pay/{token}`, by which an unpaid order is paid. Signed, expiring, and without a word about whom."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

from farthing import orders
from farthing.checkout import ways
from farthing.checkout.model import Started
from farthing.config import Settings
from farthing.errors import ConfigError, Conflict, NotFound
from farthing.http.idempotency import Key
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.orders import Order
from farthing.world import World

PATH: Final = "/pay/"
SUCCESS_PATH: Final = "/checkout/success?session_id={CHECKOUT_SESSION_ID}"
SIGNATURE: Final = 16
"""Bytes of the signature: 128 bits, far more than can be tried over the wire."""


def recovery_url(settings: Settings, order: Order) -> str:
    """The link for the email: good until the order's time is over. Made when it is needed, stored nowhere."""
    return f"{settings.base_url}{PATH}{_token(settings, order.id, order.expires_at)}"


async def order_of(world: World, token: str, *, actor: str) -> Order:
    """The order that the link stands for. Raises NotFound for a link that is not ours, Conflict for one whose time is over."""
    id, until = _read(world.settings, token)
    async with world.db.transaction(actor) as tx:
        order = await orders.get(tx, id)
        if until <= tx.now and order.status == OrderStatus.OPEN:
            raise Conflict("This link is too old: ask the shop for a new one.")
    return order


async def open_recovery_page(world: World, token: str, *, actor: str, key: Key | None = None) -> Started:
    """A payment page for the order of the link, with the same key the same. Raises Conflict where there is nothing to pay."""
    order = await order_of(world, token, actor=actor)
    if order.status != OrderStatus.OPEN:
        raise Conflict(f"Order {order.number} is {order.status}: there is nothing to pay.")
    base = world.settings.base_url
    return await ways.open_page(
        world, order.id, success_url=base + SUCCESS_PATH, cancel_url=f"{base}{PATH}{token}", actor=actor, key=key
    )


def _token(settings: Settings, id: OrderId, until: datetime) -> str:
    body = id.bytes + int(until.timestamp()).to_bytes(5, "big")
    return base64.urlsafe_b64encode(body + _sign(settings, body)).rstrip(b"=").decode()


def _read(settings: Settings, token: str) -> tuple[OrderId, datetime]:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    body, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
    if len(body) != 21 or not hmac.compare_digest(signature, _sign(settings, body)):
        raise NotFound("There is no such payment link: follow the link of the email again.")
    return OrderId(bytes=body[:16]), datetime.fromtimestamp(int.from_bytes(body[16:], "big"), UTC)


def _sign(settings: Settings, body: bytes) -> bytes:
    if settings.secret_key is None:
        raise ConfigError("FARTHING_SECRET_KEY is not set, and payment links must be signed.")
    # A key of its own for this purpose: a signature for something else is none here.
    key = hmac.digest(settings.secret_key.get_secret_value().encode(), b"farthing recovery link", hashlib.sha256)
    return hmac.digest(key, body, hashlib.sha256)[:SIGNATURE]
