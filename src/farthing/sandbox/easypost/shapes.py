"""What EasyPost's objects have in common: ids, moments, the mode, and how something that is not right is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from farthing.sandbox.ids import random_text
from farthing.sandbox.store import Json

TEXT_MAX = 500


class Wrong(Exception):
    """A refusal in EasyPost's words: https://docs.easypost.com/docs/errors."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        errors = [{"field": field, "message": message}] if field else []
        self.body: Json = {"error": {"code": code, "message": message, "errors": errors}}


def not_there(kind: str) -> Wrong:
    return Wrong(404, "NOT_FOUND", f"The requested {kind} could not be found.")


def new(prefix: str) -> str:
    return f"{prefix}_{random_text(32)}"


def moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


def table(fields: Json, name: str) -> Json:
    found = fields.get(name)
    if not isinstance(found, dict):
        raise Wrong(422, "PARAMETER.REQUIRED", f"Missing required parameter: {name}.", name)
    return found


def text(fields: Json, name: str, *, required: bool = False) -> str | None:
    found: Any = fields.get(name)
    if found is None or found == "":
        if required:
            raise Wrong(422, "PARAMETER.REQUIRED", f"Missing required parameter: {name}.", name)
        return None
    if not isinstance(found, str) or len(found) > TEXT_MAX:
        raise Wrong(422, "PARAMETER.INVALID", f"{name} is a text of at most {TEXT_MAX} characters.", name)
    return found
