"""The card form as the buyer typed it: what is wrong with it, in which field, and the test cards that fill it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from starlette.requests import Request

from farthing.sandbox.cashier import Purchase
from farthing.sandbox.clock import Clock
from farthing.sandbox.resources.checkout_questions import Buyer
from farthing.sandbox.wire import BODY_MAX_BYTES

FIELD_LENGTH_MAX = 200
COUNTRIES = (
    ("US", "United States"), ("AU", "Australia"), ("AT", "Austria"), ("BE", "Belgium"), ("BR", "Brazil"),
    ("CA", "Canada"), ("DK", "Denmark"), ("FI", "Finland"), ("FR", "France"), ("DE", "Germany"), ("IN", "India"),
    ("IE", "Ireland"), ("IT", "Italy"), ("JP", "Japan"), ("MX", "Mexico"), ("NL", "Netherlands"),
    ("NZ", "New Zealand"), ("NO", "Norway"), ("PL", "Poland"), ("PT", "Portugal"), ("SG", "Singapore"),
    ("ES", "Spain"), ("SE", "Sweden"), ("CH", "Switzerland"), ("GB", "United Kingdom"),
)  # fmt: skip
# What the drawer offers: the number, and what the buyer will see.
SHOWCASE = (
    ("4242424242424242", "Succeeds"),
    ("4000002760003184", "Asks the bank (3D Secure)"),
    ("4000000000000002", "Is declined"),
    ("4000000000009995", "Has insufficient funds"),
    ("4000000000000069", "Has expired"),
    ("4000000000000127", "Has a wrong security code"),
    ("4000000000000119", "Fails in processing"),
    ("4000000000005126", "Succeeds; its refunds fail"),
    ("4000000000007726", "Succeeds; its refunds wait"),
    ("4000000000000259", "Succeeds, then is disputed"),
    ("4000000000000341", "Is saved; later charges fail"),
)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_EXPIRY = re.compile(r"\s*(\d{1,2})\s*[/\- ]?\s*(\d{2}|\d{4})\s*")


async def read_form(request: Request) -> dict[str, str]:
    body = await request.body()
    if len(body) > BODY_MAX_BYTES:
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class CardForm:
    email: str = ""
    number: str = ""
    expiry: str = ""
    cvc: str = ""
    name: str = ""
    country: str = "US"
    postal_code: str = ""

    countries = COUNTRIES

    @classmethod
    def blank(cls, email: str) -> CardForm:
        return cls(email=email)

    @classmethod
    def typed(cls, fields: dict[str, str]) -> CardForm:
        names = ("email", "number", "expiry", "cvc", "name", "postal_code")
        form = cls(**{name: fields.get(name, "").strip()[:FIELD_LENGTH_MAX] for name in names})
        known = {code for code, _ in COUNTRIES}
        return replace(form, country=fields["country"]) if fields.get("country") in known else form

    def filled(self, number: str, clock: Clock) -> CardForm:
        """With this test card, and everything else it needs to be paid; what the buyer typed about themselves stays."""
        year = time.gmtime(clock.now()).tm_year + 3
        return replace(
            self,
            email=self.email or "buyer@example.com",
            number=" ".join(re.findall(r".{1,4}", number)) if number in dict(SHOWCASE) else "",
            expiry=f"12 / {year % 100:02d}",
            cvc="123",
            name=self.name or "Test Buyer",
            postal_code=self.postal_code or "94107",
        )

    def problems(self) -> dict[str, str]:
        """By field, in the order of the form. Whether the card itself is any good, the cashier says."""
        found = {}
        if not _EMAIL.fullmatch(self.email):
            found["email"] = "Enter an email address, like name@example.com."
        if not self.number:
            found["number"] = "Enter the card number."
        if not _EXPIRY.fullmatch(self.expiry):
            found["expiry"] = "Enter the expiration date as MM / YY."
        if not self.cvc:
            found["cvc"] = "Enter the security code."
        if not self.name:
            found["name"] = "Enter the name on the card."
        return found

    def purchase(self) -> Purchase:
        match = _EXPIRY.fullmatch(self.expiry)
        assert match, "problems() comes first"
        address = {"country": self.country, "postal_code": self.postal_code or None}
        return Purchase(
            Buyer(self.email, self.name, address),
            number=self.number,
            expiry=(int(match[1]), int(match[2])),
            cvc=self.cvc,
        )

    def without_card(self) -> Purchase:
        return Purchase(Buyer(self.email, self.name or None))

    def bank_problems(self) -> dict[str, str]:
        return {name: text for name, text in self.problems().items() if name in ("email", "name")}

    def by_bank(self, bank: dict[str, str]) -> Purchase:
        return Purchase(Buyer(self.email, self.name), bank=bank)

    @staticmethod
    def field_of(param: str | None) -> str:
        """Where the error of a declined card belongs."""
        return {"exp_month": "expiry", "exp_year": "expiry", "cvc": "cvc"}.get(param or "", "number")
