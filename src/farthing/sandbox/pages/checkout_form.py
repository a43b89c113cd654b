"""The checkout form as the buyer typed it: what it asks for, what is wrong with the answers, and what it becomes."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace

from farthing.sandbox.clock import Clock
from farthing.sandbox.errors import Refusal
from farthing.sandbox.pages.card_form import COUNTRIES, EMAIL, EXPIRY, FIELD_LENGTH_MAX, SHOWCASE
from farthing.sandbox.purchases import BANK_FIELDS, Purchase
from farthing.sandbox.resources.checkout_questions import PHONE, Buyer
from farthing.sandbox.store import Json

ADDRESS = ("country", "line1", "line2", "city", "state", "postal_code")
TAX_IDS = (
    ("eu_vat", "EU VAT number", "DE123456789"), ("gb_vat", "UK VAT number", "GB123456789"),
    ("us_ein", "US EIN", "12-3456789"), ("in_gst", "Indian GST number", "12ABCDE3456FGZH"),
    ("ca_bn", "Canadian BN", "123456789"), ("au_abn", "Australian Business Number", "12345678912"),
    ("ch_vat", "Swiss VAT number", "CHE-123.456.789 MWST"), ("no_vat", "Norwegian VAT number", "123456789MVA"),
)  # fmt: skip
# What a fill writes where nothing was typed.
FILLED = {
    "email": "buyer@example.com",
    "name": "Test Buyer",
    "phone": "+1 415 555 0132",
    "postal_code": "94107",
    "line1": "1 Mill Lane",
    "city": "Springfield",
    "shipping_name": "Test Buyer",
    "shipping_line1": "1 Mill Lane",
    "shipping_city": "Springfield",
    "shipping_postal_code": "94107",
    "individual_name": "Test Buyer",
    "business_name": "Test Company",
}
# Where the page shows what the session refuses, by Stripe's name for it.
PLACES = {
    "promotion_code": "code",
    "exp_month": "expiry",
    "exp_year": "expiry",
    "shipping[name]": "shipping_name",
    "terms_of_service": "terms",
    "routing_number": "account_number",
    "payment_method": "number",
}


@dataclass(frozen=True, slots=True)
class CheckoutForm:
    session: Json
    needs_card: bool
    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def blank(cls, session: Json, *, needs_card: bool) -> CheckoutForm:
        details = session["customer_details"] or {}
        known = {name: details[name] for name in ("email", "name", "phone") if details.get(name)}
        defaults = {
            f"custom_{each['key']}": each[each["type"]]["default_value"]
            for each in session["custom_fields"]
            if each[each["type"]]["default_value"]
        }
        return cls(session, needs_card, {"country": "US", **defaults, **known})

    @classmethod
    def typed(cls, session: Json, fields: dict[str, str], *, needs_card: bool) -> CheckoutForm:
        values = {name: text.strip()[:FIELD_LENGTH_MAX] for name, text in fields.items()}
        if values.get("country") not in dict(COUNTRIES):
            values["country"] = "US"
        return cls(session, needs_card, values)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def countries(self) -> tuple[tuple[str, str], ...]:
        return COUNTRIES

    @property
    def shipping_countries(self) -> list[tuple[str, str]]:
        names = dict(COUNTRIES)
        allowed = (self.session["shipping_address_collection"] or {}).get("allowed_countries", [])
        return sorted(((code, names.get(code, code)) for code in allowed), key=lambda each: each[1])

    @property
    def tax_ids(self) -> tuple[tuple[str, str, str], ...]:
        return TAX_IDS

    @property
    def bank(self) -> dict[str, str]:
        """The bank account, if it is that what pays: the form sends it along with every card."""
        chosen = self["by"] == "bank" or "number" not in self.values
        given = {name: self[name] for name in BANK_FIELDS if self[name]}
        return given if chosen and given else {}

    def collects(self, what: str) -> bool:
        """Whether the seller switched this on, where switching on is all there is to it."""
        found = self.session.get(what) or {}
        return bool(found.get("enabled"))

    def asks_name(self, whose: str) -> Json | None:
        """`individual` or `business`: how it is asked for, if it is."""
        found = (self.session.get("name_collection") or {}).get(whose) or {}
        return found if found.get("enabled") else None

    def filled(self, number: str, clock: Clock) -> CheckoutForm:
        """With this test card, and everything else it takes to pay; what the buyer typed stays."""
        year = time.gmtime(clock.now()).tm_year + 3
        values = FILLED | {name: text for name, text in self.values.items() if text}
        if self.shipping_countries:
            values.setdefault("shipping_country", self.shipping_countries[0][0])
        for each in self.session["custom_fields"]:
            values.setdefault(f"custom_{each['key']}", _answer_to(each))
        values |= {
            "number": " ".join(re.findall(r".{1,4}", number)) if number in dict(SHOWCASE) else "",
            "expiry": f"12 / {year % 100:02d}",
            "cvc": "123",
            "terms": "yes",
        }
        return replace(self, values=values)

    # What is wrong

    def problems(self) -> dict[str, str]:
        """By field, in the order of the form. Whether the card itself is any good, the cashier says."""
        found = self._contact_problems() | self._shipping_problems()
        pays_by_card = self.needs_card and not self.bank and not self["saved"]
        if pays_by_card:
            found |= self._card_problems()
        elif self.bank and not self["name"]:
            found["name"] = "Enter the name of the account's holder."
        if self.session["billing_address_collection"] == "required" and (pays_by_card or not self.needs_card):
            found |= _missing(self.values, {"line1": "the street", "city": "the city"})
        for each in self.session["custom_fields"]:
            if not each["optional"] and not self[f"custom_{each['key']}"]:
                found[f"custom_{each['key']}"] = f"Answer this: {each['label']['custom']}."
        terms = (self.session["consent_collection"] or {}).get("terms_of_service")
        if terms == "required" and not self["terms"]:
            found["terms"] = "Accept the terms of service to go on."
        return found

    def _contact_problems(self) -> dict[str, str]:
        found = {}
        if not EMAIL.fullmatch(self["email"]):
            found["email"] = "Enter an email address, like name@example.com."
        if self.collects("phone_number_collection") and not PHONE.fullmatch(self["phone"]):
            found["phone"] = "Enter a phone number, like +1 415 555 0132."
        for whose in ("individual", "business"):
            how = self.asks_name(whose)
            if how and not how["optional"] and not self[f"{whose}_name"]:
                found[f"{whose}_name"] = "Enter the name."
        tax_id: Json = self.session.get("tax_id_collection") or {}
        if tax_id.get("enabled") and tax_id["required"] == "if_supported" and not self["tax_id"]:
            found["tax_id"] = "Enter the tax number."
        return found

    def _shipping_problems(self) -> dict[str, str]:
        if not self.session["shipping_address_collection"]:
            return {}
        found = _missing(self.values, {"shipping_name": "the name of whoever receives it", "shipping_line1": "the street"})
        if self["shipping_country"] not in dict(self.shipping_countries):
            found["shipping_country"] = "Choose a country."
        return found

    def _card_problems(self) -> dict[str, str]:
        found = {}
        if not self["number"]:
            found["number"] = "Enter the card number."
        if not EXPIRY.fullmatch(self["expiry"]):
            found["expiry"] = "Enter the expiration date as MM / YY."
        if not self["cvc"]:
            found["cvc"] = "Enter the security code."
        if not self["name"]:
            found["name"] = "Enter the name on the card."
        return found

    def place_of(self, refusal: Refusal) -> str:
        """The field a refusal belongs to; empty where it is none of this page's."""
        param = str(refusal.error.get("param") or "")
        if found := re.fullmatch(r"(shipping\[)?address\]?\[(\w+)\]", param):
            return f"shipping_{found[2]}" if found[1] else found[2]
        if found := re.fullmatch(r"(custom_fields|quantities)\[(\w+)\]", param):
            return f"{'custom' if found[1] == 'custom_fields' else 'quantity'}_{found[2]}"
        if refusal.status == 402 and param not in PLACES and param != "cvc":
            return "number"
        return PLACES.get(param, param)

    # What it becomes

    def decisions(self) -> Purchase:
        """What the buyer decided about the sum: quantities and the way to ship."""
        quantities = {
            name.removeprefix("quantity_"): int(text)
            for name, text in self.values.items()
            if name.startswith("quantity_li_") and re.fullmatch("[0-9]{1,6}", text)
        }
        return Purchase(Buyer(shipping_rate=self["shipping_rate"] or None), quantities=quantities)

    def purchase(self) -> Purchase:
        bought = Purchase(self._buyer())
        if self["saved"]:
            return replace(bought, payment_method=self["saved"])
        if self.bank:
            return replace(bought, bank=self.bank)
        match = EXPIRY.fullmatch(self["expiry"])
        if not self.needs_card or match is None:
            return bought
        return replace(bought, number=self["number"], expiry=(int(match[1]), int(match[2])), cvc=self["cvc"])

    def _buyer(self) -> Buyer:
        custom = {each["key"]: self[f"custom_{each['key']}"] for each in self.session["custom_fields"]}
        shipped = {name: self[f"shipping_{name}"] for name in ADDRESS}
        return Buyer(
            email=self["email"],
            name=self["name"] or None,
            address=self._billing(),
            phone=self["phone"] or None,
            shipping_name=self["shipping_name"] or None,
            shipping_address={name: text for name, text in shipped.items() if text},
            individual_name=self["individual_name"] or None,
            business_name=self["business_name"] or None,
            tax_id=(self["tax_id_type"] or "eu_vat", self["tax_id"]) if self["tax_id"] else None,
            custom_fields={key: text for key, text in custom.items() if text},
            terms_accepted=bool(self["terms"]),
            wants_promotions=bool(self["promotions"]),
            saves_method=bool(self["save"]),
        )

    def _billing(self) -> dict[str, str]:
        asked = self.session["billing_address_collection"] == "required" or self.needs_card
        return {name: self[name] for name in ADDRESS if self[name]} if asked else {}


def _missing(values: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    return {name: f"Enter {what}." for name, what in wanted.items() if not values.get(name)}


def _answer_to(custom: Json) -> str:
    if custom["optional"]:
        return ""
    if custom["type"] == "dropdown":
        return str(custom["dropdown"]["options"][0]["value"])
    digit = "1" if custom["type"] == "numeric" else "A"
    return digit * (custom[custom["type"]]["minimum_length"] or 1)
