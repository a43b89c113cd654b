"""Kinds of product of an application's own: whatever reads farthing.toml knows them, where it is told of the application."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Farthing, bare_environment

BOARD = Path(__file__).resolve().parents[2] / "examples" / "job_board"
NAMED = {"FARTHING_APP": "main:app"}
PREPARED = "import os; from farthing.cli.dev import furnish; print(*furnish.farthing(os.environ).kinds)"


def test_commands_and_farthing_dev_know_them_of_the_application_that_is_named(bare: Farthing, folder: Path) -> None:
    for name in ("farthing.toml", "main.py"):
        shutil.copy(BOARD / name, folder)
    assert bare("catalog", "validate", "--json", environ=NAMED).json["products"] == 5
    environ = bare_environment() | NAMED
    prepared = [sys.executable, "-c", PREPARED]
    done = subprocess.run(prepared, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert "featured_company_profile" in done.stdout.split()
