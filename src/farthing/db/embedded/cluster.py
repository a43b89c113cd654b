"""The data folder: made once and completely or not at all, marked with its major, never opened by another major."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from farthing.db.embedded.binaries import MAJOR, Binaries
from farthing.db.embedded.places import USER, Places
from farthing.db.embedded.server_user import ServerUser, initdb_user
from farthing.errors import ConfigError, DatabaseUnavailable


def is_made(places: Places) -> bool:
    """Whether the data folder is there; refuses one of another major rather than begin an empty one beside it."""
    marked = places.data / "PG_VERSION"
    if not marked.exists():
        _refuse_another_major_beside(places)
        return False
    if (major := marked.read_text(encoding="utf-8").strip()) != str(MAJOR):
        raise _another_major(places.data, major)
    if not places.password.exists():
        raise ConfigError(
            f"The database in {places.data} is there, but its password file {places.password} is gone. "
            "Put the file back, or move the data folder away to begin with an empty database."
        )
    return True


def make(places: Places, binaries: Binaries, user: ServerUser, *, durable: bool) -> None:
    """Run initdb beside the folder and move the result into place, so that a crash leaves no half-made database."""
    _write_password(places.password)
    final = places.data.resolve()
    _refuse_foreign_files(final)
    unfinished = final.with_name(final.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _initdb(binaries, unfinished, places.password, initdb_user(user), durable=durable)
    user.give_tree(unfinished)
    unfinished.rename(final)


def _initdb(binaries: Binaries, folder: Path, password: Path, user: ServerUser, *, durable: bool) -> None:
    password_copy = folder.with_name(folder.name + ".password")
    password_copy.unlink(missing_ok=True)
    _write_private(password_copy, password.read_text(encoding="utf-8"))
    user.give(folder, password_copy)
    try:
        done = subprocess.run(  # noqa: S603
            [str(binaries.initdb), f"--pgdata={folder}", f"--username={USER}", f"--pwfile={password_copy}", *_INITDB]
            + ([] if durable else ["--no-sync"]),
            user=user.uid if user.is_other else None,
            group=user.gid if user.is_other else None,
            extra_groups=[] if user.is_other else None,
            env=clean_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        raise DatabaseUnavailable(f"PostgreSQL's initdb could not be started: {error}.") from error
    finally:
        password_copy.unlink()
    if done.returncode != 0:
        raise DatabaseUnavailable(f"PostgreSQL's initdb failed in {folder}:\n{done.stdout.strip()}")


# The build has no ICU; the builtin provider sorts by code point and knows upper and lower case beyond ASCII.
_INITDB = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)


def clean_environment() -> dict[str, str]:
    """PostgreSQL needs no key of ours, and no PGDATA or PGOPTIONS of the user's."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {"LC_ALL": "C"} | {name: os.environ[name] for name in kept if name in os.environ}


def _write_password(path: Path) -> None:
    # A password without a database is left by a crash between the two: it will do.
    if not path.exists():
        _write_private(path, secrets.token_hex(24))


def _write_private(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _refuse_foreign_files(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is neither empty nor a database. Move it away, or set FARTHING_HOME.")


def _refuse_another_major_beside(places: Places) -> None:
    for folder in sorted(places.home.glob("pg[0-9]*")):
        marked = folder / "PG_VERSION"
        if marked.exists() and (major := marked.read_text(encoding="utf-8").strip()) != str(MAJOR):
            raise _another_major(folder, major)


def _another_major(folder: Path, major: str) -> ConfigError:
    return ConfigError(
        f"{folder} holds a database of PostgreSQL {major}, and this is PostgreSQL {MAJOR}. "
        f"To keep it, dump it with pg_dump of version {major} or later and restore it into an empty home; "
        "to begin again, move the folder away."
    )
