"""The seller's forms: what each step asks, what is wrong with the answers, and the answers that always work."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from farthing.sandbox.resources import external_accounts, onboarding
from farthing.sandbox.store import Json, Record

LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str
    fill: str
    autocomplete: str = "off"
    inputmode: str = ""
    hint: str = ""
    short: bool = False


ADDRESS = (
    Field("line1", "Street address", "address_full_match", "address-line1"),
    Field("city", "City", "Springfield", "address-level2"),
    Field("state", "State", "IL", "address-level1", short=True),
    Field("postal_code", "Postal code", "62701", "postal-code", short=True),
)
WEBSITE = Field("url", "Website", "https://accessible.stripe.com", "url", "url")
PERSON = (
    Field("first_name", "First name", "Jenny", "given-name", short=True),
    Field("last_name", "Last name", "Rosen", "family-name", short=True),
    Field("email", "Email", "jenny.rosen@example.com", "email", "email"),
    Field("phone", "Phone", "0000000000", "tel", "tel"),
    Field("dob", "Date of birth", "1902-01-01", "bday", hint="Year-month-day"),
    Field("ssn_last_4", "Last 4 digits of the tax number", "0000", inputmode="numeric", hint="Never a real one"),
    *ADDRESS,
    WEBSITE,
)
WHOLE = Field("id_number", "Tax number", "000000000", inputmode="numeric", hint="Never a real one")
SPEAKS = "person_"
# Who speaks for the company; reached where the company is.
REPRESENTATIVE = tuple(
    replace(each, name=SPEAKS + each.name, label=f"Your {each.label[0].lower()}{each.label[1:]}")
    for each in PERSON
    if each.name in ("first_name", "last_name", "email", "dob", "ssn_last_4")
)
COMPANY = (
    Field("name", "Legal name of the business", "Rosen Teas", "organization"),
    Field("phone", "Phone", "0000000000", "tel", "tel"),
    Field("tax_id", "Tax number", "000000000", inputmode="numeric", hint="Never a real one"),
    *ADDRESS,
    WEBSITE,
    *REPRESENTATIVE,
)
BANK = (
    Field("routing_number", "Routing number", external_accounts.ROUTING, inputmode="numeric"),
    Field("account_number", "Account number", external_accounts.GOOD, inputmode="numeric", hint="Only test numbers"),
)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def fields_of(record: Record, step: int, *, whole: bool = False) -> tuple[Field, ...]:
    """`whole`: the whole tax number of a person, not only its end."""
    if step == 2:
        return BANK
    if step != 1:
        return ()
    company = onboarding.is_company(record)
    if not (whole or any(name.endswith(f".{WHOLE.name}") for name in record["requirements"]["currently_due"])):
        return COMPANY if company else PERSON
    asked = replace(WHOLE, name=SPEAKS + WHOLE.name, label="Your tax number") if company else WHOLE
    return tuple(asked if each.name.endswith("ssn_last_4") else each for each in (COMPANY if company else PERSON))


def typed(fields: tuple[Field, ...], form: dict[str, str]) -> dict[str, str]:
    return {each.name: form.get(each.name, "").strip()[:LENGTH_MAX] for each in fields}


def problems(fields: tuple[Field, ...], values: dict[str, str]) -> dict[str, str]:
    found = {each.name: f"Enter: {each.label.lower()}." for each in fields if not values[each.name]}
    for name in ("dob", f"{SPEAKS}dob"):
        if values.get(name) and not _DATE.fullmatch(values[name]):
            found[name] = "Enter the date as year-month-day, like 1902-01-01."
    if values.get("url") and not re.match(r"https?://\S+\.\S+", values["url"]):
        found["url"] = "Enter a website, like https://example.com."
    return found


def given(values: dict[str, str]) -> Json:
    """As the API would take them; what was left empty is left out."""
    told: dict[str, Any] = {name: value for name, value in values.items() if value and not name.startswith(SPEAKS)}
    speaks = {name.removeprefix(SPEAKS): value for name, value in values.items() if value and name.startswith(SPEAKS)}
    address = {each.name: told.pop(each.name) for each in ADDRESS if each.name in told}
    if address:
        told["address"] = address
    _spell_date(told)
    if speaks:
        _spell_date(speaks)
        told["person"] = {name: told[name] for name in ("address", "phone") if name in told} | speaks
    return told


def _spell_date(told: dict[str, Any]) -> None:
    if match := _DATE.fullmatch(told.pop("dob", "")):
        told["dob"] = {"year": int(match[1]), "month": int(match[2]), "day": int(match[3])}
