"""A home for one test run, removed with all it holds; unlike pytest's own folders it works for root as well."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farthing.db.embedded.places import Places


@contextmanager
def temporary_home(within: Path | None = None) -> Iterator[Path]:
    """Among the temporary files of this machine, or in another folder."""
    home = Path(tempfile.mkdtemp(prefix="farthing-home-", dir=within))
    if os.geteuid() == 0:
        # PostgreSQL will not run as root: somebody else has to pass.
        home.chmod(0o711)
    try:
        yield home
    finally:
        remove_home(home)


def remove_home(home: Path) -> None:
    """With the data, wherever the link in the home says it is, once its server has ended."""
    places = Places(home)
    wait_for_supervisor(places)
    if places.data.is_symlink():
        data = places.data.resolve()
        shutil.rmtree(data, ignore_errors=True)
        data.with_suffix(".home").unlink(missing_ok=True)
    shutil.rmtree(home)


def wait_for_supervisor(places: Places) -> None:
    import fcntl  # not on Windows, where this module must still import

    if places.lock.exists():
        with places.lock.open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
