"""What the command line says about itself, and how it refuses what it does not know."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from tests.cli.conftest import FARTHING, Farthing, bare_environment

from farthing import __version__, api
from farthing.cli import commands
from farthing.cli.reference import markdown

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference/cli.md"


def docstring(name: str) -> str:
    module, _, function = commands.COMMANDS[name][0].partition(":")
    return getattr(import_module(f"farthing.cli.{module}"), function).__doc__ or ""


def test_the_version_is_told_without_loading_anything() -> None:
    asked = "import sys; from farthing.cli.main import main; main(['--version']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    version, modules = done.stdout.splitlines()
    assert version == f"farthing {__version__}"
    assert not {"cyclopts", "rich", "pydantic", "psycopg", "stripe", "fastapi", "farthing.config"} & set(modules.split())


def test_no_command_waits_for_the_web_framework_but_those_that_serve_work_or_check_it() -> None:
    asked = "import sys; from importlib import import_module; [import_module(f'farthing.cli.{name}') for name in sys.argv[1:]]"
    asked += "; print(*sys.modules)"
    these = {"serve", "worker", "doctor.command", "setup"}
    modules = {place.partition(":")[0] for place, _ in commands.COMMANDS.values()} - these
    command = [sys.executable, "-c", asked, *sorted(modules)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not {"fastapi", "uvicorn", "farthing.app"} & set(done.stdout.split())


def test_help_lists_every_command(bare: Farthing) -> None:
    said = bare("--help")
    assert said.code == 0
    assert {name.split()[0] for name in commands.COMMANDS} <= set(said.out.split())


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_has_an_example_on_its_page(name: str) -> None:
    assert f"farthing {name}" in docstring(name) or f"$(farthing {name})" in docstring(name)


def test_the_interface_is_printed_as_a_server_tells_it(bare: Farthing) -> None:
    said = bare("openapi")
    assert (said.code, json.loads(said.out)) == (0, api.build().openapi())


def test_a_command_has_a_page_of_its_own(bare: Farthing) -> None:
    said = bare("help", "orders", "refund")
    assert said.code == 0
    assert "farthing orders refund 1001 --amount 12.50" in said.out
    assert "--json" in said.out


def test_the_reference_is_current() -> None:
    assert REFERENCE.read_text() == markdown(), "run: python -m farthing.cli.reference > docs/reference/cli.md"


def test_exit_codes_are_documented(bare: Farthing) -> None:
    codes = [line["code"] for line in bare("help", "exit-codes", "--json").json]
    assert codes == [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]
    assert all(f"| {code} |" in REFERENCE.read_text() for code in codes)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["ordes"], 'Did you mean "orders"'),
        (["orders", "shwo", "1001"], 'Did you mean "show"'),
        (["orders", "list", "--stats", "paid"], "Did you mean --status"),
        (["orders", "list", "--status", "payed"], "Choose from"),
        (["orders", "list", "--limit", "many"], "--limit"),
        (["orders", "show"], "ORDER"),
        (["orders", "show"], "See `farthing orders show --help`."),
        (["orders", "shwo"], "See `farthing orders --help`."),
        (["ordes"], "See `farthing --help`."),
        (["orders", "refund", "1001", "--amount", "5", "EUR"], "There is no place for 'EUR' here."),
        (["--color", "pink", "config", "show"], "--color is one of auto, on, off"),
        (["config", "show", "--home"], "--home needs a value"),
    ],
)
def test_what_nobody_knows_is_refused_with_a_hint(bare: Farthing, words: list[str], hint: str) -> None:
    said = bare(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("farthing: ")
    assert hint in said.err
    assert "Traceback" not in said.err


def test_whoever_has_read_enough_may_close_the_pipe(folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*FARTHING, "catalog", "schema"],
            cwd=folder,
            env=bare_environment(),
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_color_is_for_terminals(bare: Farthing) -> None:
    assert "\x1b[" not in bare("catalog", "list").out
    assert "\x1b[" in bare("--color", "on", "catalog", "list").out
    assert "\x1b[" not in bare("--color=off", "catalog", "list").out
