"""Where the cart is sent: the fields of the form, what was typed into them, and which of them a refusal is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from babel import Locale

from farthing import addresses
from farthing.catalog import Catalog, PricedCart
from farthing.errors import FarthingError

PREFIX: Final = "to_"
PARAM: Final = "shipping_address."
FIELDS: Final = ("name", "company", "line1", "line2", "postal_code", "city", "state", "country")


@dataclass(frozen=True, slots=True)
class AddressForm:
    """`countries` are (code, name), by name: those that are served."""

    countries: Sequence[tuple[str, str]]
    typed: Mapping[str, str]


def form(sold: Catalog, priced: PricedCart | None, typed: Mapping[str, str], *, name: str | None) -> AddressForm | None:
    """None where nothing of the cart is sent, or the shop asks for no address."""
    sent = priced and any(line.product.kind == "goods" and line.product.options["shipped"] for line in priced.lines)
    if not sent or sold.shipping is None:
        return None
    served = tuple(sold.shipping.countries)
    known = {"name": name or "", "country": served[0] if served else sold.marketplace.country}
    said = {field: typed.get(PREFIX + field, known.get(field, "")) for field in FIELDS}
    return AddressForm(_countries(served), said)


def typed(form: Mapping[str, str]) -> dict[str, str | None] | None:
    """What the form says; None where it had no such fields."""
    said: dict[str, str | None] = {field: form[PREFIX + field] for field in FIELDS if PREFIX + field in form}
    return said or None


def field_of(error: FarthingError) -> str | None:
    """Which field of the address was refused."""
    field = (error.param or "").removeprefix(PARAM) if (error.param or "").startswith(PARAM) else None
    return field if field in FIELDS else None


@lru_cache(maxsize=8)
def _countries(served: tuple[str, ...]) -> Sequence[tuple[str, str]]:
    names: Mapping[str, str] = {str(code): str(name) for code, name in Locale("en").territories.items()}
    codes = served or [code for code in names if len(code) == 2 and code != "ZZ" and addresses.known(code)]
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda each: each[1])
