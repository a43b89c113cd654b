"""`farthing serve`: the API, the webhook door and the pages, under uvicorn. Nothing is served that is not fully set up."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import uvicorn

from farthing.app import Farthing
from farthing.cli import logs, loop, opening
from farthing.cli.terminal import terminal
from farthing.config import LOOPBACK
from farthing.errors import ConfigError

GRACE_SECONDS: Final = 8
BACKLOG: Final = 2048


def serve(app: str | None = None, /, *, host: str = "127.0.0.1", port: int = 4242, no_worker: bool = False) -> int:
    """Serve the API, the webhook door and the pages.

    Refuses to start where a delivery could not be verified or a session not be signed. One process takes thousands of
    deliveries a second; for more, start more of them behind your proxy, with `--no-worker` and `farthing worker` beside.

    For example:

        farthing serve
        farthing serve shop.main:pay --no-worker --port 8000

    Parameters
    ----------
    app
        Your own Farthing, as module:name, or the application it is mounted in. Otherwise FARTHING_APP, or the settings alone.
    host
        The address to listen on. Other than loopback only in production.
    port
        The port to listen on; 0 takes a free one.
    no_worker
        Leave jobs and sweeps to `farthing worker`.
    """
    if host not in LOOPBACK and opening.settings().env != "production":
        raise ConfigError("Outside production Farthing listens on loopback only: the shop and the mailbox are open to all.")
    with _listening(host, port) as listening:
        return serve_on(listening, app, run_worker=not no_worker, ready=lambda: _announce(listening))


def serve_on(listening: socket.socket, app: str | None, *, run_worker: bool, ready: Callable[[], None]) -> int:
    """Serve on a socket that is listening already, until SIGTERM or Ctrl-C."""
    loaded = load(app)
    pay = loaded.pay
    pay.run_worker = run_worker
    pay.settings.check_served()
    logs.configure(pay.settings, verbose=terminal().options.verbose, brief=False)
    config = uvicorn.Config(
        loaded.asgi,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Elsewhere there is no proxy: whoever says who they were forwarded for has made it up, to guess passwords for one.
        proxy_headers=pay.settings.env == "production",
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config, ready)
    loop.run(server.serve([listening]))
    return 0 if server.started else ConfigError.exit_code


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is served: Farthing alone, or the host's application that it is mounted in."""

    pay: Farthing
    asgi: Callable[..., Any]


def load(app: str | None, environ: Mapping[str, str] | None = None) -> Loaded:
    """What is named module:name, or in the settings, or a Farthing made of the settings alone."""
    environ = opening.environment() if environ is None else environ
    named = app or environ.get("FARTHING_APP")
    if not named:
        pay = Farthing(opening.settings(environ))
        return Loaded(pay, pay.asgi)
    module_name, _, name = named.partition(":")
    if not module_name or not name:
        raise ConfigError(f"{named!r} does not name a Farthing: write module:name, such as shop.main:pay.")
    module = _module(named, module_name, environ)
    return _named(named, getattr(module, name, None), module)


def _module(named: str, module_name: str, environ: Mapping[str, str]) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    with opening.environment_of(environ):
        try:
            return importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            raise ConfigError(f"{named}: there is no module {error.name!r} in this folder or installed.") from error


def _named(named: str, found: object, module: ModuleType) -> Loaded:
    """The application of a host is served as it is; its Farthing is the one in the same module."""
    if isinstance(found, Farthing):
        return Loaded(found, found.asgi)
    made = [value for value in vars(module).values() if isinstance(value, Farthing)]
    if not callable(found) or len(made) != 1:
        raise ConfigError(f"{named} is neither a Farthing nor an application beside one: name what you made with Farthing().")
    return Loaded(made[0], found)


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            raise ConfigError(f"Port {port} on {host} cannot be used: {error.strerror}. Choose another with --port.") from None
        listening.listen(BACKLOG)
        yield listening


def _announce(listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    terminal().say(f"Farthing is served at http://{f'[{host}]' if ':' in host else host}:{port}")


class _Server(uvicorn.Server):
    """Says when it is ready, and ends with status 0 when it is asked to stop."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own raises the signal again afterwards, which would end the process as killed."""
        running = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            running.add_signal_handler(each, self.handle_exit, each, None)
        yield
