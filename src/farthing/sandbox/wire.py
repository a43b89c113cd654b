"""HTTP as the sandbox reads and writes it: a request in one piece, an answer in one piece, or a broken connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

BODY_MAX_BYTES = 1_000_000
DISCONNECT_SECONDS = 1.0


class TooLarge(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Answered:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    half: bool = False
    """Only half of it is sent, and the connection closed."""


async def read(scope: Scope, receive: Receive) -> Asked:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        if len(body) > BODY_MAX_BYTES:
            raise TooLarge
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Asked(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, bytes(body))


async def write(send: Send, answer: Answered) -> None:
    headers = {"content-type": "application/json", "content-length": str(len(answer.body))} | answer.headers
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    if answer.half:
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        if transport := _transport(send):
            transport.close()
        return
    await send({"type": "http.response.body", "body": answer.body})


def _transport(send: Send) -> Any:
    return getattr(getattr(send, "__self__", None), "transport", None)


async def break_off(receive: Receive, send: Send) -> None:
    """Close the connection without a word, as a crash or a cut cable does.

    ASGI has no way to say so; uvicorn's transport can be reached through its `send`. On another server the answer is
    begun and never finished, which a client sees as a broken connection as well.
    """
    transport = _transport(send)
    if transport is None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000000")]})
        return
    transport.abort()
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCONNECT_SECONDS):
            while (await receive())["type"] != "http.disconnect":
                pass
