"""What the supervisor does before its loop: become the only one of its home, and see that there is a database to serve."""

import fcntl
import os
import selectors
import socket
import stat
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from farthing.db.embedded import cluster, folders
from farthing.db.embedded.binaries import find_binaries
from farthing.db.embedded.log import Log
from farthing.db.embedded.minder import Minder
from farthing.db.embedded.places import Places, make_home
from farthing.db.embedded.postmaster import Postmaster
from farthing.db.embedded.processes import adopt_orphans
from farthing.db.embedded.reports import Report, State
from farthing.db.embedded.server_user import become_owner, server_user
from farthing.db.embedded.supervisor import Supervisor
from farthing.db.embedded.users import Users
from farthing.errors import ConfigError, FarthingError

_POLL_SECONDS = 0.02


def supervise(home: Path, settings: Mapping[str, str]) -> int:
    """Serve the home; the exit code says whether that went well."""
    starter = _starter()
    try:
        _serve(Places(home), settings, starter)
    except FarthingError as error:
        _tell(starter, State.REFUSED if isinstance(error, ConfigError) else State.FAILED, error.detail)
        return error.exit_code
    except OSError as error:
        _tell(starter, State.REFUSED, f"Embedded PostgreSQL cannot use {home}: {error}.")
        return ConfigError.exit_code
    return 0


def _serve(places: Places, settings: Mapping[str, str], starter: socket.socket | None) -> None:
    make_home(places.home)
    # The folder of the app may be moved or unmounted while we run.
    os.chdir("/")
    os.umask(0o077)
    become_owner(places.home)
    minder = None if sys.platform == "linux" else Minder()
    lock = _lock(places)
    if lock is None:
        _tell(starter, State.OCCUPIED, "Another supervisor has this home.")
        return
    log = Log(places.log)
    if starter:
        log.take_stderr()
    try:
        _open(places, settings, starter, minder, log)
    except FarthingError as error:
        log.say(error.detail)
        raise
    finally:
        folders.remove_socket_folder(places)
        os.close(lock)


def _open(places: Places, settings: Mapping[str, str], starter: socket.socket | None, minder: Minder | None, log: Log) -> None:
    made = cluster.is_made(places)
    folders.place_data(places)
    data = places.data.resolve()
    user = server_user(data)
    sockets = folders.make_socket_folder(places, user)
    users = Users(selectors.DefaultSelector(), sockets / "control")
    if starter:
        users.add(starter)
    binaries = folders.reachable(find_binaries(), user)
    if not made:
        users.tell(Report(State.STARTING, f"A new PostgreSQL database is made in {data}."))
        cluster.make(places, binaries, user, durable=settings.get("fsync") != "off")
    elif data.stat().st_uid != user.uid:
        user.give_tree(data)
    adopt_orphans()
    postmaster = Postmaster(binaries, data, sockets, user, minder)
    Supervisor(places, postmaster, settings, users, log).run(stays=starter is None)


def _starter() -> socket.socket | None:
    """The process that started us, which left us a connection as standard input; none from a terminal."""
    if not stat.S_ISSOCK(os.fstat(0).st_mode):
        return None
    starter = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return starter


def _lock(places: Places) -> int | None:
    """Be the one supervisor of this home; None when another one is, and answers. One that is ending is waited for."""
    lock = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _answers(places.control()):
                os.close(lock)
                return None
            # It is about to begin or to end.
            time.sleep(_POLL_SECONDS)
        else:
            return lock


def _answers(control: Path | None) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        return control is not None and line.connect_ex(str(control)) == 0


def _tell(starter: socket.socket | None, state: State, sentence: str) -> None:
    if starter is None:
        print(sentence, file=sys.stderr)  # noqa: T201 - started by hand
        return
    try:
        starter.send(Report(state, sentence).encode())
    except OSError:
        # It left before it could hear why.
        return
