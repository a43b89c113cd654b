"""`farthing dev --shop NAME`: one of the example applications, laid out in the folder you are in, to be changed as you like."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final, Literal

from farthing.errors import ConfigError

Shop = Literal["content_platform", "job_board", "marketplace", "saas"]

APP: Final = "main:app"
PACKAGE: Final = Path(__file__).resolve().parents[2]
LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", "web", "*.pyc")
"""What is built with Node stays in the repository."""


def lay_out(shop: Shop, folder: Path) -> bool:
    """Copy what is missing; whether anything was. Nothing is overwritten: on the second start it is your own.

    Raises ConfigError for a folder in which something else has begun.
    """
    if (folder / "main.py").exists():
        return False
    if (folder / "farthing.toml").exists():
        raise ConfigError(f"{folder / 'farthing.toml'} is there, and no main.py: start --shop in an empty folder.")
    source = next(
        (place for place in (PACKAGE / "shops" / shop, PACKAGE.parents[1] / "examples" / shop) if place.is_dir()), None
    )
    if source is None:
        raise ConfigError(f"The files of {shop} are not installed: install farthing again, or copy them from its repository.")
    shutil.copytree(source, folder, ignore=LEFT_OUT, dirs_exist_ok=True)
    return True
