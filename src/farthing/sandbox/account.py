"""One Stripe account as a verb sees it: its objects, its events, its time, all inside the request's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import orjson

from farthing.sandbox import conformance, errors
from farthing.sandbox.clock import Clock, StoppedClock
from farthing.sandbox.ids import new_id
from farthing.sandbox.settings import API_VERSION, Settings
from farthing.sandbox.store import Json, Record, Store

# Stripe says "No such checkout.session" but "No such payment_intent": its words for the kinds it does not name by object.
KINDS = {
    "payment_method": "PaymentMethod",
    "application_fee": "application fee",
    "bank_account": "external account",
    "fee_refund": "application fee refund",
    "transfer_reversal": "transfer reversal",
    "webhook_endpoint": "webhook endpoint",
    "balance_transaction": "transaction",
    "test_helpers.test_clock": "test_clock",
    "promotion_code": "promotion code",
    "tax_rate": "tax rate",
    "subscription_item": "subscription item",
    "credit_note": "credit note",
    "invoice_payment": "invoice payment",
    "billing_portal.configuration": "configuration",
}

WITHOUT_LIVEMODE = frozenset(
    (
        "account balance_transaction bank_account card discount fee_refund person refund subscription_item transfer_reversal"
    ).split()
)
WITHOUT_CREATED = frozenset(("discount", "invoiceitem", "bank_account", "card"))
MOMENT_SECONDS = 60
T = TypeVar("T")


class _TakenBackError(Exception):
    """Ends an attempt, so that nothing of it stays."""


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
    test_clock: str | None = None
    """The test clock this work lives on; `clock` is then stopped at its time."""
    moving: bool = False
    """That test clock is being advanced: what takes a moment has already happened when it stops."""

    # Objects

    def add(self, object: str, prefix: str, body: Json, *, id: str | None = None, **inner: Any) -> Record:
        """A new object of this kind, stored. The fields all objects share are filled in."""
        base: Json = {"id": id or new_id(prefix), "object": object}
        if object not in WITHOUT_CREATED:
            base["created"] = self.clock.seconds()
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

    def imagine(self, make: Callable[[], T]) -> T:
        """What would come of it: it is really done, looked at, and taken back."""
        seen: list[T] = []
        try:
            with self.store.attempt():
                seen.append(make())
                raise _TakenBackError
        except _TakenBackError:
            return seen[0]

    # Events

    def emit(self, type: str, record: Record, *, before: Json | None = None) -> None:
        """Record that something happened, with the object as it is now, and address it to whoever listens."""
        data: Json = {"object": record.body}
        if before is not None:
            data["previous_attributes"] = changes(before, record.body)
        platform = self.platform()
        endpoints = [*self._listeners(type, connect=False), *(platform._listeners(type, connect=True) if platform else [])]
        event = self.add(
            "event",
            "evt",
            ({"account": self.id} if platform else {})
            | {
                "api_version": API_VERSION,
                "data": data,
                "pending_webhooks": len(endpoints),
                "request": {"id": self.request.id, "idempotency_key": self.request.idempotency_key},
                "type": type,
            },
        )
        if self.settings.strict:
            conformance.insist(event.body)
        for endpoint in endpoints:
            self.store.run(
                "INSERT INTO deliveries (account, event, endpoint, next_at) VALUES (?, ?, ?, 0)",
                self.id,
                event.id,
                endpoint,
            )

    def _listeners(self, type: str, *, connect: bool) -> Iterator[str]:
        """`connect`: those that hear of this platform's connected accounts; the others hear of the account itself."""
        for id, types, hears in self.store.remembered(("listeners", self.id), self._enabled):
            if hears is connect and ("*" in types or type in types):
                yield id

    def _enabled(self) -> list[tuple[str, frozenset[str], bool]]:
        endpoints = self.select("webhook_endpoint", "json_extract(body, '$.status') = 'enabled' ORDER BY seq")
        return [(each.id, frozenset(each["enabled_events"]), bool(each.inner.get("connect"))) for each in endpoints]

    # Connected accounts: each has its own objects, events and balance; the object that describes it is its platform's.

    def platform(self) -> Account | None:
        """Whose connected account this is; None for one that stands by itself."""
        owner = self.store.remembered(("owner", self.id), lambda: self.store.owner(self.id))
        return self.seat(owner) if owner and owner != self.id else None

    def seat(self, id: str) -> Account:
        """Another account inside the same request and transaction. Test clocks stay behind: they belong to one account."""
        clock = self.clock.wall if isinstance(self.clock, StoppedClock) else self.clock
        return replace(self, id=id, clock=clock, test_clock=None, moving=False)

    def update(self, record: Record, type: str, **fields: Any) -> None:
        """Change these fields, store it, and say what they were."""
        before = dict(record.body)
        record.body |= fields
        self.save(record)
        if before != record.body:
            self.emit(type, record, before=before)

    def later(self, seconds: float, job: str, subject: Record) -> None:
        if isinstance(self.clock, StoppedClock) and seconds < MOMENT_SECONDS:
            self._in_a_moment(self.clock, seconds, job, subject)
        else:
            self.at(self.clock.now() + seconds, job, subject)

    def at(self, moment: float, job: str, subject: Record) -> None:
        if self.test_clock:
            self.store.later_on(self.id, self.test_clock, moment, job, subject.id)
        else:
            self.store.later(self.id, moment, job, subject.id)

    def _in_a_moment(self, clock: StoppedClock, seconds: float, job: str, subject: Record) -> None:
        """A test clock that stands would never get there, so the wall clock does; one that moves does it on the spot."""
        if self.moving:
            self.at(clock.now(), job, subject)
        else:
            self.store.later(self.id, clock.wall.now() + seconds, job, subject.id)


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
