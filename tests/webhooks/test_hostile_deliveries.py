"""Whatever is sent to the door: a clear refusal, nothing stored, and never a crash."""

import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.webhooks.conftest import Deliver, event, stored
from tests.worlds import WEBHOOK_SECRET, signed, unchanged

from farthing.clock import TravelClock
from farthing.errors import Malformed
from farthing.providers.stripe import webhook
from farthing.sandbox.signing import header
from farthing.webhooks import door
from farthing.webhooks.door import BODY_MAX
from farthing.world import World

BODY = orjson.dumps(event())
NOW = int(time.time())


class StandingClock(TravelClock):
    """Stands where the deliveries were signed, however late in a long run they are told."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW, UTC) + self._offset


@pytest.fixture
def clock() -> TravelClock:
    return StandingClock()


def of(body: bytes, at: int = NOW) -> str:
    """A right signature of whatever body."""
    return header(body, [WEBHOOK_SECRET], at)


GOOD = of(BODY)
OLD = of(BODY, NOW - 3600)

HEADERS: dict[str, str | bytes | None] = {
    "missing": None,
    "empty": "",
    "forged": f"t={NOW},v1={'0' * 64}",
    "another secret": header(BODY, ["whsec_of_somebody_else"], NOW),
    "empty secret": header(BODY, [""], NOW),
    "stale": of(BODY, NOW - 400),
    "future-dated": of(BODY, NOW + 400),
    "ten years ahead": of(BODY, NOW + 315_000_000),
    "no timestamp": f"v1={GOOD.partition('v1=')[2]}",
    "no signature": f"t={NOW}",
    "another scheme": GOOD.replace("v1=", "v0="),
    "negative timestamp": of(BODY, -5),
    "timestamp of many digits": GOOD.replace(f"t={NOW}", f"t={'9' * 400}"),
    "timestamp of letters": GOOD.replace(f"t={NOW}", "t=now"),
    "timestamp of arabic digits": GOOD.replace(f"t={NOW}", "t=" + "١٢٣٤٥٦٧٨٩٠").encode(),
    "only commas": ",,,,",
    "no equals": "t,v1",
    "many equals": "t=1=2=3,v1=4=5",
    "bytes above ASCII": b"t=1,v1=\xff\xfe",
    "utf-8": "t=1,v1=é".encode(),
    "very long": GOOD + ",v1=" + "0" * 10_000,
    # The library finds the signed timestamp, and a careless reader the fresh one.
    "old, with a fresh second timestamp before it": f"v0=x, t={NOW},{OLD}",
    "old, with a fresh second timestamp behind it": f"{OLD},t={NOW}",
    "old, spelled with a plus, and a fresh one": OLD.replace("t=", "t=+").replace(",v1", f",t={NOW},v1"),
    "old, spelled with a space, and a fresh one": OLD.replace("t=", "t= ").replace(",v1", f",t={NOW},v1"),
    "old, spelled with an underscore, and a fresh one": OLD.replace("t=1", "t=1_").replace(",v1", f",t={NOW},v1"),
}


@pytest.mark.covers("F152", "S000-23", "S000-38")
async def test_a_delivery_with_a_wrong_signature_is_refused(world: World, deliver: Deliver) -> None:
    async with unchanged(world):
        answers = {name: await deliver(BODY, signature) for name, signature in HEADERS.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(HEADERS, 400)
    assert {answer.headers["content-type"] for answer in answers.values()} == {"application/problem+json"}
    assert await stored(world) == []
    assert (await deliver(BODY, of(BODY, NOW))).status_code == 200


@pytest.mark.covers("F156")
async def test_the_refusal_of_a_forger_tells_nothing(deliver: Deliver) -> None:
    answer = await deliver(BODY, HEADERS["forged"])
    assert WEBHOOK_SECRET not in answer.text
    assert "cus_1" not in answer.text
    assert GOOD.partition("v1=")[2] not in answer.text


BODIES: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"id=evt_1&object=event",
    "cut off": BODY[:-1],
    "two documents": BODY + BODY,
    "not UTF-8": BODY.replace(b"cus_1", b"\xff\xfe"),
    "UTF-16": BODY.decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + BODY,
    "100,000 arrays deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "80,000 objects deep": b'{"a":' * 80_000 + b"1" + b"}" * 80_000,
    "a key twice": b'{"id":"evt_1","id":"evt_2","object":"event","type":"customer.created"}',
    "a key twice, deep inside": BODY.replace(b'"object":"customer"', b'"object":"customer","id":"cus_2"'),
    "NaN": BODY.replace(b"1790000000", b"NaN"),
    "Infinity": BODY.replace(b"1790000000", b"-Infinity"),
    "1e400": BODY.replace(b"1790000000", b"1e400"),
    "a number of 10,000 digits": BODY.replace(b"1790000000", b"9" * 10_000),
    "a list": b"[]",
    "null": b"null",
    "a text": b'"event"',
    "a number": b"1",
    "true": b"true",
    "an empty object": b"{}",
    "a thin event": orjson.dumps(event(object="v2.core.event")),
    "another object": orjson.dumps(event(object="customer")),
    "an id that is missing": orjson.dumps({k: v for k, v in event().items() if k != "id"}),
    "an id that is a number": orjson.dumps(event(id=1)),
    "an id that is empty": orjson.dumps(event(id="")),
    "an id of 300 characters": orjson.dumps(event(id="e" * 300)),
    "an id of 100,000 characters": orjson.dumps(event(id="e" * 100_000)),
    "a NUL in the id": json.dumps(event(id="evt\0")).encode(),
    "half a surrogate pair in the id": json.dumps(event(id="evt\ud800")).encode(),
    "a line break in the type": json.dumps(event(type="a\nb")).encode(),
    "a NUL in the type": json.dumps(event(type="a\0")).encode(),
    "a type that is a list": orjson.dumps(event(type=["a"])),
    "a watched type without data": orjson.dumps(event(type="payment_intent.succeeded", data=None)),
    "a watched type with a list as data": orjson.dumps(event(type="payment_intent.succeeded", data=[])),
    "a watched type without an object": orjson.dumps(event(type="payment_intent.succeeded", data={})),
    "a watched type with a text as object": orjson.dumps(event(type="refund.created", data={"object": "re_1"})),
}


@pytest.mark.covers("F140")
async def test_a_signed_body_that_is_no_event_is_refused(world: World, deliver: Deliver) -> None:
    async with unchanged(world):
        answers = {name: (await deliver(body, of(body))).status_code for name, body in BODIES.items()}
    assert answers == dict.fromkeys(BODIES, 400)
    assert await stored(world) == []


async def test_a_body_is_verified_byte_by_byte(world: World, deliver: Deliver) -> None:
    for changed in (BODY + b"\n", BODY.replace(b",", b", "), BODY.replace(b"cus_1", b"cus_2"), BODY[1:]):
        assert (await deliver(changed, GOOD)).status_code == 400
    assert await stored(world) == []


def _padded(size: int) -> bytes:
    empty = len(orjson.dumps(event(padding="")))
    return orjson.dumps(event(padding="x" * (size - empty)))


async def test_the_largest_body_is_taken_and_one_byte_more_is_not(world: World, deliver: Deliver) -> None:
    largest = _padded(BODY_MAX)
    assert (len(largest), (await deliver(largest, of(largest))).status_code) == (BODY_MAX, 200)
    larger = _padded(BODY_MAX + 1)
    assert (await deliver(larger, of(larger))).status_code == 413
    assert len(await stored(world)) == 1


@pytest.mark.covers("F138")
async def test_an_endless_body_is_refused_while_it_arrives(world: World, deliver: Deliver) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * BODY_MAX:
            sent += 65_536
            yield b" " * 65_536

    assert (await deliver(endless(), GOOD)).status_code == 413
    assert sent <= 2 * BODY_MAX
    assert await stored(world) == []


@pytest.mark.covers("F139")
async def test_a_body_that_never_ends_arriving_is_given_up(
    world: World, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "BODY_SECONDS", 0.1)

    async def slow() -> AsyncIterator[bytes]:
        yield BODY[:10]
        await anyio.sleep(5)
        yield BODY[10:]

    assert (await deliver(slow(), GOOD)).status_code == 408
    assert await stored(world) == []


async def test_a_declared_length_is_enough_to_refuse(deliver: Deliver) -> None:
    read = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b" "

    for length in (str(BODY_MAX + 1), "9" * 30, "9" * 5_000):
        assert (await deliver(counted(), GOOD, **{"content-length": length})).status_code == 413
    assert read == 0


ODD_BUT_STORABLE: dict[str, dict[str, Any]] = {
    "a NUL in a text inside": event(data={"object": {"id": "cus_1", "name": "a\0b"}}),
    "half a surrogate pair inside": event(data={"object": {"id": "cus_1", "name": "\ud800"}}),
    "a moment that is none": event(created="yesterday"),
    "a moment beyond all time": event(created=10**30),
    "a negative moment": event(created=-1),
    "a moment that is a bool": event(created=True),
    "an account that is a number": event(account=7),
    "an account that is too long": event(account="a" * 400),
    "no version": event(api_version=None),
    "a watched object whose id is a number": event(type="payment_intent.succeeded", data={"object": {"id": 7}}),
    "a watched object whose id has a NUL": event(type="payment_intent.succeeded", data={"object": {"id": "pi\0"}}),
    "a watched object whose id is too long": event(type="refund.created", data={"object": {"id": "r" * 256}}),
    "a charge without a payment": event(type="charge.updated", data={"object": {"id": "ch_1", "payment_intent": None}}),
}


@pytest.mark.covers("F95", "F101")
async def test_an_odd_event_that_is_signed_is_stored_and_ignored(world: World, deliver: Deliver) -> None:
    bodies = {f"evt_{i}": json.dumps(odd | {"id": f"evt_{i}"}).encode() for i, odd in enumerate(ODD_BUT_STORABLE.values())}
    async with unchanged(world):
        for body in bodies.values():
            assert (await deliver(body, of(body))).status_code == 200
    notices = await stored(world)
    assert {notice.provider_event_id: notice.body for notice in notices} == bodies
    assert {(notice.status, notice.order_id, bool(notice.reason)) for notice in notices} == {("ignored", None, True)}


# What an attacker composes headers of: blind bytes find nothing, a grammar finds the cracks.
STAMPS = st.sampled_from(["t", "T", " t", "t ", "v1", "v0", "", "ｔ"])
TIMES = st.one_of(
    st.sampled_from([str(NOW), f"+{NOW}", f" {NOW}", f"{NOW} ", "0", "-1", "١", "1e9", "0x1", "9" * 50, ""]),
    st.integers(NOW - 400, NOW + 400).map(str),
)
SIGNATURES = st.sampled_from([GOOD.partition("v1=")[2], OLD.partition("v1=")[2], "0" * 64, "", "é", "=", "\x7f"])
PARTS = st.builds("=".join, st.tuples(STAMPS, st.one_of(TIMES, SIGNATURES)))
GRAMMAR = st.one_of(st.lists(PARTS, max_size=6).map(",".join), st.text(max_size=60))


@given(GRAMMAR)
@settings(max_examples=500)
def test_only_the_signed_moment_counts(signature: str) -> None:
    """A header is taken if, and only if, the one timestamp in it is fresh and signed with this body."""
    try:
        webhook.check_signature(BODY, signature, [WEBHOOK_SECRET], now=NOW)
    except Malformed:
        return
    parts = signature.split(",")
    assert [part for part in parts if part.strip().startswith("t")] == [f"t={NOW}"]
    assert GOOD.partition(",")[2] in parts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["id", "object", "type", "created", "livemode", "account", "api_version", "data"]
EVENTS = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4).map(lambda changes: json.dumps(event(**changes)).encode())
ABOUT = st.dictionaries(st.sampled_from(["id", "payment_intent", "metadata", "amount"]), JSON, max_size=3)
WATCHED = st.builds(
    lambda name, about: json.dumps(event(type=name, data={"object": about})).encode(),
    st.sampled_from(sorted(webhook.WATCHED)),
    ABOUT,
)


async def test_no_signed_body_crashes_the_door(world: World, deliver: Deliver) -> None:
    def post(body: bytes) -> None:
        answer = anyio.from_thread.run(deliver, body, of(body))
        assert answer.status_code in (200, 400)

    await _many(post, st.one_of(EVENTS, WATCHED, st.binary(max_size=60)), 150)
    assert all(notice.status in ("ignored", "received") for notice in await stored(world))


@pytest.mark.covers("F142")
async def test_no_header_crashes_the_door(world: World, deliver: Deliver) -> None:
    fresh = signed(event(), at=NOW)[0]

    def post(signature: str) -> None:
        answer = anyio.from_thread.run(deliver, fresh, signature.encode("utf-8", "replace"))
        assert answer.status_code == 400

    await _many(post, GRAMMAR.filter(lambda signature: GOOD.partition("v1=")[2] not in signature), 150)
    assert await stored(world) == []


async def _many(check: Callable[[Any], None], strategy: st.SearchStrategy[Any], times: int) -> None:
    """Hypothesis drives from a thread; what it finds runs in our loop."""
    relaxed = settings(max_examples=times, deadline=None, suppress_health_check=list(HealthCheck))
    await anyio.to_thread.run_sync(relaxed(given(strategy)(check)))
