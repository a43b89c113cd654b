"""`python -m farthing.sandbox --port 12111 --state sandbox.sqlite3`: serve the sandbox until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

import uvicorn

from farthing.sandbox.app import create_app
from farthing.sandbox.settings import Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def main(argv: Sequence[str] | None = None) -> int:
    wanted = _parser().parse_args(argv)
    if wanted.host not in LOOPBACK:
        print("The sandbox serves this machine only: --host must be a loopback address.", file=sys.stderr)
        return 2
    settings = Settings(
        allowed_hosts=tuple(wanted.allow_host),
        fee_permille=wanted.fee_permille,
        fee_fixed_amount=wanted.fee_fixed,
        checks_answers=wanted.check_answers,
    )
    config = uvicorn.Config(
        create_app(wanted.state, settings),
        host=wanted.host,
        port=wanted.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    return asyncio.run(_serve(_Server(config)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="farthing.sandbox", description="A Stripe of your own, for tests and development.")
    parser.add_argument("--port", type=int, default=12111, help="0 takes a free one (default %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default %(default)s)")
    parser.add_argument("--state", default=":memory:", help="the SQLite file to keep state in (default: memory only)")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a further Host name to answer to")
    parser.add_argument("--fee-permille", type=int, default=29, help="the card fee in thousandths (default %(default)s)")
    parser.add_argument("--fee-fixed", type=int, default=30, help="the fixed part of the fee (default %(default)s)")
    parser.add_argument("--check-answers", action="store_true", help="compare every answer with the SDK's types")
    return parser


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            print(f"Farthing sandbox ready at http://{shown}:{port}  (no real money)", file=sys.stderr, flush=True)


async def _serve(server: _Server) -> int:
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        await server.serve()
    return 0 if server.started else 1


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
