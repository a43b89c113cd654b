"""HTTP out of the sandbox: one POST after the other over connections that stay open, and the status each is answered with."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import httptools

ANSWER_MAX_BYTES = 256 * 1024
READ_BYTES = 64 * 1024
IDLE_MAX = 16
_SAFE = "/%:@!$&'()*+,;=~-._?"


class Unanswered(Exception):
    """There is no status: its message says why, in a word or two."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int
    tls: bool
    target: str
    named: str
    """As the Host header has it."""


@functools.lru_cache(1_000)
def address(url: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        named = (host or "").encode("idna").decode() if not (host or "").isascii() else host or ""
    except (ValueError, UnicodeError):
        raise Unanswered("invalid URL") from None
    if parts.scheme not in ("http", "https") or not named or set(named) & set(" \t\r\n\0"):
        raise Unanswered("invalid URL")
    tls = parts.scheme == "https"
    target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    shown = f"[{named}]" if ":" in named else named
    return Address(named, port or (443 if tls else 80), tls, target, f"{shown}:{port}" if port else shown)


class Outgoing:
    """Connections are kept for whoever is written to next at the same place. Redirects are not followed, proxies not asked."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._idle: dict[tuple[str, int, bool], deque[_Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    def close(self) -> None:
        for waiting in self._idle.values():
            for connection in waiting:
                connection.close()
        self._idle.clear()

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        to = address(url)
        lines = [f"POST {to.target} HTTP/1.1", f"host: {to.named}", "accept: */*", f"content-length: {len(body)}"]
        request = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode() + body
        try:
            async with asyncio.timeout(self._seconds):
                return await self._ask(to, request)
        except TimeoutError:
            raise Unanswered("timed out") from None

    async def _ask(self, to: Address, request: bytes) -> int:
        place = (to.host, to.port, to.tls)
        idle = self._idle.setdefault(place, deque())
        while idle:
            connection = idle.pop()
            with suppress(_NothingSaidError):
                return await self._converse(connection, idle, request)
            # The other side had closed it while it stood idle: nobody has read this yet.
        try:
            return await self._converse(await self._connect(to), idle, request)
        except _NothingSaidError:
            raise Unanswered("disconnected without an answer") from None

    async def _connect(self, to: Address) -> _Connection:
        if to.tls and self._tls is None:
            self._tls = ssl.create_default_context()
        try:
            reader, writer = await asyncio.open_connection(to.host, to.port, ssl=self._tls if to.tls else None)
        except ssl.SSLError:
            raise Unanswered("no trusted TLS") from None
        except (OSError, UnicodeError):
            raise Unanswered("nobody there") from None
        return _Connection(reader, writer)

    async def _converse(self, connection: _Connection, idle: deque[_Connection], request: bytes) -> int:
        try:
            answer = await connection.ask(request)
        except BaseException:
            connection.close()
            raise
        if answer.keeps_open and len(idle) < IDLE_MAX:
            idle.append(connection)
        else:
            connection.close()
        return answer.status


class _NothingSaidError(Exception):
    """The connection ended before a byte of an answer."""


@dataclass(slots=True)
class _Answer:
    status: int = 0
    complete: bool = False
    keeps_open: bool = False
    size: int = 0
    parser: httptools.HttpResponseParser = field(init=False)

    def __post_init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()

    def on_message_complete(self) -> None:
        # 100 Continue and its like come before the answer.
        if self.status >= 200:
            self.complete = True
            self.keeps_open = self.parser.should_keep_alive()


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def close(self) -> None:
        self._writer.close()

    async def ask(self, request: bytes) -> _Answer:
        """The answer to its end: what follows on this connection is then the next one's."""
        answer = _Answer()
        try:
            self._writer.write(request)
            await self._writer.drain()
            while not answer.complete and answer.size < ANSWER_MAX_BYTES:
                part = await self._reader.read(READ_BYTES)
                if not part:
                    break
                answer.size += len(part)
                answer.parser.feed_data(part)
        except httptools.HttpParserError:
            raise Unanswered("no HTTP") from None
        except OSError:
            if not answer.size:
                raise _NothingSaidError from None
        if not answer.size:
            raise _NothingSaidError
        if answer.status < 200:
            raise Unanswered("half an answer")
        return answer
