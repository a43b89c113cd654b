"""The house: what `farthing dev` and `farthing demo` start, in the order in which one thing needs another.

PostgreSQL, the sandbox and the processes that will serve start at once; while they do, this process imports what it needs to
migrate, to register the webhook endpoint and to apply the catalog. Only then is anybody told to serve.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from farthing.cli.dev import state as states
from farthing.cli.dev.children import Child, all_ready
from farthing.cli.dev.state import State
from farthing.cli.postgres import news
from farthing.db.embedded import EmbeddedPostgres
from farthing.errors import ConfigError, Conflict, DatabaseUnavailable

if TYPE_CHECKING:
    from farthing.app import Farthing

BACKLOG: Final = 512
POSTGRES_LOOK_SECONDS: Final = 1.0


class House:
    """`launch`, `settle`, and in the end `end`. `say` is called with what somebody who watches should know."""

    def __init__(
        self,
        home: Path,
        environ: Mapping[str, str],
        say: Callable[[str], None],
        *,
        port: int | None,
        app: str | None = None,
        sandboxed: bool = True,
        verbose: bool = False,
    ) -> None:
        self.home, self.sandboxed = home, sandboxed
        self._environ, self._say, self._app, self._verbose = dict(environ), say, app, verbose
        self._wanted_port = port
        self.state: State
        self.pay: Farthing
        self._lock: TextIO | None = None
        self._postgres: EmbeddedPostgres | None = None
        self._listening: socket.socket | None = None
        self._children: dict[str, Child] = {}
        self._kept: dict[Child, asyncio.Task[None]] = {}
        self._stack = contextlib.AsyncExitStack()

    @property
    def embedded(self) -> bool:
        return not any(self._environ.get(name) for name in ("FARTHING_DATABASE_URL", "DATABASE_URL"))

    def dsn(self) -> str:
        """Of the embedded server, once it is there."""
        assert self._postgres is not None, "it was launched, and has a server of its own"
        return self._postgres.dsn()

    def launch(self) -> None:
        """Start what takes time. Raises ConfigError or Conflict where there is no place for the house."""
        make_home(self.home)
        self._lock = hold(self.home)
        if self.embedded:
            self._postgres = EmbeddedPostgres(self.home, progress=news(self._say)).start_in_background()
        self.state = states.find(self.home) or states.new(states.PORT)
        self._listening = listen(self.state.port if self._wanted_port is None else self._wanted_port)
        port = self._listening.getsockname()[1]
        sandbox_port = free_port(self.state.sandbox_port or 0) if self.sandboxed else None
        self.state = replace(self.state, port=port, sandbox_port=sandbox_port)
        states.save(self.home, self.state)
        self._children = {
            **({"sandbox": Child("sandbox", "The sandbox", self._say)} if self.sandboxed else {}),
            "api": Child("api", "The API", self._say, self._listening),
            "worker": Child("worker", "The worker", self._say),
        }
        for child in self._children.values():
            child.spawn()

    async def settle(self) -> None:
        """Until everything serves. Raises the reason where something never will."""
        from farthing.cli.dev import furnish

        if self.sandboxed:
            state = str(self.home / "sandbox.sqlite3")
            await self._tell("sandbox", args=["--port", str(self.state.sandbox_port), "--state", state])
        self.pay = furnish.farthing(self._environment() | ({"FARTHING_APP": self._app} if self._app else {}))
        opening = asyncio.create_task(self._stack.enter_async_context(self.pay))
        if self.sandboxed:
            await all_ready({self._children["sandbox"]: self._kept[self._children["sandbox"]]})
            self.state = await furnish.webhook(self.state)
            states.save(self.home, self.state)
        await opening
        if self._postgres is not None:
            # It knows its server from here on, and notices when it is gone.
            await asyncio.to_thread(self._postgres.dsn)
        await self._tell("api", app=self._app)
        await self._tell("worker", app=self._app)
        await asyncio.gather(all_ready(self._kept), furnish.rooms(self.pay.world, self.state, sells=self.sandboxed))

    async def stand(self) -> None:
        """Until canceled: whoever dies is started again, the embedded PostgreSQL's supervisor, too."""
        while self._postgres is not None:
            await asyncio.sleep(POSTGRES_LOOK_SECONDS)
            try:
                await asyncio.to_thread(self._postgres.dsn)
            except DatabaseUnavailable as error:
                self._say(error.detail)
        await asyncio.Event().wait()

    def serve_anew(self) -> None:
        """The API and the worker finish what runs, and their successors read the catalog as it is now."""
        for role in ("api", "worker"):
            self._children[role].ask_to_end()

    async def end(self) -> None:
        """Close the doors, let everybody finish, and put out the light last."""
        for task in self._kept.values():
            task.cancel()
        await asyncio.gather(*self._kept.values(), return_exceptions=True)
        servers = [child for role, child in self._children.items() if role != "sandbox"]
        for child in servers:
            child.ask_to_end()
        await asyncio.gather(*(child.end() for child in servers), self._stack.aclose())
        if sandbox := self._children.get("sandbox"):
            await sandbox.end()
        self.close()

    def close(self) -> None:
        """What must be closed even where nothing was ever settled."""
        for child in self._children.values():
            child.kill()
        if self._listening:
            self._listening.close()
        if self._postgres:
            self._postgres.stop()
        if self._lock:
            self._lock.close()

    async def _tell(self, role: str, **order: object) -> None:
        child = self._children[role]
        word = {"environ": self._environment(), "verbose": self._verbose, **order}
        self._kept[child] = asyncio.create_task(child.keep(word), name=child.name)

    def _environment(self) -> dict[str, str]:
        """What the user has set, with what belongs to this house on top."""
        own = self.state.environment()
        if not self.sandboxed:
            # Nobody knows this secret: until `stripe listen` tells one, no delivery is believed.
            kept = {"FARTHING_SECRET_KEY", "FARTHING_BASE_URL"}
            own = {name: value for name, value in own.items() if name in kept}
            own["STRIPE_WEBHOOK_SECRET"] = self._environ.get("STRIPE_WEBHOOK_SECRET") or f"whsec_{self.state.secret_key}"
        level = {} if self._verbose else {"FARTHING_LOG_LEVEL": "warning"}
        return {**level, **self._environ, **own, "FARTHING_HOME": str(self.home), "FARTHING_ENV": "dev"}


def make_home(home: Path) -> None:
    try:
        # PostgreSQL will not run as root, and whoever it runs as then has to pass.
        home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The home {home} cannot be created: {error.strerror}. Set FARTHING_HOME.") from None


def hold(home: Path) -> TextIO:
    """One house for each home. Raises Conflict saying where the other one is."""
    lock = (home / "dev.lock").open("a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        found = states.find(home)
        where = f" at {found.base_url}" if found else ""
        raise Conflict(f"`farthing dev` is running on {home} already{where}: use it, or end it with Ctrl-C.") from None
    return lock


def listen(port: int) -> socket.socket:
    """The port stays ours while a server behind it is started again: whoever comes meanwhile waits, and is not refused."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listening.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"Port {port} cannot be used: {reason}. Choose another with --port.") from None
    listening.listen(BACKLOG)
    return listening


def free_port(wanted: int) -> int:
    """The wanted one, so that links to the payment page outlive a restart; if somebody has it, any other."""
    for port in (wanted, 0):
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("127.0.0.1", port))
            return int(trial.getsockname()[1])
    raise ConfigError("There is no free port on 127.0.0.1.")
