"""The values that tables of farthing.toml are made of: prices, percentages, names, and how each is refused."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from farthing.errors import Invalid
from farthing.money import Money, check_chargeable, exponent, step

FEATURES_MAX: Final = 50
PRICES_MAX: Final = 50

KEY: Final = r"^[a-z0-9][a-z0-9_-]{0,62}$"
LOCALE: Final = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$"
CODE: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{1,39}$"
PERCENT: Final = r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$"
RATE: Final = r"^[0-9]{1,2}(\.[0-9]{1,4})?$"
FEATURE: Final = r"^[a-z0-9][a-z0-9:._-]{0,99}$"
PRICE: Final = r"^[0-9]{1,9}(\.[0-9]{1,3})? [A-Za-z]{3}$"


def read_amount(text: str) -> Money:
    """Read "5.00 EUR": what is taken off, or the least that a cart must cost. Raises Invalid for anything else, and for 0."""
    amount = _read(text)
    if not amount:
        raise Invalid(f"{text!r} is nothing.")
    if amount.amount % step(amount.currency):
        raise Invalid(f"{text!r} must end in 0: card networks settle {amount.currency} in ten-unit steps.")
    return amount


def read_fee(text: str) -> Money:
    """Read "4.90 EUR": what is added to an order, be it nothing. Raises Invalid for anything that is no amount."""
    fee = _read(text)
    return read_amount(text) if fee else fee


def _read(text: str) -> Money:
    if not re.fullmatch(PRICE, text, re.ASCII):
        raise Invalid(f'{text[:40]!r} is not a price: write it like "49.00 EUR".')
    amount, currency = text.split(" ")
    return Money.parse(amount, currency.lower())


def read_price(text: str) -> Money:
    """Read "49.00 EUR". Raises Invalid for anything that is not a price a card could be charged."""
    price = _read(text)
    if not price:
        raise Invalid(f"{text!r} is nothing: a product that costs nothing cannot be sold here.")
    try:
        check_chargeable(price)
    except Invalid as error:
        raise Invalid(f"One of it could not be paid for. {error.detail}") from None
    return price


def read_percent(text: str) -> int:
    """Read "12.5" as basis points, hundredths of a percent. Raises Invalid for anything but 0.01 to 100."""
    if not re.fullmatch(PERCENT, text, re.ASCII):
        raise Invalid(f'{text[:40]!r} is not a percentage: write it like 10 or "12.5", up to 100.')
    whole, _, part = text.partition(".")
    points = int(whole) * 100 + int(part.ljust(2, "0"))
    if not points:
        raise Invalid("0 percent is no discount.")
    return points


def _percent(value: Any) -> Any:
    """TOML's decimals are floats, which money never meets: those are written in quotes."""
    if isinstance(value, str):
        return value
    if type(value) is not int:
        raise PydanticCustomError("percent", 'is written like 10 or "12.5", with quotes where it has decimals.')
    return str(value)


def _checked_percent(text: str) -> str:
    try:
        read_percent(text)
    except Invalid as error:
        raise PydanticCustomError("percent", "{said}", {"said": error.detail}) from None
    return text


def _checked_rate(text: str) -> str:
    if not re.fullmatch(RATE, text, re.ASCII):
        raise PydanticCustomError("percent", '{text} is not a rate: write it like 20 or "8.875".', {"text": repr(text[:40])})
    whole, _, part = text.partition(".")
    return f"{int(whole)}.{part}".rstrip("0").rstrip(".") if part else str(int(whole))


def _checked_price(text: str) -> str:
    try:
        read_price(text)
    except Invalid as error:
        raise PydanticCustomError("price", "{said}", {"said": error.detail}) from None
    return text


def _checked_amount(text: str) -> str:
    try:
        read_amount(text)
    except Invalid as error:
        raise PydanticCustomError("price", "{said}", {"said": error.detail}) from None
    return text


def _checked_moment(value: Any) -> Any:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise PydanticCustomError(
            "moment", "is a moment with its time zone: write it like 2026-12-31T23:59:59Z, without quotes."
        )
    return value.astimezone(UTC)


def _checked_currency(text: str) -> str:
    try:
        exponent(text.lower())
    except Invalid as error:
        raise PydanticCustomError("currency", "{said}", {"said": error.detail}) from None
    return text.lower()


def _checked_text(text: str) -> str:
    """Names reach emails and the provider, which strips them: what is kept must be what comes back."""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text.replace("\n", " ")):
        raise PydanticCustomError("text", "contains a control character: use plain text.")
    return text.strip()


def _checked_line(text: str) -> str:
    if "\n" in text:
        raise PydanticCustomError("text", "must be one line.")
    if not text.strip():
        raise PydanticCustomError("text", "must not be empty.")
    return _checked_text(text)


def _checked_address(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.?[^@\s]+", text):
        raise PydanticCustomError("address", "{text} is not an email address.", {"text": repr(text[:40])})
    return text


def _checked_features(features: list[str]) -> list[str]:
    for feature in features:
        if not re.fullmatch(FEATURE, feature):
            raise PydanticCustomError(
                "feature",
                '{feature} is not a feature: use a-z, 0-9, and : . _ - between them, such as "guide:pro".',
                {"feature": repr(feature[:40])},
            )
        if features.count(feature) > 1:
            raise PydanticCustomError("feature", "{feature} is listed twice.", {"feature": repr(feature)})
    return features


Line = Annotated[str, Field(max_length=250), AfterValidator(_checked_line)]
Text = Annotated[str, Field(max_length=5000), AfterValidator(_checked_text)]
Price = Annotated[str, Field(json_schema_extra={"pattern": PRICE}, examples=["49.00 EUR"]), AfterValidator(_checked_price)]
Amount = Annotated[str, Field(json_schema_extra={"pattern": PRICE}, examples=["5.00 EUR"]), AfterValidator(_checked_amount)]
Moment = Annotated[datetime, BeforeValidator(_checked_moment)]
Currency = Annotated[str, Field(json_schema_extra={"pattern": "^[A-Za-z]{3}$"}), AfterValidator(_checked_currency)]
Address = Annotated[str, Field(max_length=254), AfterValidator(_checked_address)]
Features = Annotated[list[str], Field(max_length=FEATURES_MAX), AfterValidator(_checked_features)]
Percent = Annotated[
    str,
    Field(json_schema_extra={"type": ["integer", "string"], "pattern": PERCENT}),
    AfterValidator(_checked_percent),
    BeforeValidator(_percent),
]
TaxRate = Annotated[
    str,
    Field(json_schema_extra={"type": ["integer", "string"], "pattern": RATE}),
    AfterValidator(_checked_rate),
    BeforeValidator(_percent),
]
Code = Annotated[str, Field(pattern=CODE), AfterValidator(str.upper)]
Key = Annotated[str, Field(pattern=KEY)]
Locale = Annotated[str, Field(pattern=LOCALE)]
ProductKey = Annotated[str, Field(pattern=KEY)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
