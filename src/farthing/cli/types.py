"""`farthing types`: the catalog as typed constants of the host's own code."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from farthing import catalog as room
from farthing.cli import opening
from farthing.cli.terminal import terminal
from farthing.errors import Invalid

STALE: Final = 7


def types(*, python: Path | None = None, typescript: Path | None = None, check: bool = False) -> int:
    """Write product keys, kinds, features, coupons and currencies of farthing.toml as types, so that a misspelled one does not
    compile. Without a file, Python's are printed.

    For example:

        farthing types --python shop/catalog_types.py
        farthing types --typescript web/src/catalog.ts --check

    Parameters
    ----------
    python
        The module to write.
    typescript
        The TypeScript module to write.
    check
        Write nothing; end with exit code 7 where a file is not what it would be.
    """
    found = opening.catalog()
    wanted = [(path, text(found)) for path, text in ((python, room.python), (typescript, room.typescript)) if path is not None]
    if not wanted:
        if check:
            raise Invalid("Say which file to check: --python FILE, --typescript FILE.")
        terminal().raw(room.python(found).rstrip("\n"))
        return 0
    stale = [(path, text) for path, text in wanted if _kept(path) != text]
    if not check:
        for path, text in stale:
            _write(path, text)
    names = [str(path) for path, _ in stale]
    said = ", ".join(names)
    news = f"Not up to date: {said}. Run `farthing types` without --check." if check else f"Written: {said}."
    terminal().show({"stale" if check else "written": names}, news if names else "Up to date.")
    return STALE if check and stale else 0


def _kept(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read as text: {error.__class__.__name__}.") from None


def _write(path: Path, text: str) -> None:
    """In one step: nobody imports half of it."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.") from None
