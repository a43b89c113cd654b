"""`python -m farthing.sandbox --port 12111 --state sandbox.sqlite3`: serve the sandbox until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

import uvicorn

from farthing.sandbox.app import create_app
from farthing.sandbox.settings import DEFAULT_KEY, Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PORT_DEFAULT = 12111
PORT_MAX = 65_535
# As the commands of Farthing say it: something must be set otherwise first.
PORT_TAKEN = 3
SHUTDOWN_SECONDS = 2
# Longer than clients keep a connection for later: none of them writes to one that is just being closed.
IDLE_SECONDS = 75
TYPES_AFTER_SECONDS = 0.05


def main(argv: Sequence[str] | None = None) -> int:
    wanted = _parser().parse_args(argv)
    if wanted.host not in LOOPBACK and not wanted.allow_remote:
        _say("The sandbox serves this machine only: --host must be a loopback address, or come with --allow-remote.")
        return 2
    if wrong := _unusable(wanted.host, wanted.port):
        _say(wrong)
        return 2 if wanted.port > PORT_MAX or wanted.port < 0 else PORT_TAKEN
    settings = Settings(
        allowed_hosts=tuple(wanted.allow_host),
        remote=wanted.allow_remote,
        fee_permille=wanted.fee_permille,
        fee_fixed_amount=wanted.fee_fixed,
        strict=wanted.strict or Settings().strict,
        seed_file=wanted.seed,
        id_seed=wanted.id_seed,
    )
    config = uvicorn.Config(
        create_app(wanted.state, settings),
        host=wanted.host,
        port=wanted.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
    )
    server = _Server(config, ends_with_stdin=wanted.end_with_stdin)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(server.serve())
    return 0 if server.started else 1


def _unusable(host: str, port: int) -> str | None:
    """What stands in the way of listening there, before anything is opened for it."""
    if not 0 <= port <= PORT_MAX:
        return f"--port is a number from 0 to {PORT_MAX}, not {port}; 0 takes a free one."
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host, port))
        except OSError as problem:
            at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            if problem.errno == errno.EADDRINUSE:
                return f"{at} is taken, perhaps by another sandbox: choose another with --port, or 0 for a free one."
            return f"{at} cannot be listened to: {problem.strerror or problem}."
    return None


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The quicker loop, where there is one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _read_types() -> None:
    """Import the SDK, of which only the types are read here, without the HTTP clients that take longer than all the rest."""
    left_out = [each for each in ("aiohttp", "httpx", "requests") if each not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]
    importlib.import_module("stripe.params")
    for each in left_out:
        del sys.modules[each]


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="farthing.sandbox", description="A Stripe of your own, for tests and development.")
    add = parser.add_argument
    add("--port", type=int, default=PORT_DEFAULT, help="0 takes a free one (default %(default)s)")
    add("--host", default="127.0.0.1", help="a loopback address (default %(default)s)")
    add("--allow-remote", action="store_true", help="let other machines in: --host may be any address, and be asked for by IP")
    add("--state", default=":memory:", help="the SQLite file to keep state in (default: memory only)")
    add("--allow-host", action="append", default=[], metavar="NAME", help="a further Host name to answer to")
    add("--fee-permille", type=int, default=29, help="the card fee in thousandths (default %(default)s)")
    add("--fee-fixed", type=int, default=30, help="the fixed part of the fee (default %(default)s)")
    add("--seed", default="", metavar="FILE", help="JSON or TOML with objects to begin with, when the state is empty")
    add("--id-seed", default="", metavar="TEXT", help="the same ids in every run")
    add("--end-with-stdin", action="store_true", help="end when standard input does: whoever started it is gone then")
    strictly = "compare every answer and event with the SDK's types, as FARTHING_STRICT=1 does"
    add("--strict", "--check-answers", action="store_true", help=strictly)
    return parser


class _Server(uvicorn.Server):
    """Says where it is when it is ready, and ends with status 0 when asked to stop."""

    def __init__(self, config: uvicorn.Config, *, ends_with_stdin: bool) -> None:
        super().__init__(config)
        self._ends_with_stdin = ends_with_stdin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            if self._ends_with_stdin:
                asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._hear_stdin)
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            words = [f"Farthing sandbox ready at http://{shown}:{port}  (no real money)"]
            if host not in LOOPBACK:
                words.append("Other machines reach it, without any secret: they can read and change everything in it.")
            if not self._ends_with_stdin:
                words.append(f"Any key that begins with sk_test_ opens an account; the commands use {DEFAULT_KEY}.")
            # In one breath: a process that waits for the first words need not look out for the others.
            _say("\n".join(words))
            # The first request that needs them would wait; whoever only asks whether it is there does not.
            asyncio.get_running_loop().call_later(TYPES_AFTER_SECONDS, _read_types)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGINT and not self.should_exit and not self._ends_with_stdin:
            _say("Ending: what runs may finish.")
        super().handle_exit(sig, frame)

    def _hear_stdin(self) -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self.handle_exit(signal.SIGTERM, None)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own raises the signal again afterwards, which would end the process as killed."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, self.handle_exit, each, None)
        yield


if __name__ == "__main__":
    sys.exit(main())
