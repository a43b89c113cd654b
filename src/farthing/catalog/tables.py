"""The tables of `farthing.toml` as they must be written: what pydantic checks, and what the JSON Schema tells editors."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from farthing.catalog.model import ProductKind
from farthing.catalog.options import Options
from farthing.errors import Invalid
from farthing.money import Money, check_chargeable, exponent

PRODUCTS_MAX: Final = 1000
PRICES_MAX: Final = 50
FEATURES_MAX: Final = 50

KEY: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"
FEATURE: Final = r"^[a-z0-9][a-z0-9:._-]{0,99}$"
PRICE: Final = r"^[0-9]{1,9}(\.[0-9]{1,3})? [A-Za-z]{3}$"


def read_price(text: str) -> Money:
    """Read "49.00 EUR". Raises Invalid for anything that is not a price a card could be charged."""
    if not re.fullmatch(PRICE, text, re.ASCII):
        raise Invalid(f'{text[:40]!r} is not a price: write it like "49.00 EUR".')
    amount, currency = text.split(" ")
    price = Money.parse(amount, currency.lower())
    if not price:
        raise Invalid(f"{text!r} is nothing: a product that costs nothing cannot be sold here.")
    try:
        check_chargeable(price)
    except Invalid as error:
        raise Invalid(f"One of it could not be paid for. {error.detail}") from None
    return price


def _checked_price(text: str) -> str:
    try:
        read_price(text)
    except Invalid as error:
        raise PydanticCustomError("price", "{said}", {"said": error.detail}) from None
    return text


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
Currency = Annotated[str, Field(json_schema_extra={"pattern": "^[A-Za-z]{3}$"}), AfterValidator(_checked_currency)]
Address = Annotated[str, Field(max_length=254), AfterValidator(_checked_address)]
Features = Annotated[list[str], Field(max_length=FEATURES_MAX), AfterValidator(_checked_features)]
ProductKey = Annotated[str, Field(pattern=KEY)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ShopTable(Table):
    """Who sells."""

    name: Line = Field(default="Shop", description="The name of the shop, on pages and in emails.")
    support_email: Address | None = Field(default=None, description="Where buyers may write to.")


class ProductTable(Table):
    """One thing for sale."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["price"]}, {"required": ["prices"]}]},
    )

    name: Line = Field(description="What buyers see.")
    description: Text | None = Field(default=None, description="One or two sentences for buyers.")
    kind: ProductKind = Field(
        description='What a paid line turns into: "access" grants features, "custom" is left to your hook.'
    )
    features: Features = Field(default=[], description='For kind "access": what the buyer may use, such as "guide:pro".')
    access_days: int | None = Field(
        default=None, ge=1, le=36500, description="How long access lasts; for ever if it is left out."
    )
    price: Price | None = Field(default=None, description='What one costs, such as "49.00 EUR".')
    prices: Annotated[list[Price], Field(min_length=1, max_length=PRICES_MAX)] | None = Field(
        default=None, description="Several prices, one for each currency."
    )
    max_quantity: int = Field(default=10, ge=1, le=1000, description="How many one order may hold.")
    active: bool = Field(default=True, description="false: known, not for sale.")

    @property
    def options(self) -> dict[str, Any]:
        """Those of its kind, with what was left out at its default; none where the kind has none."""
        found = getattr(self, self.kind, None)
        return found.model_dump(mode="json") if isinstance(found, Options) else {}

    @property
    def written_prices(self) -> list[str]:
        return self.prices or ([] if self.price is None else [self.price])

    @model_validator(mode="after")
    def _fits_together(self) -> "ProductTable":
        for said in (self._price_problem(), self._kind_problem()):
            if said:
                raise PydanticCustomError("product", "{said}", {"said": said})
        return self

    def _price_problem(self) -> str | None:
        if self.price is not None and self.prices is not None:
            return "has both price and prices: keep one of them."
        if not self.written_prices:
            return 'has no price: add price = "49.00 EUR".'
        currencies = [text[-3:].upper() for text in self.written_prices]
        twice = next((currency for currency in currencies if currencies.count(currency) > 1), None)
        return f"has two prices in {twice}: keep one for each currency." if twice else None

    def _kind_problem(self) -> str | None:
        if self.kind == "access" and not self.features:
            return 'grants nothing: kind "access" needs features = ["…"].'
        if self.kind != "access" and (self.features or self.access_days):
            return f'is of kind "{self.kind}", which grants nothing: features and access_days belong to kind "access".'
        strange = [name for name in type(self).model_fields if name != self.kind and isinstance(getattr(self, name), Options)]
        return f'is of kind "{self.kind}": the table {strange[0]} belongs to another kind.' if strange else None


class File(Table):
    """What this shop sells, and for how much."""

    model_config = ConfigDict(title="farthing.toml")

    currency: Currency = Field(description="The currency of a cart that names none, such as eur.")
    shop: ShopTable = Field(default_factory=ShopTable, description="Who sells.")
    products: Annotated[dict[ProductKey, ProductTable], Field(min_length=1, max_length=PRODUCTS_MAX)] = Field(
        description="What is for sale: one table for each product, named by its key.",
        json_schema_extra={"additionalProperties": False},
    )
