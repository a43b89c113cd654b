"""Where the cart is sent and what that costs: the fields of the form, what was typed, and which of them a refusal is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from babel import Locale

from farthing import addresses, catalog
from farthing.catalog import Catalog, PricedCart, ShippingRate
from farthing.errors import FarthingError
from farthing.money import Money

PREFIX: Final = "to_"
PARAM: Final = "shipping_address."
RATE: Final = "shipping_rate"
FIELDS: Final = ("name", "company", "line1", "line2", "postal_code", "city", "state", "country")


@dataclass(frozen=True, slots=True)
class AddressForm:
    """`countries` are (code, name), by name: those that are served. `rates` are those that serve the country."""

    countries: Sequence[tuple[str, str]]
    typed: Mapping[str, str]
    rates: Sequence[tuple[ShippingRate, Money]] = ()
    rate: str | None = None
    """The one that the cart is priced with."""


def form(sold: Catalog, priced: PricedCart | None, typed: Mapping[str, str], *, name: str | None) -> AddressForm | None:
    """None where nothing of the cart is sent, or the shop asks for no address."""
    if priced is None or sold.shipping is None or not catalog.is_sent(priced):
        return None
    known = {"name": name or "", "country": _country(sold, typed)}
    said = {field: typed.get(PREFIX + field, known.get(field, "")) for field in FIELDS}
    rates = catalog.rates_for(sold, priced, said["country"])
    rate = going(sold, typed)[1] or (rates[0][0].key if rates else None)
    return AddressForm(_countries(tuple(sold.shipping.countries)), said, rates, rate)


def going(sold: Catalog, typed: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Which country the way is priced to, and by which rate where the buyer chose one that serves it. Neither where none does:
    then the order is refused, and says why."""
    country, rates = _country(sold, typed), () if sold.shipping is None else sold.shipping.rates
    serving = [rate.key for rate in rates if rate.serves(country, sold.currency)]
    chosen = typed.get(RATE)
    return (country if serving else None), (chosen if chosen in serving else None)


def typed(form: Mapping[str, str]) -> dict[str, str | None] | None:
    """What the form says; None where it had no such fields."""
    said: dict[str, str | None] = {field: form[PREFIX + field] for field in FIELDS if PREFIX + field in form}
    return said or None


def _country(sold: Catalog, typed: Mapping[str, str]) -> str:
    served = () if sold.shipping is None else sold.shipping.countries
    return typed.get(PREFIX + "country") or (served[0] if served else sold.marketplace.country)


def field_of(error: FarthingError) -> str | None:
    """Which field of the address was refused."""
    field = (error.param or "").removeprefix(PARAM) if (error.param or "").startswith(PARAM) else None
    return field if field in FIELDS else None


@lru_cache(maxsize=8)
def _countries(served: tuple[str, ...]) -> Sequence[tuple[str, str]]:
    names: Mapping[str, str] = {str(code): str(name) for code, name in Locale("en").territories.items()}
    codes = served or [code for code in names if len(code) == 2 and code != "ZZ" and addresses.known(code)]
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda each: each[1])
