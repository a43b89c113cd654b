"""One Stripe account as a verb sees it: its objects, its events, its time, all inside the request's transaction."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import orjson

from farthing.sandbox import errors
from farthing.sandbox.clock import Clock
from farthing.sandbox.ids import new_id
from farthing.sandbox.settings import API_VERSION, Settings
from farthing.sandbox.store import Json, Record, Store

# Stripe says "No such checkout.session" but "No such payment_intent": its words for the kinds it does not name by object.
KINDS = {"payment_method": "PaymentMethod", "webhook_endpoint": "webhook endpoint", "balance_transaction": "transaction"}

WITHOUT_LIVEMODE = frozenset(("refund", "balance_transaction", "account"))


@dataclass(frozen=True, slots=True)
class Request:
    """What an event remembers of the request that caused it."""

    id: str | None = None
    idempotency_key: str | None = None


@dataclass(slots=True)
class Account:
    id: str
    store: Store
    clock: Clock
    settings: Settings
    url: str
    request: Request = field(default_factory=Request)

    # Objects

    def add(self, object: str, prefix: str, body: Json, *, id: str | None = None, **inner: Any) -> Record:
        """A new object of this kind, stored. The fields all objects share are filled in."""
        base: Json = {"id": id or new_id(prefix), "object": object, "created": self.clock.seconds()}
        if object not in WITHOUT_LIVEMODE:
            base["livemode"] = False
        record = Record(base | body, inner)
        self.store.insert(self.id, record)
        return record

    def save(self, record: Record) -> None:
        self.store.save(self.id, record)

    def find(self, object: str, id: str) -> Record | None:
        record = self.store.find(self.id, id)
        return record if record and record["object"] == object else None

    def get(self, object: str, id: str, *, param: str | None = None) -> Record:
        """`param` says where the id stood; without it, it stood in the path."""
        record = self.find(object, id)
        if record is None or (param and record.body.get("deleted")):
            raise errors.no_such(KINDS.get(object, object), id, param=param)
        return record

    def select(self, object: str, where: str = "1", *values: Any) -> list[Record]:
        return self.store.select(self.id, object, where, *values)

    # Events

    def emit(self, type: str, record: Record, *, before: Json | None = None) -> None:
        """Record that something happened, with the object as it is now, and address it to whoever listens."""
        data: Json = {"object": deepcopy(record.body)}
        if before is not None:
            data["previous_attributes"] = changes(before, record.body)
        endpoints = self._listeners(type)
        event = self.add(
            "event",
            "evt",
            {
                "api_version": API_VERSION,
                "data": data,
                "pending_webhooks": len(endpoints),
                "request": {"id": self.request.id, "idempotency_key": self.request.idempotency_key},
                "type": type,
            },
        )
        for endpoint in endpoints:
            self.store.run(
                "INSERT INTO deliveries (account, event, endpoint, next_at) VALUES (?, ?, ?, 0)",
                self.id,
                event.id,
                endpoint.id,
            )

    def _listeners(self, type: str) -> list[Record]:
        endpoints = self.select("webhook_endpoint", "json_extract(body, '$.status') = 'enabled' ORDER BY seq")
        return [each for each in endpoints if {"*", type} & set(each["enabled_events"])]

    def update(self, record: Record, type: str, **fields: Any) -> None:
        """Change these fields, store it, and say what they were."""
        before = deepcopy(record.body)
        record.body |= fields
        self.save(record)
        if before != record.body:
            self.emit(type, record, before=before)

    def later(self, seconds: float, job: str, subject: Record) -> None:
        self.store.later(self.id, self.clock.now() + seconds, job, subject.id)


Job = Callable[[Account, Record], None]
"""Something that falls due: it must do nothing when the object has moved on."""


def changes(before: Json, after: Json) -> Json:
    """What `after` overwrote, as Stripe's previous_attributes tells it: objects by their changed keys, the rest whole."""
    changed: Json = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        changed[name] = changes(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return changed


def merge_metadata(current: Json, given: Any) -> Json:
    """Keys are added and overwritten; an empty value unsets its key; an empty string instead of them all unsets all."""
    if given is None:
        return current
    if given == "":
        return {}
    merged = current | given
    if len(merged) > 50:
        raise errors.invalid("Metadata may have at most 50 keys.", param="metadata")
    return {key: value for key, value in merged.items() if value != ""}


def blank_as_none(value: Any) -> Any:
    """Stripe's way to clear a field is to send an empty string."""
    return None if value == "" else value


def dump(value: Any) -> bytes:
    return orjson.dumps(value)
