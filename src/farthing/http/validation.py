"""What pydantic found wrong with a request, in our words. What was sent is never repeated: it may be anybody's secret."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from farthing.errors import FarthingError, Invalid, Malformed

ERRORS_MAX: Final = 20
PARAM_MAX: Final = 120

PRICES: Final = frozenset({"price", "prices", "amount", "unit_amount", "unit_price", "total", "subtotal", "discount", "tax"})
"""What a client may wish to say about money. The catalog alone decides."""

SAID: Final[Mapping[str, str]] = {
    "missing": "This is required.",
    "int_type": "This must be a whole number, written without quotes, point or exponent.",
    "int_from_float": "This must be a whole number, written without quotes, point or exponent.",
    "int_parsing": "This must be a whole number.",
    "int_parsing_size": "This number is too large.",
    "string_type": "This must be a text.",
    "string_unicode": "This text holds half of a surrogate pair, which cannot be stored.",
    "bool_type": "This must be true or false.",
    "list_type": "This must be a list.",
    "dict_type": "This must be an object of texts.",
    "model_type": "This must be a JSON object.",
    "model_attributes_type": "This must be a JSON object.",
}
"""Kinds of error whose own message speaks of Python."""


def as_refusal(errors: Sequence[Mapping[str, Any]]) -> FarthingError:
    """One refusal for all of them: the first in words, each in `errors`."""
    if any(error["type"] == "json_invalid" for error in errors):
        return Malformed("The body is not valid JSON.")
    shown = [_shown(error) for error in errors[:ERRORS_MAX]]
    first = shown[0]
    detail = f"{first['param']}: {first['detail']}" if first["param"] else first["detail"]
    return Invalid(detail, param=first["param"] or None, extra={"errors": shown})


def _shown(error: Mapping[str, Any]) -> dict[str, str]:
    where, *path = error["loc"]
    return {"param": _param(path), "code": str(error["type"]), "detail": _said(error, where, path)}


def _param(path: Sequence[str | int]) -> str:
    """("items", 0, "quantity") is `items[0].quantity`."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
    return "".join(letter if letter.isprintable() and letter.isascii() else "?" for letter in steps[:PARAM_MAX])


def _said(error: Mapping[str, Any], where: str | int, path: Sequence[str | int]) -> str:
    kind = str(error["type"])
    if kind == "extra_forbidden":
        if path[-1] in PRICES or (path[-1] == "currency" and len(path) > 1):
            return "Prices come from the catalog: leave this out."
        return f"There is no such {'parameter' if where == 'query' else 'field'}."
    if kind == "missing" and not path:
        return "The request needs a JSON body."
    message = str(error["msg"]).removeprefix("Value error, ")
    return SAID.get(kind, message if message.endswith(".") else f"{message}.")
