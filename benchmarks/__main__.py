"""`python -m benchmarks`: Farthing against the bare minimum, as ratios of one run. Exit code 0 if every target is met."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg
import structlog
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks import (
    access,
    entitled,
    figure_pages,
    figures,
    flash_sale,
    ingest,
    machine,
    payout_run,
    renewals,
    sandbox_costs,
    settle,
    startup,
    truth,
)
from benchmarks.line import Line
from farthing.db import migrate
from farthing.db.embedded import EmbeddedPostgres, temporary_home


@dataclass(frozen=True, slots=True)
class Rounds:
    """How much is measured. Many short rounds, in turn: whatever else the machine does then meets both sides."""

    ingest: int
    settle: int
    entitled: int
    startup: int
    sandbox: int
    truth: int
    figures: int
    subscriptions: int
    renewals: int
    flash: int
    payouts: int


WHOLE: Final = Rounds(
    ingest=30,
    settle=10,
    entitled=120,
    startup=10,
    sandbox=5,
    truth=5,
    figures=5,
    subscriptions=1_000_000,
    renewals=5_000,
    flash=5,
    payouts=50_000,
)
QUICK: Final = Rounds(
    ingest=10,
    settle=3,
    entitled=40,
    startup=5,
    sandbox=2,
    truth=2,
    figures=3,
    subscriptions=50_000,
    renewals=500,
    flash=2,
    payouts=2_000,
)
REQUESTS: Final = 300
ORDERS: Final = 100
CALLS: Final = 40
SANDBOX_REQUESTS: Final = 200
SUBSCRIPTIONS: Final = 40
SANDBOX_OBJECTS: Final = 20_000
COMPARED: Final = 2_000
PAGES_SUBSCRIPTIONS: Final = 100_000
PAGES: Final = 40
BUYERS: Final = 2_000
EARNINGS_EACH: Final = 50

MEASUREMENTS: Final[Mapping[str, Callable[[str, Rounds], Iterable[Line]]]] = {
    "ingest": lambda dsn, rounds: [ingest.measure(dsn, rounds=rounds.ingest, requests=REQUESTS)],
    "settle": lambda dsn, rounds: asyncio.run(settle.measure(dsn, rounds=rounds.settle, count=ORDERS)),
    "entitled": lambda dsn, rounds: [asyncio.run(entitled.measure(dsn, rounds=rounds.entitled, calls=CALLS))],
    "access": lambda dsn, rounds: [access.measure(dsn, rounds=rounds.entitled, calls=CALLS)],
    "startup": lambda _, rounds: [startup.measure(rounds.startup)],
    "sandbox": lambda _, rounds: sandbox_costs.measure(
        rounds=rounds.sandbox,
        requests=SANDBOX_REQUESTS,
        subscriptions=SUBSCRIPTIONS * rounds.sandbox,
        objects=SANDBOX_OBJECTS * rounds.sandbox,
    ),
    # As many objects as rounds allow: ten thousand of them in a whole run.
    "truth": lambda dsn, rounds: truth.measure(dsn, rounds=rounds.truth, objects=COMPARED * rounds.truth),
    "figures": lambda dsn, rounds: figures.measure(dsn, rounds=rounds.figures, subscriptions=rounds.subscriptions),
    "pages": lambda dsn, rounds: figure_pages.measure(
        dsn, rounds=rounds.figures, calls=PAGES, subscriptions=min(rounds.subscriptions, PAGES_SUBSCRIPTIONS)
    ),
    "renewals": lambda dsn, rounds: renewals.measure(dsn, subscribers=rounds.renewals, orders=ORDERS * rounds.settle),
    "flash": lambda dsn, rounds: flash_sale.measure(dsn, rounds=rounds.flash, buyers=BUYERS),
    "payouts": lambda dsn, rounds: payout_run.measure(dsn, sellers=rounds.payouts // EARNINGS_EACH, earnings=rounds.payouts),
}
"""Name → what is measured, each in a database of its own."""


def main() -> int:
    arguments = _arguments()
    began = time.monotonic()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    with temporary_home() as home, EmbeddedPostgres(home) as server:
        facts = machine.facts(server.dsn())
        if not arguments.json:
            print("  ".join(f"{name} {value}" for name, value in facts.items()), end="\n\n", flush=True)
        lines: list[Line] = []
        for name in arguments.only or MEASUREMENTS:
            for line in MEASUREMENTS[name](_database(server.dsn(), name), QUICK if arguments.quick else WHOLE):
                lines.append(line)
                if not arguments.json:
                    print(line, end="\n\n", flush=True)
    met = all(line.met for line in lines)
    if arguments.json:
        print(json.dumps({"machine": facts, "lines": [line.described() for line in lines], "met": met}, indent=2))
    else:
        print(f"{'Every target is met' if met else 'NOT every target is met'} ({time.monotonic() - began:.0f} s).")
    return 0 if met else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="MEASUREMENT", help=f"of {', '.join(MEASUREMENTS)}; all where none is named")
    parser.add_argument("--quick", action="store_true", help="a third of the work: good for a look, noisy near a target")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args()
    if unknown := set(arguments.only) - set(MEASUREMENTS):
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}: choose of {', '.join(MEASUREMENTS)}")
    return arguments


def _database(server: str, name: str) -> str:
    """A fresh, migrated database."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"bench_{name}")))
    dsn = make_conninfo(server, dbname=f"bench_{name}")
    migrate.upgrade(dsn)
    return dsn


if __name__ == "__main__":
    sys.exit(main())
