"""The page of the docs that says what the sandbox does: nothing in it that is not so, nothing left out."""

from __future__ import annotations

import re
from pathlib import Path

from farthing.sandbox import reference
from farthing.sandbox.chaos import Mischief
from farthing.sandbox.faults import Kind
from farthing.sandbox.resources import ROOMS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox.md"


def test_the_operations_in_the_docs_are_those_of_the_code() -> None:
    _, _, shown = PAGE.read_text("utf-8").partition("<!-- Below: python -m farthing.sandbox.reference -->\n\n")
    assert shown == reference.text(), "run `python -m farthing.sandbox.reference` and put it below the mark of the page"


def test_every_control_fault_and_mischief_is_explained() -> None:
    page = PAGE.read_text("utf-8").partition("## Operations")[0]
    sources = [path.read_text("utf-8") for path in Path(reference.__file__).parent.glob("control*.py")]
    controls = {path for source in sources for path in re.findall(r'Route\("(/_sandbox/[^"]+)"', source)}
    assert len(controls) > 15
    assert [
        path for path in sorted(controls) if f"`{path}`" not in re.sub(r"`(?:GET|POST) ([^`?]+)(?:\?[^`]*)?`", r"`\1`", page)
    ] == []
    assert [each for each in (*Kind, *Mischief) if f"`{each}`" not in page] == []


def test_every_deviation_is_of_a_room_that_is_there() -> None:
    rooms = {room.__name__.rpartition(".")[2] for room in ROOMS}
    assert reference.DEVIATIONS.keys() <= rooms
