"""The tutorial runs as it is written, and shows what pytest then says."""

from pathlib import Path

import pytest
from tests.testing.tutorial import blocks, run_pytest, without_chance, written


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("part", "runs"), [("You use Stripe", 2), ("You use Farthing", 1)])
def test_the_tutorial_runs_as_it_is_written(part: str, runs: int, tmp_path: Path) -> None:
    outputs = []
    for block in blocks(part):
        if block.file:
            written(tmp_path, block)
        elif block.text == ".venv/bin/pytest -q\n":
            outputs.append(run_pytest(tmp_path).stdout)
        elif block.kind == "text":
            assert without_chance(outputs[-1]) == without_chance(block.text)
    assert len(outputs) == runs
