"""The one door to Stripe: what it asks, how often, how long, and that nobody else's settings reach it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import stripe
from tests.worlds import Account, Sandbox, account, sandbox

from farthing.errors import ProviderUnavailable
from farthing.money import Money
from farthing.providers.stripe import Stripe
from farthing.providers.stripe.client import API_VERSION, TIMEOUT, connect

__all__ = ["account", "sandbox"]


class Failing:
    """Answers every request with 500, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")[1:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        await reader.readexactly(int(headers.get("content-length", 0)))
        self.asked.append(headers)
        body = b'{"error": {"type": "api_error", "message": "not now"}}'
        head = f"HTTP/1.1 500 Oh\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def failing() -> AsyncIterator[tuple[Failing, str]]:
    answers = Failing()
    server = await asyncio.start_server(answers.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield answers, f"http://127.0.0.1:{port}"
    server.close()
    await server.wait_closed()


@pytest.mark.covers("F83", "S003-3", "S000-24")
async def test_a_failure_is_tried_again_twice_with_the_same_key_at_one_version(failing: tuple[Failing, str]) -> None:
    answers, base = failing
    provider = Stripe("sk_test_of_this_test", livemode=False, base=base)
    with pytest.raises(ProviderUnavailable):
        await provider.create_refund("pi_1", Money(100, "eur"), reference="refund_1", reason="duplicate", key="refund_1")
    await provider.close()
    assert [asked["idempotency-key"] for asked in answers.asked] == ["refund:refund_1"] * 3
    assert {asked["stripe-version"] for asked in answers.asked} == {API_VERSION}


@pytest.mark.covers("F84")
async def test_nobody_waits_eighty_seconds(failing: tuple[Failing, str]) -> None:
    _, http = connect("sk_test_of_this_test", failing[1])
    assert TIMEOUT <= 20
    assert http._timeout == TIMEOUT
    await http.close_async()  # type: ignore[no-untyped-call]


@pytest.mark.covers("F136", "S000-36")
async def test_what_a_host_sets_for_the_whole_module_does_not_reach_us(
    account: Account, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe, "api_key", "sk_test_of_the_host")
    monkeypatch.setattr(stripe, "api_version", "2020-08-27")
    monkeypatch.setattr(stripe, "api_base", "http://127.0.0.1:9")
    monkeypatch.setattr(stripe, "proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(stripe, "max_network_retries", 0)
    provider = Stripe(account.key, livemode=False, base=sandbox.url)
    made = (await account.http.post("/v1/payment_intents", data={"amount": "500", "currency": "eur"})).json()
    assert (await provider.payment(made["id"])).id == made["id"]
    await provider.close()
