"""What tests of embedded PostgreSQL share: a home, other apps that use it, and looks at processes and modes."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from farthing.db.embedded import EmbeddedPostgres, temporary_home

FAST = {"fsync": "off"}


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home whose database is made; each test starts and stops a server on it."""
    with temporary_home() as home:
        with EmbeddedPostgres(home, settings=FAST):
            pass
        yield home


def ask(dsn: str, question: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]


def tell(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            connection.execute(statement)


def until(condition: Callable[[], object], seconds: float = 15) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it never came true"
        time.sleep(0.01)
    return time.monotonic() - began


def answers(dsn: str) -> bool:
    try:
        return ask(dsn, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def server_pid(home: Path) -> int:
    return int((home / "pg18" / "postmaster.pid").read_text().split("\n")[0])


def parent_of(pid: int) -> int:
    shown = subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    return int(shown)


def supervisor_pid(home: Path) -> int:
    return parent_of(server_pid(home))


def is_alive(pid: int) -> bool:
    shown = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return shown.strip()[:1] not in {"", "Z"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes_above(folder: Path) -> dict[Path, int]:
    return {step: mode(step) for step in folder.parents}


OTHER_APP = """
import sys, time
from pathlib import Path
from farthing.db.embedded import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}).start(), flush=True)
sys.stdin.read()
"""


def other_app(home: Path) -> subprocess.Popen[str]:
    """Another process that uses the home, until it is killed or its input ends."""
    command = [sys.executable, "-c", OTHER_APP, str(home)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")


def app_of_nobody(home: Path) -> subprocess.Popen[str]:
    """The same, run by a user who is not root, with a Python that this user can reach."""
    reachable = [python for python in (sys.executable, "/usr/bin/python3") if nobody_can_run(python)]
    if not reachable:
        pytest.skip("no Python here that another user could run")
    packages = os.pathsep.join(path for path in sys.path if "packages" in path or "src" in path)
    return subprocess.Popen(
        [reachable[0], "-c", OTHER_APP, str(home)],
        user="nobody",
        group="nogroup",
        extra_groups=[],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": packages},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def nobody_can_run(python: str) -> bool:
    same_version = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        tried = subprocess.run([python, "-c", same_version], user="nobody", extra_groups=[], cwd="/", check=False)
    except OSError:
        return False
    return tried.returncode == 0


def first_line(app: subprocess.Popen[str]) -> str:
    assert app.stdout
    return app.stdout.readline().strip()


def kill(app: subprocess.Popen[str]) -> None:
    app.kill()
    app.communicate()


def write_pid_file(home: Path, pid: int) -> None:
    path = home / "pg18" / "postmaster.pid"
    path.write_text(f"{pid}\n{home / 'pg18'}\n1\n5432\n{home / 'pg18.sock'}\n\n  0 0\nready   \n")
    owner = (home / "pg18").stat()
    os.chown(path, owner.st_uid, owner.st_gid)
