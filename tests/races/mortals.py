"""Processes that are killed: `python -m tests.races.mortals` waits, and forks one for each line it is sent.

A fork starts in milliseconds with everything imported, and from a process without threads. It answers a line for a line: how
the child ended, and what it had said by then.
"""

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from tests.races.boundaries import BOUNDARIES, instrument
from tests.races.flows import FLOWS, Case
from tests.races.shop import Place, api, opened
from tests.tls import read_certificates_once

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Life:
    """How a child ended."""

    killed: bool
    said: list[str]

    @property
    def passed(self) -> int:
        """The boundaries it passed, where it lived to say so."""
        return next(int(line.split()[1]) for line in self.said if line.startswith("passed "))


class Mortals:
    """The forking process, seen from the tests."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def live(self, place: Place, case: Case, *, flow: str = "", kill_at: int = 0) -> Life:
        """Let a child run the flow of the case, or another one, until it is through or passes the boundary."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wanted = asdict(case) | {"stored": sorted(case.stored)}
        order = {"place": asdict(place), "case": wanted, "flow": flow or case.flow, "kill_at": kill_at}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the forking process is gone"
        answer = json.loads(line)
        status, said = answer["status"], answer["said"]
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0, "\n".join(said)
        return Life(killed, said)


@contextmanager
def mortals() -> Iterator[Mortals]:
    command = [sys.executable, "-m", "tests.races.mortals"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Mortals(process)
        process.kill()


def _serve() -> None:
    api()
    read_certificates_once()
    gc.freeze()  # a child that collects garbage would copy every page it looks at
    for line in sys.stdin:
        known = set(sys.modules)
        heard, mouth = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what it logs is no answer
            _live(json.loads(line), mouth, known)
        os.close(mouth)
        with os.fdopen(heard) as reader:
            said = reader.read().splitlines()
        _, status = os.waitpid(child, 0)
        _learn(said)
        print(json.dumps({"status": status, "said": said}), flush=True)


def _learn(said: list[str]) -> None:
    """What a child had to import, the next one finds imported."""
    for line in [line for line in said if line.startswith("imported ")]:
        said.remove(line)
        for name in line.split()[1:]:
            with suppress(ImportError):
                import_module(name)


def _live(order: dict[str, object], mouth: int, known: set[str]) -> None:
    """In the child: never returns."""
    status = 1
    try:
        asyncio.run(_run(order, mouth))
        os.write(mouth, " ".join(["imported", *(name for name in sys.modules if name not in known)]).encode())
        status = 0
    except BaseException as error:  # noqa: BLE001
        import traceback

        os.write(mouth, "".join(traceback.format_exception(error))[-8000:].encode())
    finally:
        os._exit(status)


async def _run(order: dict[str, object], mouth: int) -> None:
    def say(line: str) -> None:
        os.write(mouth, f"{line}\n".encode())

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    wanted = order["case"]
    assert isinstance(wanted, dict)
    case = Case(**{**wanted, "stored": frozenset(wanted["stored"])})
    place = order["place"]
    assert isinstance(place, dict)
    kill_at = order["kill_at"]
    assert isinstance(kill_at, int)
    async with opened(Place(**place)) as shop:
        BOUNDARIES.begin(kill_at, die)
        await FLOWS[str(order["flow"])](shop, case, say)
        BOUNDARIES.stop()
    say(f"passed {BOUNDARIES.passed}")


if __name__ == "__main__":
    instrument()
    _serve()
