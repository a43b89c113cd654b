"""One webhook over the wire: the body, its signature, and what mischief was ordered for it."""

from __future__ import annotations

import time

import orjson

from farthing.sandbox import chaos, signing
from farthing.sandbox.chaos import Mischief
from farthing.sandbox.easypost import webhooks as easypost
from farthing.sandbox.ids import new_id
from farthing.sandbox.outgoing import Outgoing, Unanswered
from farthing.sandbox.settings import API_VERSION
from farthing.sandbox.store import Record


async def send(outgoing: Outgoing, event: Record, endpoint: Record, mischief: Mischief | None) -> tuple[int | None, str | None]:
    """The status answered, or what went wrong. Redirects are not followed: they count as a failure."""
    if easypost.is_ours(event):
        body, headers = easypost.message(event, endpoint, mischief)
        return await _posted(outgoing, endpoint["url"], headers, body)
    version = endpoint["api_version"] or API_VERSION
    body = orjson.dumps({**event.body, "api_version": version}, option=orjson.OPT_INDENT_2)
    body, signature = _signed(body, endpoint, mischief)
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "stripe-signature": signature,
        "stripe-version": version,
    }
    return await _posted(outgoing, endpoint["url"], headers, body)


def type_of(event: Record) -> str:
    """What happened, in the word of whose event it is."""
    return str(event["description"] if easypost.is_ours(event) else event["type"])


async def _posted(outgoing: Outgoing, url: str, headers: dict[str, str], body: bytes) -> tuple[int | None, str | None]:
    try:
        return await outgoing.post(url, headers, body), None
    except Unanswered as problem:
        return None, str(problem)


def _signed(body: bytes, endpoint: Record, mischief: Mischief | None) -> tuple[bytes, str]:
    moment, secrets = int(time.time()), signing.secrets_of(endpoint)
    match mischief:
        case Mischief.STALE:
            return body, signing.header(body, secrets, moment - chaos.STALE_SECONDS)
        case Mischief.WRONG_SECRET:
            return body, signing.header(body, [new_id("whsec")], moment)
        case Mischief.BAD_SIGNATURE:
            return body, f"t={moment},v1={'0' * 64}"
        case Mischief.BAD_BODY:
            return chaos.spoiled(body), signing.header(body, secrets, moment)
        case Mischief.BAD_UTF8:
            body = b'{"id": "evt_\xff\xfe", "object": "event"}'
        case _:
            pass
    return body, signing.header(body, secrets, moment)
