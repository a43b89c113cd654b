"""What Farthing was asked for, and the tests that show it: docs/reference/asked-for.md, made of asked-for.toml and the tests.

`python tools/asked_for.py` writes the page; `--check` compares it, and names every item that no test carries and that is not
said to come later. A test carries an item by `@pytest.mark.covers("S002-14", "F37")`.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
ASKED: Final = ROOT / "docs" / "reference" / "asked-for.toml"
PAGE: Final = ASKED.with_suffix(".md")
TESTS: Final = ROOT / "tests"

OPENING: Final = """# What was asked for, and where it is shown

Five documents describe what a job board, a SaaS, a content platform, a payment API and a marketplace need; a catalogue of
failures says what must not go wrong. Each line names the test that shows it, or the capability still to come that it belongs
to. This page is made by `python tools/asked_for.py`; `make check` fails when a line has neither.
"""


@dataclass(frozen=True)
class Item:
    id: str
    text: str
    later: str | None


@dataclass(frozen=True)
class Part:
    title: str
    items: tuple[Item, ...]
    optional: bool = False
    """Told where a test carries it, and not missed where none does."""


@dataclass(frozen=True)
class Shown:
    """A test that carries an item."""

    path: str
    name: str


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: python tools/asked_for.py [--check]", file=sys.stderr)
        return 2
    parts, shown = asked(), carried()
    page = written(parts, shown)
    if not arguments:
        PAGE.write_text(page, encoding="utf-8")
    said = list(problems(parts, shown))
    if arguments and (not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page):
        said.append("docs/reference/asked-for.md is older than the tests: run `python tools/asked_for.py`.")
    for line in said:
        print(line, file=sys.stderr)
    return 1 if said else 0


def asked() -> list[Part]:
    document = tomllib.loads(ASKED.read_text(encoding="utf-8"))
    return [Part(part["title"], tuple(map(_item, part["items"])), part.get("optional", False)) for part in document["parts"]]


def _item(item: dict[str, str]) -> Item:
    return Item(item["id"], item["text"], item.get("later"))


def carried(tests: Path = TESTS) -> dict[str, list[Shown]]:
    """Item → the tests that carry it, by reading them: nothing is run or imported."""
    shown: dict[str, list[Shown]] = {}
    for path in sorted(tests.rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        for name, item in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            shown.setdefault(item, []).append(Shown(path.relative_to(tests.parent).as_posix(), name))
    return shown


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for decorator in node.decorator_list:
                for item in _covers(decorator):
                    yield node.name, item


def _covers(decorator: ast.expr) -> Iterator[str]:
    """What `covers(…)` names: as the mark itself, or among the marks of a parameter."""
    for call in ast.walk(decorator):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "covers":
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def problems(parts: list[Part], shown: dict[str, list[Shown]]) -> Iterator[str]:
    known = {item.id for part in parts for item in part.items}
    for part in parts:
        missing = [item for item in part.items if item.id not in shown and item.later is None and not part.optional]
        for item in missing:
            yield f"{item.id} has no test and no capability that it comes with: {item.text[:80]}"
    for id in sorted(shown.keys() - known):
        yield f"{shown[id][0].path}::{shown[id][0].name} covers {id}, which nobody asked for."


def written(parts: list[Part], shown: dict[str, list[Shown]]) -> str:
    pages = [OPENING]
    for part in parts:
        told = [item for item in part.items if item.id in shown or not part.optional]
        rows = [f"| {item.id} | {_cell(item.text)} | {_where(item, shown)} |" for item in told]
        pages.append("\n".join([f"## {part.title}", "", "| | Asked for | Shown by |", "|---|---|---|", *rows, ""]))
    return "\n".join(pages)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _where(item: Item, shown: dict[str, list[Shown]]) -> str:
    links = [f"[{_sentence(test.name)}](../../{test.path})" for test in shown.get(item.id, ())]
    if item.later is not None:
        links.append(f"*comes with {item.later}*" if not links else f"*the rest comes with {item.later}*")
    return "; ".join(links) or "**missing**"


def _sentence(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
