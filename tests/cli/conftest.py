"""The command line as people and scripts meet it: a process, its output, its exit code."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pytest
from tests.cli import forks
from tests.worlds import CATALOG, WEBHOOK_SECRET, Account, Sandbox, account, outbox, sandbox, settings, world

from farthing.db.embedded import temporary_home

__all__ = ["account", "outbox", "sandbox", "settings", "world"]

FARTHING = [sys.executable, "-m", "farthing.cli.main"]


@dataclass(frozen=True, slots=True)
class Said:
    """What one line said on its two streams, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Farthing(Protocol):
    """Run a line of the command line in the test's own folder."""

    def __call__(self, *words: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> Said: ...


def bare_environment() -> dict[str, str]:
    """Nothing of whoever runs the tests."""
    ours = ("FARTHING_", "STRIPE_", "DATABASE_", "EASYPOST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@pytest.fixture
def shop(dsn: str, sandbox: Sandbox, account: Account) -> dict[str, str]:
    """The settings of a small shop, on the test's own database and account."""
    return {
        "DATABASE_URL": dsn,
        "STRIPE_SECRET_KEY": account.key,
        "STRIPE_API_BASE": sandbox.url,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "FARTHING_SECRET_KEY": "a secret of the tests, long enough to sign with",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "farthing.toml").write_text(CATALOG)
    return tmp_path


@pytest.fixture
def bare(folder: Path) -> Farthing:
    """Without any settings, as in a folder that somebody has just made."""
    return runs_in(folder, {})


@pytest.fixture
def farthing(folder: Path, shop: dict[str, str]) -> Farthing:
    """With the settings of the shop."""
    return runs_in(folder, shop)


def runs_in(folder: Path, settings: Mapping[str, str]) -> Farthing:
    def run(*words: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> Said:
        variables = bare_environment() | dict(settings if environ is None else environ)
        with TemporaryDirectory() as streams:
            Path(streams, "in").write_text(stdin)
            code = forks.run(words, folder=folder, environ=variables, streams=Path(streams))
            return Said(code, Path(streams, "out").read_text(), Path(streams, "err").read_text())

    return run


@pytest.fixture
def home() -> Iterator[Path]:
    """A home for an embedded database of its own; root's temporary folders are closed to the user that PostgreSQL runs as."""
    with temporary_home() as made:
        yield made
