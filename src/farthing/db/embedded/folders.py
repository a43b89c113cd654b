"""Where the data and the sockets go when they cannot simply lie in the home: a link in the home says where they are."""

import os
import secrets
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from farthing.db.embedded.binaries import Binaries, copy_binaries
from farthing.db.embedded.places import Places, fits_a_socket, make_folder, others_may_pass
from farthing.db.embedded.server_user import ROOT, ServerUser

# For root, whose home directory is closed to the user PostgreSQL runs as, and stays so.
_ELSEWHERE = Path("/var/lib/farthing")


def place_data(places: Places) -> None:
    """As root, in a home that others cannot reach, put the data where they can, under a name nobody can guess."""
    taken = places.data.is_symlink() or places.data.exists()
    if os.geteuid() == ROOT and not taken and not others_may_pass(places.home):
        _remove_abandoned_tests()
        data = _elsewhere() / secrets.token_hex(16)
        data.with_suffix(".home").write_text(str(places.home), encoding="utf-8")
        places.data.symlink_to(data)


def _remove_abandoned_tests() -> None:
    """Data whose home was a temporary folder and is gone. Any other home may be on a disk that is not mounted now."""
    for note in _elsewhere().glob("*.home"):
        with suppress(FileNotFoundError):  # Another start is removing them at the same moment.
            home = Path(note.read_text(encoding="utf-8"))
            if not home.exists() and home.is_relative_to(tempfile.gettempdir()):
                shutil.rmtree(note.with_suffix(""), ignore_errors=True)
                note.unlink()


def reachable(binaries: Binaries, user: ServerUser) -> Binaries:
    """The programs, or a copy of them when they lie in a virtual environment that the server's user cannot reach."""
    runnable = others_may_pass(binaries.folder) and binaries.postgres.stat().st_mode & stat.S_IXOTH
    return binaries if runnable or not user.is_other else copy_binaries(binaries, _elsewhere())


def make_socket_folder(places: Places, user: ServerUser) -> Path:
    folder = _last_socket_folder(places) or _new_socket_folder(places, user)
    folder.chmod(0o700)
    user.give(folder)
    return folder


def remove_socket_folder(places: Places) -> None:
    """A temporary folder goes when the server does; one in the home stays."""
    if places.sockets.is_symlink():
        shutil.rmtree(places.sockets.resolve(), ignore_errors=True)
        places.sockets.unlink()


def _last_socket_folder(places: Places) -> Path | None:
    """The one a killed supervisor left, if it is still ours and nobody else can enter it."""
    if control := places.control():
        return control.parent
    if places.sockets.is_symlink():
        places.sockets.unlink()
    return None


def _new_socket_folder(places: Places, user: ServerUser) -> Path:
    beside = places.home.resolve() / places.sockets.name
    if beside.is_dir() or (fits_a_socket(beside) and _user_may_pass(beside.parent, user)):
        beside.mkdir(mode=0o700, exist_ok=True)
        return beside
    folder = Path(tempfile.mkdtemp(prefix="farthing-", dir=_temporary(user)))
    places.sockets.symlink_to(folder)
    return folder


def _temporary(user: ServerUser) -> Path:
    """The first temporary folder that is short enough and open to the server's user."""
    candidates = [Path(name) for name in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp") if name]  # noqa: S108
    name = "farthing-12345678"
    fitting = (it for it in candidates if it.is_dir() and fits_a_socket(it / name) and _user_may_pass(it, user))
    return next(fitting, Path(tempfile.gettempdir()))


def _user_may_pass(folder: Path, user: ServerUser) -> bool:
    return not user.is_other or others_may_pass(folder)


def _elsewhere() -> Path:
    make_folder(_ELSEWHERE, 0o711)
    return _ELSEWHERE
