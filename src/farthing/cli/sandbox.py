"""`farthing sandbox`: the sandbox by itself. It is a house of its own: this process becomes it."""

import os
import sys
from pathlib import Path


def sandbox(*, port: int = 12111, state: Path | None = None) -> int:
    """A Stripe of your own on this machine: its API, its payment page, events and webhooks. No real money.

    Point any Stripe SDK to it with a key that starts with sk_test_: each key is an account of its own, made on first sight.

    For example:

        farthing sandbox
        farthing sandbox --port 0 --state sandbox.sqlite3

    Parameters
    ----------
    port
        The loopback port to listen on; 0 takes a free one.
    state
        The file to keep everything in. Without one, it is forgotten at the end.
    """
    command = [sys.executable, "-m", "farthing.sandbox", "--port", str(port)]
    sys.stdout.flush()
    os.execv(sys.executable, command + (["--state", str(state)] if state else []))  # noqa: S606 - our own module
