"""`farthing sandbox`: the sandbox by itself. It is a house of its own: this process becomes it."""

import os
import sys
from pathlib import Path
from typing import Final

from farthing.errors import Invalid

PORT_MAX: Final = 65_535


def sandbox(
    *,
    port: int = 12111,
    host: str = "127.0.0.1",
    allow_remote: bool = False,
    state: Path | None = None,
    seed: Path | None = None,
    id_seed: str | None = None,
    allow_host: tuple[str, ...] | None = None,
    fee_permille: int | None = None,
    fee_fixed: int | None = None,
    strict: bool = False,
) -> int:
    """A Stripe of your own on this machine: its API, its payment page, events and webhooks. No real money.

    Point any Stripe SDK to it with a key that starts with sk_test_: each key is an account of its own, made on first sight.
    With a word behind it, it speaks to the sandbox that runs.

    For example:

        farthing sandbox
        farthing sandbox --port 0 --state sandbox.sqlite3
        farthing sandbox --seed shop.toml --id-seed ci

    Parameters
    ----------
    port
        The loopback port to listen on; 0 takes a free one.
    host
        The loopback address to listen on.
    allow_remote
        Let other machines in: the address may then be any, and nobody is asked who they are.
    state
        The file to keep everything in. Without one, it is forgotten at the end.
    seed
        JSON or TOML with objects to begin with, when the state is empty.
    id_seed
        Any text: with it, ids are the same in every run.
    allow_host
        A further Host name to answer to. May be given again.
    fee_permille
        The fee of a card payment in thousandths: 29 when not said.
    fee_fixed
        The fixed part of the fee, in the smallest unit: 30 when not said.
    strict
        Compare every answer and event with the types of the official SDK, as FARTHING_STRICT=1 does.
    """
    if not 0 <= port <= PORT_MAX:
        raise Invalid(f"--port is a number from 0 to {PORT_MAX}, not {port}; 0 takes a free one.")
    given = {
        "--port": port,
        "--host": host,
        "--state": state,
        "--seed": seed,
        "--id-seed": id_seed,
        "--fee-permille": fee_permille,
        "--fee-fixed": fee_fixed,
    }
    # As one word each: a value may begin with a dash.
    words = [f"{name}={value}" for name, value in given.items() if value is not None]
    words += [f"--allow-host={name}" for name in allow_host or ()]
    words += ["--strict"] if strict else []
    words += ["--allow-remote"] if allow_remote else []
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "farthing.sandbox", *words])  # noqa: S606 - our own module
