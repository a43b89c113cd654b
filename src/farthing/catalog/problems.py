"""What pydantic found wrong, said as a sentence about a key of the file."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from farthing.catalog.spelling import did_you_mean
from farthing.catalog.tables import File
from farthing.catalog.values import CODE, LOCALE

Path = tuple[str | int, ...]
Say = Callable[[ErrorDetails, Path], str]

KINDS: Final = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence, and the path of the key whose line it names."""

    path: Path
    said: str


def sentence(error: ErrorDetails) -> Problem:
    path = tuple(step for step in error["loc"] if step not in ("[key]", "[text]", "[range]"))
    say = SAID.get(error["type"], _said_by_pydantic)
    return Problem(path, f"{dotted(path)}: {say(error, path)}")


def _said_by_pydantic(error: ErrorDetails, path: Path) -> str:
    return f"{error['msg']}."


def dotted(path: Path) -> str:
    """`products.mug.prices[1]`; a key that TOML would quote is quoted here too."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" if _is_bare(step) else f".{step[:60]!r}" for step in path]
    return "".join(steps).removeprefix(".")


def _is_bare(step: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_-]{1,63}", step) is not None


def _unknown(error: ErrorDetails, path: Path) -> str:
    known = [field.alias or name for name, field in _table_of(path).model_fields.items()]
    return "there is no such key." + (did_you_mean(str(path[-1]), known) or f" Known are {', '.join(known)}.")


def _table_of(path: Path) -> type[BaseModel]:
    """The table in which the key of this path stands."""
    found: Any = File
    for at in path[:-1]:
        if _is_table(found):
            field = found.model_fields.get(str(at))
            found = _holder(field.annotation) if field else None
        else:
            found = _holder(get_args(found)[-1]) if get_args(found) else None
    return found if _is_table(found) else File


def _holder(annotation: Any) -> Any:
    """Of a type with choices, the one that holds keys or items."""
    if get_origin(annotation) is Annotated:
        return _holder(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        inner = [_holder(choice) for choice in get_args(annotation)]
        return next((found for found in inner if get_origin(found) or _is_table(found)), None)
    return annotation


def _is_table(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)


def _bad_key(error: ErrorDetails, path: Path) -> str:
    if error["ctx"]["pattern"] == LOCALE:
        return "is not a locale: write it like de or pt-BR."
    if error["ctx"]["pattern"] == CODE:
        return "is not a promotion code: use 2 to 40 letters, digits, - and _, such as 'SUMMER-24'."
    if path[-1] == "icon":
        return "is not the name of an icon: use a-z, 0-9 and -, such as 'rocket'."
    what, example = {"coupons": ("coupon", "summer-sale"), "bulk_discounts": ("discount", "three-or-more")}.get(
        str(path[0]) if len(path) == 2 else "", ("product", "pro-guide")
    )
    return f"is not a {what} key: use a-z, 0-9, - and _, at most 63 of them, such as {example!r}."


def _bad_choice(error: ErrorDetails, path: Path) -> str:
    return f"{str(error['input'])[:40]!r} is not one of the choices: use {error['ctx']['expected']}."


def _must_be(wanted: type) -> Say:
    def say(error: ErrorDetails, path: Path) -> str:
        found = KINDS.get(type(error["input"]), "a date or time")
        return f"must be {KINDS[wanted]}, not {found}."

    return say


def _limit(words: str) -> Say:
    return lambda error, path: words.format(**error["ctx"])


SAID: Final[dict[str, Say]] = {
    "missing": lambda error, path: "this key is missing: add it.",
    "extra_forbidden": _unknown,
    "string_pattern_mismatch": _bad_key,
    "literal_error": _bad_choice,
    "string_type": _must_be(str),
    "bool_type": _must_be(bool),
    "int_type": _must_be(int),
    "list_type": _must_be(list),
    "dict_type": _must_be(dict),
    "model_type": _must_be(dict),
    "greater_than_equal": _limit("must be at least {ge}."),
    "less_than_equal": _limit("must be at most {le}."),
    "string_too_long": _limit("must not be longer than {max_length} characters."),
    "too_long": _limit("must not hold more than {max_length}."),
    "too_short": _limit("must hold at least {min_length}."),
    **{
        own: lambda error, path: error["msg"]
        for own in ("price", "currency", "text", "address", "feature", "product", "percent", "moment", "kind")
    },
}
