"""What the API twin of the checkout page is told, and what the page's form becomes: one purchase, as the cashier takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from farthing.sandbox.errors import malformed, unknown_parameter
from farthing.sandbox.resources.checkout_questions import Buyer
from farthing.sandbox.store import Json

BANK_FIELDS = ("iban", "account_number", "routing_number")
TEXTS = (
    "card",
    "payment_method",
    "email",
    "name",
    "phone",
    "promotion_code",
    "shipping_rate",
    "individual_name",
    "business_name",
    *BANK_FIELDS,
)
FLAGS = ("terms_of_service", "promotions", "save_payment_method")
HASHES = ("address", "shipping", "custom_fields", "quantities", "tax_id")
OTHERS = ("three_d_secure",)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What the buyer hands over: a card as typed, or the name of a test payment method."""

    buyer: Buyer
    number: str = ""
    payment_method: str = ""
    expiry: tuple[int, int] | None = None
    """(month, year)"""
    cvc: str | None = None
    bank: Json = field(default_factory=dict)
    """The bank account as typed: iban, or account_number and routing_number."""
    code: str | None = None
    """A promotion code; empty to take off the one that was typed before."""
    quantities: dict[str, int] = field(default_factory=dict)

    @property
    def pays(self) -> bool:
        """Something to pay with is there; a trial may begin without."""
        return bool(self.number or self.payment_method or self.bank)

    @property
    def decides(self) -> bool:
        """The buyer changed what the session comes to."""
        return self.code is not None or bool(self.quantities or self.buyer.shipping_rate)


def purchase(given: Json) -> Purchase:
    fields = {name: value for name, value in given.items() if value is not None}
    for name in fields:
        if name not in (*TEXTS, *FLAGS, *HASHES, *OTHERS):
            raise unknown_parameter(name)
    for name in TEXTS:
        _check(fields, name, str, "a string")
    for name in FLAGS:
        _check(fields, name, bool, "true or false")
    for name in HASHES:
        _check(fields, name, dict, "an object")
    return Purchase(
        _buyer(fields),
        number=fields.get("card", ""),
        payment_method=fields.get("payment_method", ""),
        bank={name: fields[name] for name in BANK_FIELDS if fields.get(name)},
        code=fields.get("promotion_code"),
        quantities=_quantities(fields.get("quantities") or {}),
    )


def _check(fields: Json, name: str, kind: type, words: str) -> None:
    if not isinstance(fields.get(name, kind()), kind):
        raise malformed(f"{name} must be {words}.", param=name)


def _texts(given: Json, param: str) -> dict[str, str]:
    for name, value in given.items():
        if not isinstance(value, str):
            raise malformed(f"{param}[{name}] must be a string.", param=f"{param}[{name}]")
    return dict(given)


def _buyer(fields: Json) -> Buyer:
    shipping: Json = fields.get("shipping") or {}
    to: Any = shipping.get("address") or {}
    if not isinstance(to, dict) or not isinstance(shipping.get("name") or "", str):
        raise malformed("shipping must have a name and an address.", param="shipping")
    tax_id = _texts(fields.get("tax_id") or {}, "tax_id")
    if tax_id and tax_id.keys() != {"type", "value"}:
        raise malformed("tax_id must have a type and a value.", param="tax_id")
    return Buyer(
        email=fields.get("email"),
        name=fields.get("name"),
        address=_texts(fields.get("address") or {}, "address"),
        phone=fields.get("phone"),
        shipping_name=shipping.get("name"),
        shipping_address=_texts(to, "shipping[address]"),
        shipping_rate=fields.get("shipping_rate"),
        individual_name=fields.get("individual_name"),
        business_name=fields.get("business_name"),
        tax_id=(tax_id["type"], tax_id["value"]) if tax_id else None,
        custom_fields=_texts(fields.get("custom_fields") or {}, "custom_fields"),
        terms_accepted=fields.get("terms_of_service", False),
        wants_promotions=fields.get("promotions", False),
        saves_method=fields.get("save_payment_method", False),
    )


def _quantities(given: Json) -> dict[str, int]:
    for id, count in given.items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise malformed(f"quantities[{id}] must be a number.", param=f"quantities[{id}]")
    return dict(given)
