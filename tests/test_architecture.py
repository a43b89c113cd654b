"""The rules of the house that import-linter cannot say: front doors, exact money, no half-finished code."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "farthing"
FILES = sorted(PACKAGE.rglob("*.py"))

MONEY_ROOMS = {
    "money",
    "ledger",
    "catalog",
    "discounts",
    "orders",
    "purchases",
    "fulfillment",
    "payments",
    "checkout",
    "invariants",
}
"""Where amounts are computed: here there is no float at all, and nothing is divided."""

SIDE_DOORS = {
    "routes": {"api", "app", "web"},
    "request_routes": {"api"},
    "state_routes": {"api"},
    "model": {"model"},
    "migrate": {"app", "cli", "routing", "testing"},
    "main": {"__main__"},
}
"""Module of a room → who else may enter by it: the assembly mounts routes, models know each other, doors migrate."""

SHELVES = {"http"}
"""Plumbing without one subject: its modules stand side by side, and each is used by its own name."""


@dataclass(frozen=True, slots=True)
class Import:
    """`from farthing.<room>.<inner> import <name>`, seen from a file; `inner` and `name` may be missing."""

    path: Path
    line: int
    room: str
    inner: str | None
    name: str | None

    def __str__(self) -> str:
        return f"{_short(self.path)}:{self.line}: {'.'.join(filter(None, (self.room, self.inner, self.name)))}"


def _short(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _imports(path: Path) -> Iterator[Import]:
    for node in ast.walk(_tree(path)):
        targets: list[tuple[str, str | None]]
        if isinstance(node, ast.Import):
            targets = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            targets = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        yield from (found for module, name in targets if (found := _ours(path, node.lineno, module, name)))


def _ours(path: Path, line: int, module: str, name: str | None) -> Import | None:
    if module == "farthing" and name is not None:
        return Import(path, line, name, None, None)
    house, *rest = module.split(".")
    if house != "farthing":
        return None
    return Import(path, line, rest[0] if rest else "farthing", ".".join(rest[1:]) or None, name)


@cache
def all_imports() -> list[Import]:
    """Not when the module is read: every process that collects the tests reads it."""
    return [found for path in FILES for found in _imports(path)]


def _comes_by_the_front_door(found: Import) -> bool:
    room = PACKAGE / found.room
    if _room(found.path) == found.room or found.room in SHELVES or not room.is_dir():
        return True
    inner = found.inner or (found.name if _is_module(room, found.name) else None)
    if inner is None:
        return found.name is None or found.name in _public_names(room)
    if (room / inner.split(".")[0] / "__init__.py").exists():  # a house within the house, with a front door of its own
        return inner.count(".") == 0
    return _room(found.path) in SIDE_DOORS.get(inner, ()) or found.path.stem in SIDE_DOORS.get(inner, ())


def _is_module(room: Path, name: str | None) -> bool:
    return name is not None and ((room / f"{name}.py").exists() or (room / name).is_dir()) and name not in _public_names(room)


@cache
def _public_names(room: Path) -> set[str]:
    door = room / "__init__.py"
    for node in _tree(door).body if door.exists() else ():
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "__all__" for to in node.targets):
            names: list[str] = ast.literal_eval(node.value)
            return set(names)
    return set()


def test_every_room_has_a_front_door() -> None:
    rooms = {PACKAGE / path.relative_to(PACKAGE).parts[0] for path in FILES if path.parent != PACKAGE}
    assert [room.name for room in sorted(rooms) if not (room / "__init__.py").exists()] == []


def test_rooms_are_entered_by_the_front_door() -> None:
    assert [str(found) for found in all_imports() if not _comes_by_the_front_door(found)] == []


def test_the_sandbox_is_a_separate_house() -> None:
    crossing = [found for found in all_imports() if (_room(found.path) == "sandbox") != (found.room == "sandbox")]
    assert [str(found) for found in crossing if "sandbox" in (_room(found.path), found.room)] == []


def test_a_floor_is_in_parentheses_only_while_its_room_is_missing() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floors = next(contract for contract in project["tool"]["importlinter"]["contracts"] if contract["id"] == "floors")
    optional = re.findall(r"\((\w+)\)", " ".join(floors["layers"]))
    built = [name for name in optional if (PACKAGE / name / "__init__.py").exists() or (PACKAGE / f"{name}.py").exists()]
    assert built == []


@pytest.mark.covers("F6")
def test_nothing_is_divided_by_a_hundred() -> None:
    hundredths = [_at(path, node) for path in FILES for node in _divisions(path) if _is_number(node.right, 100)]
    assert hundredths == []


@pytest.mark.covers("F6")
def test_where_money_is_counted_there_is_no_float() -> None:
    assert [place for path in FILES if _room(path) in MONEY_ROOMS for place in _floats(path)] == []


def _floats(path: Path) -> list[str]:
    """Made, declared, written or divided."""
    nodes = list(ast.walk(_tree(path)))
    made = [node for node in nodes if isinstance(node, ast.Call) and _names(node.func) & {"float", "round"}]
    typed = [note for node in nodes for note in _annotations(node) if "float" in _names(note)]
    literals = [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    divisions = [node for node in _divisions(path) if not _joins_a_path(node)]
    return [_at(path, node) for node in (*made, *typed, *literals, *divisions)]


def _at(path: Path, node: ast.stmt | ast.expr) -> str:
    return f"{_short(path)}:{node.lineno}"


def _annotations(node: ast.AST) -> list[ast.expr]:
    """A float may be named, to refuse one, but nothing may be one."""
    notes = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    return [note for note in notes if isinstance(note, ast.expr)]


def _names(node: ast.expr) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def _divisions(path: Path) -> list[ast.BinOp]:
    return [node for node in ast.walk(_tree(path)) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)]


def _is_number(node: ast.expr, value: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _joins_a_path(node: ast.BinOp) -> bool:
    if isinstance(node.right, ast.JoinedStr) or (isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)):
        return True
    return re.fullmatch(r".*(?:path|folder|dir|root|home)", ast.unparse(node.left).lower()) is not None


def test_every_module_opens_with_a_sentence() -> None:
    """In its first line it says what it is about."""
    trees = {_short(path): _tree(path) for path in FILES}
    assert [name for name, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []


def test_nothing_is_left_half_done() -> None:
    """And nothing is named so that anything could be in it."""
    unfinished = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")
    anything = re.compile(r"(?:^|_)(?:utils?|helpers?|managers?|misc|common)$")
    assert [_short(path) for path in FILES if unfinished.search(path.read_text(encoding="utf-8"))] == []
    assert [_short(path) for path in FILES if anything.search(path.stem)] == []


@pytest.mark.covers("F175")
def test_no_sql_is_put_together_of_what_somebody_sent() -> None:
    """`LiteralString` says the same to the type checker; this says it to whoever switches that off."""
    assert [place for path in FILES if "sandbox" not in path.parts for place in _made_sql(path)] == []


def _made_sql(path: Path) -> list[str]:
    asked = {"run", "find", "all", "value", "execute", "stream"}
    calls = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return [
        _at(path, call)
        for call in calls
        if call.func.attr in asked  # type: ignore[attr-defined]
        for argument in call.args
        if isinstance(argument, ast.JoinedStr) and re.search(r"\b(?:SELECT|INSERT|UPDATE|DELETE)\b", ast.unparse(argument))
    ]
