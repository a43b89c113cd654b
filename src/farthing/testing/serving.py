"""Applications under test on loopback ports: real servers in a thread of their own, which no test's event loop blocks.

An ASGI application is served by uvicorn with its lifespan, a WSGI application by the standard library.
"""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
import wsgiref.simple_server
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

import uvicorn

from farthing.testing.keeping import App, is_asgi, keeping

T = TypeVar("T")
GRACE_SECONDS: Final = 2
POLL_SECONDS: Final = 0.02


class Home:
    """An event loop in a thread: where Farthing and applications live while tests come and go."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="farthing-testing", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run it there, and wait for what it returns, wherever this is called: a test's own loop stands still meanwhile."""
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("This would wait for itself: the application under test must not call the test's fixtures.")
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def hop(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run it there, awaited from another loop; or at once, from there."""
        if asyncio.get_running_loop() is self.loop:
            return await coroutine
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self.loop))

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _live(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        leftovers = asyncio.all_tasks(self.loop)
        for task in leftovers:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*leftovers, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def serving(app: App, home: Home, raised: list[Exception]) -> Iterator[str]:
    """The address of the application, ASGI or WSGI; what it raises when it is told of an event is kept."""
    app = keeping(app, raised)
    with listening() as listener:
        if is_asgi(app):
            served = served_at(app, listener)
            home.run(served.__aenter__())
            try:
                yield address(listener)
            finally:
                home.run(served.__aexit__(None, None, None))
        else:
            with _wsgi(app, listener):
                yield address(listener)


@asynccontextmanager
async def served_at(app: App, listener: socket.socket) -> AsyncIterator[None]:
    """Under uvicorn, in this loop."""
    config = uvicorn.Config(
        app, lifespan="auto", log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=GRACE_SECONDS
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listener]))
    ready = asyncio.create_task(server.ready.wait())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    if not server.started:
        ready.cancel()
        await task
        raise RuntimeError("The application under test did not start: its lifespan failed, as the log says.")
    try:
        yield
    finally:
        server.should_exit = True
        server.ending.set()
        await task


class _Server(uvicorn.Server):
    """Ends at once when it is told to, instead of looking every tenth of a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready, self.ending = asyncio.Event(), asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which always sleeps for a tenth of a second: more than most tests take."""
        for each in self.servers:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if requests := set(self.server_state.tasks):
            await asyncio.wait(requests, timeout=GRACE_SECONDS)
        await self.lifespan.shutdown()


class _Threads(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class _Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """The test's own output is read by people."""


@contextmanager
def _wsgi(app: App, listener: socket.socket) -> Iterator[None]:
    with _Threads(("127.0.0.1", 0), _Quiet, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = listener.dup()
        server.server_name, server.server_port = "127.0.0.1", listener.getsockname()[1]
        server.setup_environ()
        server.set_app(app)
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
