"""The process between the app and PostgreSQL: starts it, restarts it after a crash, ends it when the last user leaves.

One thread, one loop. A user is an open connection to the control socket; the process that started the supervisor is
the first one, over the socket it left as standard input. Started by hand from a terminal it runs until Ctrl-C.
"""

import os
import selectors
import signal
import time
from collections.abc import Mapping
from enum import Enum, auto

from farthing.db.embedded.log import Log
from farthing.db.embedded.places import DATABASE, Places
from farthing.db.embedded.postmaster import Postmaster
from farthing.db.embedded.reports import Report, State
from farthing.db.embedded.users import Users
from farthing.errors import DatabaseUnavailable

# A server that dies this often without ever becoming ready will not do better the next time.
_FAILED_STARTS_MAX = 5
_PAUSE_SECONDS = 0.1
_POLL_SECONDS = 0.01
_PROGRESS_SECONDS = 1.0
# How long a polite request to end may take before the next, less polite one. Neither loses a committed row.
_PATIENCE_SECONDS = 30.0


class Phase(Enum):
    # Processes of an earlier server still hold the data folder.
    WAITING = auto()
    STARTING = auto()
    READY = auto()


class Supervisor:
    def __init__(self, places: Places, postmaster: Postmaster, settings: Mapping[str, str], users: Users, log: Log) -> None:
        self._places, self._postmaster, self._settings = places, postmaster, settings
        self._users, self._log = users, log
        self._selector = users.selector
        self._failed_starts, self._hurried, self._asked_to_stop = 0, 0.0, False
        self._log_out, self._log_in = os.pipe()
        self._listen()
        self._enter(Phase.WAITING, "PostgreSQL is about to start.")

    def run(self, *, stays: bool) -> None:
        """Serve until the last user has left, or, if it stays, until somebody asks it to stop."""
        try:
            self._wait()
            while not self._asked_to_stop and (stays or self._users):
                self._users.let_go()
                self._step()
                self._wait()
        finally:
            self._users.close_door()
            self._end()

    def _listen(self) -> None:
        wake_out, wake_in = os.pipe()
        for end in (self._log_out, wake_out, wake_in):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_in, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        self._selector.register(wake_out, selectors.EVENT_READ, lambda: os.read(wake_out, 4096))
        self._selector.register(self._log_out, selectors.EVENT_READ, self._keep_log)

    def _ask_to_stop(self, *_: object) -> None:
        self._asked_to_stop = True

    def _keep_log(self) -> None:
        self._log.write(os.read(self._log_out, 65536))

    def _wait(self) -> None:
        for key, _ in self._selector.select(None if self._phase is Phase.READY else _POLL_SECONDS):
            key.data()

    def _step(self) -> None:
        if self._phase is not Phase.WAITING and self._postmaster.has_ended():
            self._note_death()
        _reap_orphans()
        match self._phase:
            case Phase.WAITING:
                self._try_to_start()
            case Phase.STARTING:
                self._look_whether_ready()
            case Phase.READY:
                pass

    def _enter(self, phase: Phase, sentence: str) -> None:
        self._phase, self._since, self._spoke = phase, time.monotonic(), time.monotonic()
        self._log.say(sentence)
        self._users.tell(Report(State.READY if phase is Phase.READY else State.STARTING, sentence))

    def _note_death(self) -> None:
        self._keep_what_was_logged()
        if self._phase is Phase.STARTING:
            self._note_failure("PostgreSQL ended while it started.")
        self._enter(Phase.WAITING, "PostgreSQL ended by itself and is started again.")

    def _note_failure(self, problem: str) -> None:
        self._log.say(problem)
        self._failed_starts += 1
        if self._failed_starts >= _FAILED_STARTS_MAX:
            raise DatabaseUnavailable(f"PostgreSQL does not start. Its last words:\n{self._log.last_words(20)}")
        time.sleep(_PAUSE_SECONDS)

    def _keep_what_was_logged(self) -> None:
        try:
            self._keep_log()
        except BlockingIOError:
            return

    def _try_to_start(self) -> None:
        if self._postmaster.start(self._settings, self._log_in):
            self._enter(Phase.STARTING, "PostgreSQL starts.")
            return
        self._hurry_leftovers()
        self._say_still("an earlier PostgreSQL on this folder has not ended yet")

    def _hurry_leftovers(self) -> None:
        now = time.monotonic()
        if now - self._hurried >= _PAUSE_SECONDS:
            self._hurried = now
            patient = now - self._since < _PATIENCE_SECONDS
            self._postmaster.end_leftovers(signal.SIGINT if patient else signal.SIGQUIT)

    def _look_whether_ready(self) -> None:
        if not self._postmaster.is_ready():
            # After a crash it replays its log first, which takes as long as it takes.
            self._say_still("PostgreSQL is starting")
        elif problem := self._postmaster.make_database(DATABASE, self._places.password):
            # It may have crashed since: then there is another start, and another try.
            self._note_failure(problem)
        else:
            self._failed_starts = 0
            self._enter(Phase.READY, "PostgreSQL is ready.")

    def _say_still(self, what: str) -> None:
        if time.monotonic() - self._spoke >= _PROGRESS_SECONDS:
            self._spoke = time.monotonic()
            sentence = f"Still waiting after {self._spoke - self._since:.0f} s: {what}. {self._log.last_words(1)}"
            self._users.tell(Report(State.STARTING, sentence))

    def _end(self) -> None:
        self._log.say("PostgreSQL stops.")
        asked, number = time.monotonic(), signal.SIGINT
        self._postmaster.send(number)
        while not self._postmaster.has_ended():
            self._wait_for_the_end()
            if number is signal.SIGINT and time.monotonic() - asked > _PATIENCE_SECONDS:
                number = signal.SIGQUIT
                self._postmaster.send(number)
        self._keep_what_was_logged()

    def _wait_for_the_end(self) -> None:
        for key, _ in self._selector.select(_POLL_SECONDS):
            key.data()


def _reap_orphans() -> None:
    """Backends of a killed server become our children: unreaped, they would stay in the process table."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return
