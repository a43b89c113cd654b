"""EasyPost's webhooks: who listens, what they are sent, and the signature over it."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from urllib.parse import urlsplit

import orjson

from farthing.sandbox import chaos
from farthing.sandbox.account import Account
from farthing.sandbox.chaos import Mischief
from farthing.sandbox.easypost.shapes import Wrong, moment, new, not_there, text
from farthing.sandbox.store import Json, Record

AGENT = "EasyPost Webhook Sandbox"
SIGNATURE = "x-hmac-signature"


def create(account: Account, fields: Json) -> Record:
    url = text(fields, "url", required=True)
    if url is None or urlsplit(url).scheme not in ("http", "https"):
        raise Wrong(422, "WEBHOOK.URL.INVALID", "The url of a webhook starts with http:// or https://.", "url")
    secret = text(fields, "webhook_secret")
    body: Json = {
        "id": new("hook"),
        "object": "Webhook",
        "mode": "test",
        "url": url,
        "created_at": moment(account.clock.now()),
        "disabled_at": None,
    }
    record = Record(body, {"secret": secret})
    account.store.insert(account.id, record)
    return record


def listed(account: Account) -> Json:
    return {"webhooks": [each.body for each in reversed(account.select("Webhook"))]}


def delete(account: Account, id: str) -> None:
    found = account.find("Webhook", id)
    if found is None:
        raise not_there("webhook")
    account.store.remove(account.id, id)


def tell(account: Account, description: str, record: Record, before: Json) -> None:
    """Record that something happened, and address it to whoever listens."""
    endpoints = account.select("Webhook")
    now = moment(account.clock.now())
    event = Record(
        {
            "id": new("evt"),
            "object": "Event",
            "mode": "test",
            "description": description,
            "previous_attributes": before,
            "pending_urls": [each["url"] for each in endpoints],
            "completed_urls": [],
            "created_at": now,
            "updated_at": now,
            "result": dict(record.body),
            "status": "pending",
        }
    )
    account.store.insert(account.id, event)
    for endpoint in endpoints:
        account.store.run(
            "INSERT INTO deliveries (account, event, endpoint, next_at) VALUES (?, ?, ?, 0)", account.id, event.id, endpoint.id
        )


def is_ours(event: Record) -> bool:
    return bool(event["object"] == "Event")


def message(event: Record, endpoint: Record, mischief: Mischief | None) -> tuple[bytes, dict[str, str]]:
    """The body, and the headers with its signature: https://docs.easypost.com/guides/webhooks-guide."""
    body, secret = orjson.dumps(event.body), endpoint.inner["secret"]
    if mischief in (Mischief.WRONG_SECRET, Mischief.BAD_SIGNATURE, Mischief.STALE):
        secret = "another secret"  # noqa: S105 - it is a wrong one on purpose
    headers = {"content-type": "application/json", "user-agent": AGENT}
    if secret:
        key = unicodedata.normalize("NFKD", secret).encode()
        headers[SIGNATURE] = "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    if mischief == Mischief.BAD_BODY:
        body = chaos.spoiled(body)
    return body, headers
