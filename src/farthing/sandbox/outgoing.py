"""HTTP out of the sandbox: one POST over connections that stay open, and the status it is answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

ANSWER_MAX_BYTES = 256 * 1024
# Less than the five seconds after which uvicorn closes a connection: nobody writes to one that is just being closed.
IDLE_SECONDS = 3


class Unanswered(Exception):
    """There is no status: its message says why, in a word or two."""


class Outgoing:
    """Redirects are not followed, cookies not kept, and a proxy in the environment has no business on this machine."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        # Imported with the first webhook: the sandbox starts in half the time without it.
        import aiohttp

        session = self._session = self._session or _opened(self._seconds)
        try:
            async with session.post(url, headers=headers, data=body, allow_redirects=False) as answer:
                await _read(answer)
                return answer.status
        except TimeoutError:
            raise Unanswered("timed out") from None
        except (aiohttp.InvalidURL, ValueError):
            raise Unanswered("invalid URL") from None
        except aiohttp.ClientSSLError:
            raise Unanswered("no trusted TLS") from None
        except (aiohttp.ClientConnectorError, aiohttp.ClientConnectorDNSError):
            raise Unanswered("nobody there") from None
        except aiohttp.ClientConnectionError:
            raise Unanswered("disconnected without an answer") from None
        except aiohttp.ClientError:
            raise Unanswered("no HTTP") from None


def _opened(seconds: float) -> aiohttp.ClientSession:
    import aiohttp

    return aiohttp.ClientSession(
        # How many are written to at once is the caller's business.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
        timeout=aiohttp.ClientTimeout(total=seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


async def _read(answer: aiohttp.ClientResponse) -> None:
    """To its end, so that the connection can be used again; its status counts, whatever becomes of the rest."""
    import aiohttp

    try:
        size = 0
        async for part in answer.content.iter_any():
            size += len(part)
            if size > ANSWER_MAX_BYTES:
                answer.close()
                return
    except aiohttp.ClientPayloadError:
        answer.close()
