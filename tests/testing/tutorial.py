"""The tutorial as its reader does it: files written as they stand there, pytest run, its output compared."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorials" / "testing.md"
BLOCK = re.compile(r"(?:^`(?P<file>[\w.]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
RUN_SECONDS = 500


@dataclass(frozen=True)
class Block:
    file: str | None
    kind: str
    text: str


def blocks(part: str) -> Iterator[Block]:
    """Those of the part under this heading."""
    _, _, rest = TUTORIAL.read_text(encoding="utf-8").partition(f"\n## {part}\n")
    assert rest, f"the tutorial has no part {part!r}"
    for found in BLOCK.finditer(rest.partition("\n## ")[0]):
        yield Block(found["file"], found["kind"], found["text"])


def run_pytest(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """As in a terminal of its reader's, who has no settings of ours."""
    # Told that it runs on a CI machine, pytest prints its summary at full length.
    mine = ("PYTEST", "STRIPE", "FARTHING", "DATABASE", "CI", "BUILD_NUMBER")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(mine)} | {"COLUMNS": "80"} | more
    command = [sys.executable, "-m", "pytest", "-q", f"--basetemp={folder / 'tmp'}", *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)


def without_chance(output: str) -> list[str]:
    """Its lines, without what differs from machine to machine."""
    return re.sub(r"pi_\w+", "pi_…", re.sub(r"in [\d.]+s.*", "in …", output)).strip().splitlines()


def written(folder: Path, block: Block) -> None:
    assert block.file is not None
    path = folder / block.file
    path.write_text(block.text, encoding="utf-8")
    # Python compares times to the second to see whether a compiled file is still good.
    for stale in folder.glob(f"__pycache__/{path.stem}.*"):
        stale.unlink()
