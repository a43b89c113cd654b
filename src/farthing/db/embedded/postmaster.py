"""One running PostgreSQL as a direct child: started, watched, ended, and never confused with another process.

Whether a server uses the data folder is asked of the kernel: each of its processes inherits a lock on the folder, and the
lock is free when the last of them is gone. A pid in a file proves nothing: the process may be a zombie, or another one.
"""

import fcntl
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from farthing.db.embedded.binaries import Binaries
from farthing.db.embedded.cluster import clean_environment
from farthing.db.embedded.minder import Minder
from farthing.db.embedded.places import PORT, USER
from farthing.db.embedded.processes import adopted_children, die_with_parent, is_server_of
from farthing.db.embedded.server_user import ServerUser
from farthing.errors import ConfigError

DEFAULT_SETTINGS: Mapping[str, str] = {
    "cluster_name": "farthing",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # Containers have 64 MB of /dev/shm, which a parallel query can fill.
    "max_parallel_workers_per_gather": "0",
    # A statement or a DETAIL can hold a customer's address: the log names the error, the app gets the rest.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

_MAKE_DATABASE = """
    SELECT format('CREATE DATABASE %I', :'name')
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
"""

_READY_LINE = 7  # of postmaster.pid; pg_ctl reads the same one


class Postmaster:
    def __init__(self, binaries: Binaries, data: Path, sockets: Path, user: ServerUser, minder: Minder | None = None) -> None:
        self._binaries, self._data, self._sockets, self._user, self._minder = binaries, data, sockets, user, minder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, settings: Mapping[str, str], log: int) -> bool:
        """Start it, unless processes of an earlier server still use the folder."""
        lock = os.open(self._data, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._remove_stale_files()
            self._process = self._spawn(settings, log, lock)
            if self._minder:
                self._minder.mind(self._data, self._process.pid)
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
        return True

    def is_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        ours = self._process is not None and lines[0] == str(self._process.pid)
        return ours and len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready"

    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def send(self, number: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(number)

    def make_database(self, name: str, password: Path) -> str | None:
        """Make the database if it is missing; what went wrong, if anything did."""
        where = ["-h", str(self._sockets), "-p", str(PORT), "-U", USER, "-d", "postgres"]
        made = subprocess.run(  # noqa: S603
            [str(self._binaries.psql), "-Xqv", "ON_ERROR_STOP=1", "-v", f"name={name}", *where],
            input=_MAKE_DATABASE,
            env=clean_environment() | {"PGPASSWORD": password.read_text(encoding="utf-8").strip()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        return None if made.returncode == 0 else f"The database {name} cannot be made: {made.stderr.strip()}"

    def end_leftovers(self, number: signal.Signals) -> None:
        """Hurry what still holds the folder: a server whose supervisor was killed, or backends whose server was."""
        if (pid := self._pid_in_file()) and is_server_of(self._data, pid):
            os.kill(pid, number)
        for pid in adopted_children():
            os.kill(pid, signal.SIGQUIT)

    def _spawn(self, settings: Mapping[str, str], log: int, lock: int) -> subprocess.Popen[bytes]:
        where = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
        }
        options = [
            word for name, value in {**DEFAULT_SETTINGS, **settings, **where}.items() for word in ("-c", f"{name}={value}")
        ]
        return subprocess.Popen(  # noqa: S603
            [self._binaries.postgres, "-D", self._data, *options],
            user=self._user.uid if self._user.is_other else None,
            group=self._user.gid if self._user.is_other else None,
            extra_groups=[] if self._user.is_other else None,
            env=clean_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock,),
            process_group=0,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - the supervisor has one thread
        )

    def _pid_in_file(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return None

    def _remove_stale_files(self) -> None:
        """With the lock in hand no server of ours is alive; PostgreSQL itself would believe a reused pid."""
        pid = self._pid_in_file()
        if pid and is_server_of(self._data, pid):
            raise ConfigError(
                f"PostgreSQL {pid}, which was not started from here, uses {self._data}. "
                f"Stop it: {self._binaries.folder / 'pg_ctl'} stop -D {self._data}"
            )
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self._sockets.glob(".s.PGSQL.*"):
            leftover.unlink()
