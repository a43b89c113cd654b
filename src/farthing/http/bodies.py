"""The pieces that bodies are made of: strict ones that come in, plain ones that go out, and how a route lists its refusals."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from farthing import card_numbers
from farthing.errors import FarthingError, Invalid, NotFound, with_article
from farthing.http.callers import EMAIL
from farthing.http.refusals import EXPLAINED
from farthing.ids import Id
from farthing.money import AMOUNT_MAX, Money, exponent
from farthing.paging import LIMIT_DEFAULT, LIMIT_MAX, Page

T = TypeVar("T")
U = TypeVar("U", bound=BaseModel)
I = TypeVar("I", bound=Id)  # noqa: E741

LINE_MAX: Final = 255
CURSOR_MAX: Final = 64


class Body(BaseModel):
    """What comes in: types as written, no field that we do not know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """Parameters after the question mark: a misspelled filter is refused, or it would filter nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shown(BaseModel):
    """What goes out: every field, also where it has a default, and the document says so to those who make types of it."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("This text holds a NUL character, which cannot be stored.")
    if card_numbers.holds_one(text):
        raise ValueError("This text holds what looks like a card number, which must never be sent here.")
    return text


def _currency(text: str) -> str:
    try:
        exponent(text)
    except Invalid as error:
        raise ValueError(error.detail) from None
    return text


def _email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise ValueError("This is not an email address.")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("This text holds a character that is not printable: a control character, a line break.")
    return text


Storable = AfterValidator(_storable)
Line = Annotated[str, StringConstraints(min_length=1, max_length=LINE_MAX), AfterValidator(_printable)]
Currency = Annotated[str, StringConstraints(max_length=12), AfterValidator(_currency), Field(examples=["eur"])]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email), Field(examples=["ada@example.com"])]
Metadata = Annotated[dict[str, str], Field(examples=[{"campaign": "autumn"}])]


class MoneyIn(Body):
    amount: int = Field(ge=1, le=AMOUNT_MAX, description="Minor units: cents, yen, fils.", examples=[4900])
    currency: Currency

    def money(self) -> Money:
        return Money(self.amount, self.currency)


class MoneyShown(Shown):
    amount: int = Field(description="Minor units: cents, yen, fils.", examples=[4900])
    currency: str = Field(examples=["eur"])

    @classmethod
    def of(cls, money: Money) -> "MoneyShown":
        return cls(amount=money.amount, currency=money.currency)

    @classmethod
    def perhaps(cls, money: Money | None) -> "MoneyShown | None":
        return None if money is None else cls.of(money)


class PageQuery(Query):
    limit: int = Field(LIMIT_DEFAULT, ge=1, le=LIMIT_MAX)
    cursor: str | None = Field(None, max_length=CURSOR_MAX, description="`next_cursor` of the page before.")

    def after(self, kind: type[I]) -> I | None:
        return None if self.cursor is None else read_id(kind, self.cursor, param="cursor")


class ListShown(Shown, Generic[T]):
    object: Literal["list"] = "list"
    data: list[T]
    has_more: bool
    next_cursor: str | None


def listed(page: Page[T], show: Callable[[T], U]) -> ListShown[U]:
    data = [show(item) for item in page.items]
    return ListShown[U](data=data, has_more=page.next_cursor is not None, next_cursor=page.next_cursor)


def read_id(kind: type[I], text: str, *, param: str) -> I:
    """An id that is a parameter and not the address: a wrong one is Invalid, where an address would be NotFound."""
    try:
        return kind.parse(text)
    except NotFound:
        name = with_article(kind.prefix.replace("_", " "))
        raise Invalid(f"{param} is not the id of {name}.", param=param) from None


class FieldProblem(Shown):
    param: str = Field(examples=["items[0].quantity"])
    code: str
    detail: str


class MovedFigure(Shown):
    figure: str
    amount: int


class Problem(Shown):
    """RFC 9457. `code` is for programs, `detail` for people."""

    type: str = Field(examples=["/problems/not_found"])
    title: str
    status: int
    detail: str
    instance: str
    code: Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(EXPLAINED)})]
    request_id: str
    param: str | None = None
    errors: list[FieldProblem] | None = None
    preview: MovedFigure | None = Field(None, description="Of a refund that would be another by now.")
    quote: dict[str, Any] | None = None
    """Of a change that would cost something else by now: the new one, as its own route shows it."""
    available: int | None = Field(None, description="Of `out_of_stock`: how many there are.")
    until: str | None = Field(None, description="Of `return_window_over`: when that ended.")
    why_not: str | None = Field(None, description="Of what cannot be sent back: why, in a word.")


def refuses(*errors: type[FarthingError]) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: what it may refuse, with the code of each."""
    by_status: dict[int, list[str]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error.code)
    return {status: _refusal(codes) for status, codes in sorted(by_status.items())}


def _refusal(codes: list[str]) -> dict[str, Any]:
    return described(", ".join(f"`{code}`" for code in codes))


def described(refusal: str) -> dict[str, Any]:
    """A refusal in the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": refusal, "content": {"application/problem+json": {"schema": schema}}}
