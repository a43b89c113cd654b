"""What the user has set, and where the home of this folder's `farthing dev` is. Nothing heavy is loaded to know it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from farthing.cli.terminal import terminal


def own() -> dict[str, str]:
    """The variables that the user has set, and nobody else."""
    environ = dict(os.environ)
    if home := terminal().options.home:
        environ["FARTHING_HOME"] = str(home)
    return environ


def home_of(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("FARTHING_HOME") or ".farthing")
