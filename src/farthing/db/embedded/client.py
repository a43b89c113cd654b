"""The app's end: share the running server of a home, or start one; leave it, and the last one to leave ends it."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from farthing.db.embedded.line import Line, join, spawn
from farthing.db.embedded.places import Places, default_home
from farthing.db.embedded.reports import State
from farthing.errors import ConfigError, DatabaseUnavailable

_POLL_SECONDS = 0.02


class EmbeddedPostgres:
    """A use of the server of one home, from `start` to `stop`; dying without `stop` is as good.

    `settings` are PostgreSQL's own, and count only for whoever starts the server. `progress` is called with a sentence
    when starting takes long, which after a crash it may: there is no time limit.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._places = Places((home or default_home()).absolute())
        self._settings = dict(settings or {})
        self._progress = progress or (lambda _: None)
        self._line: Line | None = None

    def start(self) -> str:
        """Wait until the server is ready; its address, with the password, of a database named `farthing`."""
        return self.start_in_background().dsn()

    def start_in_background(self) -> Self:
        """Return at once: the server starts while Python imports, and `dsn` waits for what is left of it."""
        if self._line and self._line.was_cut():
            self._hang_up()
        if self._line is None:
            self._line = join(self._places) or spawn(self._places, self._settings)
        return self

    def dsn(self) -> str:
        self.start_in_background()
        while not self._is_ready():
            time.sleep(_POLL_SECONDS)
            self.start_in_background()
        return self._places.dsn()

    def stop(self) -> None:
        """Leave. If this was the last user, return when PostgreSQL has ended."""
        if self._line:
            self._line.leave()
            self._line = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _is_ready(self) -> bool:
        """Follow the start to its end; False when this supervisor is not, or no longer, the one to ask."""
        assert self._line, "start_in_background comes first"
        if not self._line.ready:
            try:
                self._line.ready = self._follow(self._line)
            finally:
                if not self._line.ready:
                    self._hang_up()
        return self._line is not None

    def _follow(self, line: Line) -> bool:
        for report in line.reports():
            match report.state:
                case State.STARTING:
                    self._progress(report.sentence)
                case State.READY:
                    return True
                case State.OCCUPIED:
                    return False
                case State.REFUSED:
                    raise ConfigError(report.sentence)
                case State.FAILED:
                    raise DatabaseUnavailable(report.sentence)
        line.explain_silence(self._places)
        return False

    def _hang_up(self) -> None:
        if self._line:
            self._line.hang_up()
        self._line = None


def running_dsn(home: Path | None = None) -> str | None:
    """The address of a server that is ready, for somebody who only looks: it does not keep the server running."""
    places = Places((home or default_home()).absolute())
    line = join(places)
    if line is None:
        return None
    first = next(line.reports(), None)
    line.hang_up()
    return places.dsn() if first and first.state is State.READY else None
