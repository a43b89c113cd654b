"""What `farthing --version` costs: the price that every command and every cron line pays before it does anything."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.line import Line

COMMAND: Final = Path(sys.executable).with_name("farthing")
TARGET: Final = 0.25


def measure(rounds: int) -> Line:
    ours, floor = [], []
    _cpu_seconds(str(COMMAND), "--version")  # the first one compiles
    for _ in range(rounds):
        ours.append(_cpu_seconds(str(COMMAND), "--version"))
        floor.append(_cpu_seconds(sys.executable, "-c", "pass"))
    return Line(
        what="Start-up: CPU of `farthing --version`",
        unit="s",
        ours=ours,
        floor=floor,
        rule="at most",
        target=TARGET,
        of_floor=False,
        note="`python -c pass`",
    )


def _cpu_seconds(*command: str) -> float:
    """User and system time of one process, to its end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command} ended with {process.returncode}"
    return usage.ru_utime + usage.ru_stime
