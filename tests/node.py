"""Node for the tests of other languages: what a package.json wants, installed once. Without Node, such a test is skipped."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

OLDEST = (20, 19)
INSTALL_SECONDS = 120
RUN_SECONDS = 60
LOCK = "package-lock.json"


@dataclass(frozen=True, slots=True)
class Node:
    """A folder with a package.json, in which programs run."""

    folder: Path
    node: str
    npm: str

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return _run(self.folder, self.node, *words, seconds=RUN_SECONDS)

    def script(self, name: str) -> subprocess.CompletedProcess[str]:
        """One of package.json."""
        return _run(self.folder, self.npm, "run", "--silent", name, seconds=RUN_SECONDS)


def installed(folder: Path) -> Node:
    """Skips the test where Node is missing or too old, or where the packages cannot be fetched for the first time."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        pytest.skip("NOT TESTED WITH NODE: node and npm are not installed here")
    version = _run(folder, found, "--version", seconds=10).stdout.strip()
    if tuple(int(part) for part in version.removeprefix("v").split(".")[:2]) < OLDEST:
        pytest.skip(f"NOT TESTED WITH NODE: node {version} is older than {'.'.join(map(str, OLDEST))}")
    with _alone(folder):
        if not _is_current(folder):
            _install(folder, npm)
    return Node(folder, found, npm)


def _install(folder: Path, npm: str) -> None:
    try:
        done = _run(folder, npm, "ci", "--no-progress", "--no-audit", "--no-fund", seconds=INSTALL_SECONDS)
        problem = done.stderr if done.returncode else ""
    except subprocess.TimeoutExpired:
        problem = f"npm ci took longer than {INSTALL_SECONDS} seconds"
    if problem:
        # On a machine of ours that is a broken build; on somebody's laptop it is a train without a network.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"NOT TESTED WITH NODE: npm ci failed: {problem[-500:]}")
    _stamp(folder).write_bytes((folder / LOCK).read_bytes())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Tests run in several processes, and `npm ci` in one folder bears one."""
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"farthing-npm-{os.getuid()}-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_current(folder: Path) -> bool:
    return _stamp(folder).is_file() and _stamp(folder).read_bytes() == (folder / LOCK).read_bytes()


def _stamp(folder: Path) -> Path:
    """The lock that was installed last, and wholly. `npm ci` removes it first, with the folder it is in."""
    return folder / "node_modules" / ".installed.json"


def _run(folder: Path, *command: str, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
