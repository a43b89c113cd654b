"""What the documents' bodies have in common: names in camel case."""

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

T = TypeVar("T", bound=BaseModel)


class CamelBody(BaseModel):
    """What comes in: types as written, no field that we do not know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class CamelShown(BaseModel):
    """What goes out."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class Success(BaseModel, Generic[T]):
    """Document 003's answers."""

    success: Literal[True] = True
    data: T
