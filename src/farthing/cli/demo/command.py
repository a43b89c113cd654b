"""`farthing demo`: the house of `farthing dev` on a fresh home, a script instead of people, and a verdict."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from farthing.cli import opening
from farthing.cli.dev import command
from farthing.cli.dev.children import exit_code
from farthing.cli.dev.house import House
from farthing.cli.home import home_of
from farthing.cli.terminal import terminal
from farthing.config import ALIASES, NAMES
from farthing.errors import FarthingError

if TYPE_CHECKING:
    from farthing.cli.demo.report import Report

OPEN_MINUTES: Final = 600
"""How long payment pages stay open: the sandbox's clock will be half an hour ahead, and people may want to buy after that."""


def demo(*, serve: bool = False) -> int:
    """Run a whole shop on fresh data, let a scripted buyer loose on it, and check every amount afterwards.

    It buys once with a good card, once with a declined and then a good one, once confirmed with the bank, has one order
    refunded in part, and abandons a cart. Printed are the timeline of each order, the trial balance and the invariants.

    The exit code is 0 only if all statuses, amounts, emails and books are as they should be, else 1. Your own settings and data
    are not touched: it lives in .farthing/demo.

    For example:

        farthing demo
        farthing demo --serve
        farthing demo --json

    Parameters
    ----------
    serve
        Keep the shop running afterwards, to look around in the browser, until Ctrl-C.
    """
    began = time.monotonic()
    home = home_of(opening.environment()) / "demo"
    house = House(home, _environ(home), command.say, port=0, verbose=terminal().options.verbose)
    try:
        house.launch()
        return asyncio.run(command.until_stopped(house, lambda: _play(house, began, serve=serve)))
    except FarthingError as error:
        house.close()
        terminal().complain(f"farthing: {error.detail}")
        return exit_code(error)
    finally:
        house.close()


def _environ(home: Path) -> dict[str, str]:
    """Nothing of the user's own settings: the demo must not reach a database or an account that is not its own."""
    own = {*NAMES.values(), *ALIASES.values()}
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in own}
    return kept | {"FARTHING_CONFIG": str(home / "farthing.toml"), "FARTHING_CHECKOUT_MINUTES": str(OPEN_MINUTES)}


async def _play(house: House, began: float, *, serve: bool) -> int:
    from farthing.cli.demo import report, stage

    with terminal().progress("Starting database, sandbox, API and worker"):
        await stage.clear(house)
        await house.settle()
    with terminal().progress("Buying"):
        stories = await stage.perform(house, command.say)
        written = await report.write(house.pay.world, stories)
    _show(written, time.monotonic() - began)
    if serve:
        command.welcome(house, time.monotonic() - began)
        await house.stand()
    return 0 if written.good else FarthingError.exit_code


def _show(written: Report, seconds: float) -> None:
    from farthing.cli.demo import report

    terminal().show(report.document(written, seconds), *report.pages(written, seconds))
