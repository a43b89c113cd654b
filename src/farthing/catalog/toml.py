"""`farthing.toml` becomes a Catalog, or a refusal that names file, line and key of everything that is wrong in it."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from farthing.catalog.building import built
from farthing.catalog.crosschecks import strange
from farthing.catalog.lines import Lines
from farthing.catalog.model import Catalog, ProductKind
from farthing.catalog.problems import Problem, sentence
from farthing.catalog.tables import File
from farthing.errors import ConfigError

BYTES_MAX: Final = 1_000_000
PROBLEMS_MAX: Final = 30
"""How many problems one message lists: whoever has more repairs these first."""


def load(path: str | Path, *, kinds: Mapping[str, object] | None = None) -> Catalog:
    """Read and check the file. Raises ConfigError whose message has one line for each problem."""
    return parse(_read(Path(path)), name=str(path), kinds=kinds)


def parse(text: str, *, name: str = "farthing.toml", kinds: Mapping[str, object] | None = None) -> Catalog:
    """The same from text; `name` is what the messages call the file.

    `kinds` are those of the application's own. One that has `options`, a pydantic model, has those of its products checked.
    """
    document = _document(text, name)
    try:
        file = File.model_validate(document, context={"kinds": kinds or {}})
    except ValidationError as error:
        raise ConfigError(_listed(error, Lines(text), name)) from None
    own, wrong = _own_options(file, kinds or {})
    if problems := [*strange(file), *wrong]:
        raise ConfigError(_lines(problems, Lines(text), name))
    return built(file, own)


def _own_options(file: File, kinds: Mapping[str, object]) -> tuple[dict[str, Mapping[str, Any]], list[Problem]]:
    """The options of the products of the application's own kinds, by product, and what is wrong with them."""
    read: dict[str, Mapping[str, Any]] = {}
    wrong: list[Problem] = []
    for key, table in file.products.items():
        if table.kind in get_args(ProductKind):
            continue
        model = getattr(kinds[table.kind], "options", None)
        read[key] = table.options or {}
        if isinstance(model, type) and issubclass(model, BaseModel):
            try:
                read[key] = model.model_validate(table.options or {}).model_dump(mode="json")
            except ValidationError as error:
                place = ("products", key, "options")
                found = error.errors(include_url=False)
                wrong += [sentence(ErrorDetails(**{**each, "loc": (*place, *each["loc"])})) for each in found]
    return read, wrong


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the file, with which editors complete and check it."""
    return {"$schema": "http://json-schema.org/draft-07/schema#", **File.model_json_schema(ref_template="#/$defs/{model}")}


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            body = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist: write it, or start with the example that `farthing dev` makes.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    if len(body) > BYTES_MAX:
        raise ConfigError(f"{path} is larger than {BYTES_MAX} bytes: that is no catalog.")
    try:
        return body.decode("utf-8-sig")  # Windows editors write a mark at the start
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: this is not UTF-8: save the file in the encoding UTF-8.") from None


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}:{_said(str(error), text)}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits; brackets nested without end
        raise ConfigError(
            f"{name}:1: this cannot be read as TOML: a number is too long, or brackets are nested too deep."
        ) from None


def _said(message: str, text: str) -> str:
    """tomllib says "Invalid value (at line 3, column 5)"; we say "3: this is not TOML: invalid value (column 5)."."""
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    said = message[: place.start()] if place else message
    said = said[:1].lower() + said[1:]
    if place is None or place[1] is None:
        return f"{max(text.count(chr(10), 0, len(text.rstrip())) + 1, 1)}: this is not TOML: {said} (at the end of the file)."
    return f"{place[1]}: this is not TOML: {said} (column {place[2]})."


def _listed(error: ValidationError, lines: Lines, name: str) -> str:
    return _lines([sentence(problem) for problem in error.errors(include_url=False)], lines, name)


def _lines(problems: Sequence[Problem], lines: Lines, name: str) -> str:
    placed = sorted((lines.of(problem.path), problem.said) for problem in problems)
    listed = [f"{name}:{line}: {said}" for line, said in placed[:PROBLEMS_MAX]]
    if len(placed) > PROBLEMS_MAX:
        listed.append(f"{name}: and {len(placed) - PROBLEMS_MAX} more problems.")
    return "\n".join(listed)
