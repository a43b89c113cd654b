"""What the operating system knows about processes: which one is a server, whose children are whose, who dies with whom."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def is_server_of(data: Path, pid: int) -> bool:
    """Whether this pid is a PostgreSQL on this folder, now: not a zombie, and not a process that got the number later."""
    state, command, cwd = _look_in_proc(pid) if Path("/proc/self/stat").exists() else _ask_ps(pid)
    program = command.partition(" -")[0]
    alive = state not in {"", "Z", "X"}
    return alive and program.endswith("postgres") and (f"-D {data}" in command or cwd == str(data))


def _look_in_proc(pid: int) -> tuple[str, str, str]:
    """State, command line and, where we may see it, working folder."""
    process = Path(f"/proc/{pid}")
    try:
        # The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        command = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return "", "", ""
    try:
        return state, command, str((process / "cwd").readlink())
    except OSError:
        return state, command, ""


def _ask_ps(pid: int) -> tuple[str, str, str]:
    shown = subprocess.run(  # noqa: S603
        ["/bin/ps", "-ww", "-o", "state=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    state, _, command = shown.strip().partition(" ")
    return state[:1], command.strip(), ""


def adopted_children() -> list[int]:
    """Children that we did not start: backends whose server was killed, once `adopt_orphans` was called (Linux)."""
    children = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == str(os.getpid()):
            children.append(int(process.name))
    return children


def adopt_orphans() -> None:
    """Become the parent of backends whose server died, instead of process 1, which in a container may never reap them."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> Callable[[], None] | None:
    """What a child calls so that the kernel shuts it down, cleanly, when the supervisor is killed (Linux)."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            # It was killed before we asked.
            os._exit(1)

    return ask_the_kernel
