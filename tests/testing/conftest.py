"""The plugin's own fixtures, where those of our other tests have the same names; and projects that use it, run in a process."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from tests.testing.tutorial import run_pytest

from farthing.testing.plugin import clock

__all__ = ["clock"]

Project = Callable[..., CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Write these files into an empty folder, and run pytest there, with our plugin alone: `project("-v", test_a="…")`."""
    plugins = ("-p", "farthing.testing.plugin", "-p", "anyio")

    def run(*arguments: str, ini: str = "[pytest]\n", **files: str) -> CompletedProcess[str]:
        (tmp_path / "pytest.ini").write_text(ini)
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        return run_pytest(tmp_path, *plugins, *arguments, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")

    return run
