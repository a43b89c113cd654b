"""Where everything of one home lies, and who may look at it.

    .farthing/pg18/          the data folder, 0700 (a link to /var/lib/farthing when root's home is closed to others)
    .farthing/pg18.sock/     the socket folder, 0700 (a link to a private temporary folder when the path is too long)
    .farthing/pg18.password  0600
    .farthing/pg18.lock      held by the one supervisor, for as long as it lives
    .farthing/pg18.log       and pg18.log.1, .2, .3

No folder above the home is ever changed.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from farthing.db.embedded.binaries import MAJOR
from farthing.errors import ConfigError

USER = DATABASE = "farthing"
PORT = 5432

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, with the closing zero.
_SOCKET_PATH_MAX = 103
_LONGEST_SOCKET = f"/.s.PGSQL.{PORT}"


def default_home() -> Path:
    return Path(os.environ.get("FARTHING_HOME") or ".farthing")


@dataclass(frozen=True, slots=True)
class Places:
    home: Path

    @property
    def data(self) -> Path:
        return self.home / f"pg{MAJOR}"

    @property
    def sockets(self) -> Path:
        return self.home / f"pg{MAJOR}.sock"

    @property
    def password(self) -> Path:
        return self.home / f"pg{MAJOR}.password"

    @property
    def lock(self) -> Path:
        return self.home / f"pg{MAJOR}.lock"

    @property
    def log(self) -> Path:
        return self.home / f"pg{MAJOR}.log"

    def control(self) -> Path | None:
        """The supervisor's socket, unless there is none or somebody else could have put it there."""
        try:
            folder = self.sockets.resolve(strict=True)
            seen, owner = folder.stat(), self.data.stat().st_uid
        except OSError:
            return None
        private = stat.S_ISDIR(seen.st_mode) and stat.S_IMODE(seen.st_mode) == 0o700
        return folder / "control" if private and seen.st_uid in {owner, os.geteuid()} else None

    def dsn(self, database: str = DATABASE) -> str:
        # A space or a percent sign in the path would end the URL or change it.
        password = self.password.read_text(encoding="utf-8").strip()
        folder = quote(str(self.sockets.resolve()), safe="")
        return f"postgresql://{USER}:{password}@/{database}?host={folder}&port={PORT}"


def make_home(home: Path) -> None:
    """Create the home; as root open for passing through, since PostgreSQL will run as somebody else."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        make_folder(home, 0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise ConfigError(f"The home {home} cannot be created: {error.strerror}. Set FARTHING_HOME.") from error
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f"The home {home} belongs to user {home.stat().st_uid}. Set FARTHING_HOME to one of your own.")


def make_folder(folder: Path, mode: int) -> None:
    """Make it with exactly this mode, whatever the umask; one that is there keeps its own."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    folder.chmod(mode)


def fits_a_socket(folder: Path) -> bool:
    return len(os.fsencode(folder)) + len(_LONGEST_SOCKET) <= _SOCKET_PATH_MAX


def others_may_pass(folder: Path) -> bool:
    """Whether a user who owns none of it can reach what lies in this folder."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (folder, *folder.parents))
