"""What a checkout page asks besides the card: phone, names, addresses, the shop's own questions, consent, a way to ship."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from farthing.sandbox import validation
from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter
from farthing.sandbox.resources import checkout_parameters, shipping_rates
from farthing.sandbox.resources.addresses import address
from farthing.sandbox.store import Json, Record

CUSTOM_FIELDS_MAX = 3
OPTIONS_MAX = 200
KEY_MAX = 200
LABEL_MAX = 50
ANSWER_MAX = 255
SHIPPING_OPTIONS_MAX = 5
PHONE = re.compile(r"\+?[0-9][0-9 ().\-]{4,24}")


@dataclass(frozen=True, slots=True)
class Buyer:
    """What the buyer typed besides the card."""

    email: str | None = None
    name: str | None = None
    address: Json = field(default_factory=dict)
    phone: str | None = None
    shipping_name: str | None = None
    shipping_address: Json = field(default_factory=dict)
    shipping_rate: str | None = None
    individual_name: str | None = None
    business_name: str | None = None
    tax_id: tuple[str, str] | None = None
    """(type, value)"""
    custom_fields: dict[str, str] = field(default_factory=dict)
    terms_accepted: bool = False
    wants_promotions: bool = False
    saves_method: bool = False


# What the seller asks for


def asked(account: Account, params: Json) -> Json:
    """These questions as the session shows them."""
    collected: Json = params.get("consent_collection") or {}
    names: Json = params.get("name_collection") or {}
    tax_id: Json = params.get("tax_id_collection") or {}
    shown: Json = {
        "billing_address_collection": params.get("billing_address_collection"),
        "consent_collection": _consents(collected) if collected else None,
        "custom_fields": [_custom(each, place) for place, each in enumerate(_few_enough(params.get("custom_fields") or []))],
        "phone_number_collection": {"enabled": (params.get("phone_number_collection") or {}).get("enabled", False)},
        "shipping_address_collection": params.get("shipping_address_collection"),
        "shipping_options": [
            _option(account, each, f"shipping_options[{place}]")
            for place, each in enumerate(params.get("shipping_options") or [])
        ],
    }
    if names:
        shown["name_collection"] = {
            name: {"enabled": names[name]["enabled"], "optional": names[name].get("optional", False)} for name in names
        }
    if tax_id:
        shown["tax_id_collection"] = {"enabled": tax_id["enabled"], "required": tax_id.get("required", "never")}
    if len(shown["shipping_options"]) > SHIPPING_OPTIONS_MAX:
        raise malformed(f"You can pass at most {SHIPPING_OPTIONS_MAX} shipping options.", param="shipping_options")
    return shown


def _consents(given: Json) -> Json:
    return {name: given.get(name) for name in ("payment_method_reuse_agreement", "promotions", "terms_of_service")}


def _few_enough(given: list[Json]) -> list[Json]:
    if len(given) > CUSTOM_FIELDS_MAX:
        raise malformed(f"You can pass at most {CUSTOM_FIELDS_MAX} custom fields.", param="custom_fields")
    keys = [each["key"] for each in given]
    if len(set(keys)) != len(keys):
        raise malformed("The keys of custom fields must be unique.", param="custom_fields")
    return given


def _custom(given: Json, place: int) -> Json:
    param, kind = f"custom_fields[{place}]", given["type"]
    if not re.fullmatch(rf"[A-Za-z0-9]{{1,{KEY_MAX}}}", given["key"]):
        raise malformed("The key of a custom field must be alphanumeric.", param=f"{param}[key]")
    if not 1 <= len(given["label"]["custom"]) <= LABEL_MAX:
        raise malformed(f"The label must have from 1 to {LABEL_MAX} characters.", param=f"{param}[label][custom]")
    for other in ("dropdown", "numeric", "text"):
        if other != kind and other in given:
            raise malformed(f"You can only pass `{other}` for a field of type {other}.", param=f"{param}[{other}]")
    shown: Json = {
        "dropdown": None,
        "key": given["key"],
        "label": {"custom": given["label"]["custom"], "type": given["label"]["type"]},
        "numeric": None,
        "optional": given.get("optional", False),
        "text": None,
        "type": kind,
    }
    shown[kind] = _dropdown(given, param) if kind == "dropdown" else _typed(given.get(kind) or {}, f"{param}[{kind}]")
    return shown


def _dropdown(given: Json, param: str) -> Json:
    if "dropdown" not in given:
        raise missing_parameter(f"{param}[dropdown]")
    options = [{"label": each["label"], "value": each["value"]} for each in given["dropdown"]["options"]]
    default = given["dropdown"].get("default_value")
    if not 1 <= len(options) <= OPTIONS_MAX:
        raise malformed(f"Pass from 1 to {OPTIONS_MAX} options.", param=f"{param}[dropdown][options]")
    if default is not None and default not in [each["value"] for each in options]:
        raise malformed("The default value must be one of the options.", param=f"{param}[dropdown][default_value]")
    return {"default_value": default, "options": options, "value": None}


def _typed(given: Json, param: str) -> Json:
    least, most, default = (given.get(name) for name in ("minimum_length", "maximum_length", "default_value"))
    if least is not None and most is not None and least > most:
        raise malformed("The minimum length must not be more than the maximum.", param=f"{param}[minimum_length]")
    for name, length in (("minimum_length", least), ("maximum_length", most)):
        if length is not None and not 0 < length <= ANSWER_MAX:
            raise malformed(f"This value must be from 1 to {ANSWER_MAX}.", param=f"{param}[{name}]")
    return {"default_value": default, "maximum_length": most, "minimum_length": least, "value": None}


def _option(account: Account, given: Json, param: str) -> Json:
    if "shipping_rate" in given and "shipping_rate_data" in given:
        raise exclusive_parameters(f"{param}[shipping_rate]", f"{param}[shipping_rate_data]")
    if "shipping_rate" in given:
        rate = account.get("shipping_rate", given["shipping_rate"], param=f"{param}[shipping_rate]")
        if not rate["active"]:
            raise invalid("The shipping rate specified is inactive.", param=f"{param}[shipping_rate]")
    elif "shipping_rate_data" in given:
        rate = shipping_rates.make(account, given["shipping_rate_data"], param=f"{param}[shipping_rate_data]")
    else:
        raise missing_parameter(f"{param}[shipping_rate]")
    return {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate.id}


def check_currency(account: Account, shown: Json, currency: str) -> None:
    for place, each in enumerate(shown["shipping_options"]):
        found = account.get("shipping_rate", each["shipping_rate"])["fixed_amount"]["currency"]
        if found != currency:
            raise invalid(
                f"The shipping rate is in {found}, but the line items are in {currency}.",
                param=f"shipping_options[{place}]",
            )


def cost_of(option: Json) -> Json:
    """One of the shipping options, as what the buyer pays for it."""
    amount = option["shipping_amount"]
    return {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": option["shipping_rate"],
    }


# What the buyer answers


def choose_shipping(session: Record, rate: str | None) -> None:
    """The first one is chosen until the buyer takes another."""
    if not rate:
        return
    found = next((each for each in session["shipping_options"] if each["shipping_rate"] == rate), None)
    if found is None:
        raise invalid("Choose one of the ways to ship.", param="shipping_rate")
    session["shipping_cost"] = cost_of(found)


def answer(session: Record, buyer: Buyer) -> None:
    """Everything that had to be answered was, and is written into the session."""
    email = buyer.email or (session["customer_details"] or {}).get("email")
    if not email:
        raise malformed("An email address is needed to pay.", param="email", code="parameter_missing")
    checkout_parameters.check_email(email, "email")
    names, phone = _names(session, buyer), _phone(session, buyer)
    exemption = (session["customer_details"] or {}).get("tax_exempt", "none")
    shipping = _shipping(session, buyer)
    session["custom_fields"] = _answers(session, buyer)
    session["consent"] = _consent(session, buyer)
    session["customer_details"] = details(
        email,
        name=buyer.name,
        billing=_billing(session, buyer),
        phone=phone,
        tax_exempt=exemption,
        tax_ids=_tax_ids(session, buyer),
        **names,
    )
    if shipping or any(names.values()):
        session["collected_information"] = {**names, "shipping_details": shipping}


def details(email: str | None, *, name: str | None = None, billing: Json | None = None, **more: Any) -> Json:
    return {
        "address": address(billing) if billing else None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    } | more


def _required(value: str | None, param: str, what: str) -> str:
    if not value:
        raise malformed(f"{what} is needed to pay.", param=param, code="parameter_missing")
    return value


def _phone(session: Record, buyer: Buyer) -> str | None:
    if not session["phone_number_collection"]["enabled"]:
        return None
    phone = _required(buyer.phone, "phone", "A phone number")
    if not PHONE.fullmatch(phone):
        raise malformed("Enter a phone number, like +1 415 555 0132.", param="phone")
    return phone


def _names(session: Record, buyer: Buyer) -> Json:
    collected = session.body.get("name_collection") or {}
    found: Json = {"business_name": None, "individual_name": None}
    for name, given in (("business", buyer.business_name), ("individual", buyer.individual_name)):
        how = collected.get(name) or {"enabled": False}
        if how["enabled"]:
            what = "The name of the business" if name == "business" else "Your name"
            found[f"{name}_name"] = given or None if how["optional"] else _required(given, f"{name}_name", what)
    return found


def _billing(session: Record, buyer: Buyer) -> Json | None:
    if session["billing_address_collection"] == "required":
        for part, what in (("country", "The country"), ("line1", "The street"), ("city", "The city")):
            _required(buyer.address.get(part), f"address[{part}]", what)
    return buyer.address or None


def _shipping(session: Record, buyer: Buyer) -> Json | None:
    collection = session["shipping_address_collection"]
    if not collection:
        return None
    name = _required(buyer.shipping_name or buyer.name, "shipping[name]", "The name of whoever receives it")
    for part, what in (("country", "The country"), ("line1", "The street")):
        _required(buyer.shipping_address.get(part), f"shipping[address][{part}]", what)
    if buyer.shipping_address["country"] not in collection["allowed_countries"]:
        raise invalid("We do not ship to that country.", param="shipping[address][country]")
    return {"address": address(buyer.shipping_address), "name": name}


def _answers(session: Record, buyer: Buyer) -> list[Json]:
    unknown = buyer.custom_fields.keys() - {each["key"] for each in session["custom_fields"]}
    if unknown:
        raise malformed(f"There is no custom field {min(unknown)}.", param=f"custom_fields[{min(unknown)}]")
    return [_answered(each, buyer.custom_fields.get(each["key"], "")) for each in session["custom_fields"]]


def _answered(custom: Json, value: str) -> Json:
    kind, param = custom["type"], f"custom_fields[{custom['key']}]"
    how, what = custom[kind], custom["label"]["custom"]
    value = value or how["default_value"] or ""
    if not value and not custom["optional"]:
        raise malformed(f"Answer this: {what}.", param=param, code="parameter_missing")
    if value and kind == "dropdown" and value not in [each["value"] for each in how["options"]]:
        raise invalid(f"Choose one of the options: {what}.", param=param)
    if value and kind != "dropdown":
        if kind == "numeric" and not re.fullmatch("[0-9]+", value):
            raise invalid(f"Enter digits only: {what}.", param=param)
        least, most = how["minimum_length"] or 0, how["maximum_length"] or ANSWER_MAX
        if not least <= len(value) <= most:
            raise invalid(f"Enter from {max(least, 1)} to {most} characters: {what}.", param=param)
    return custom | {kind: how | {"value": value or None}}


def _consent(session: Record, buyer: Buyer) -> Json | None:
    wanted = session["consent_collection"]
    if not wanted:
        return None
    if wanted["terms_of_service"] == "required" and not buyer.terms_accepted:
        raise malformed("Accept the terms of service to go on.", param="terms_of_service", code="parameter_missing")
    asks = wanted["promotions"] == "auto"
    return {
        "promotions": ("opt_in" if buyer.wants_promotions else "opt_out") if asks else None,
        "terms_of_service": "accepted" if wanted["terms_of_service"] == "required" else None,
    }


def _tax_ids(session: Record, buyer: Buyer) -> list[Json] | None:
    collection = session.body.get("tax_id_collection") or {"enabled": False}
    if not collection["enabled"]:
        return None
    if buyer.tax_id is None:
        if collection["required"] == "if_supported":
            raise malformed("A tax ID is needed to pay.", param="tax_id", code="parameter_missing")
        return []
    kind, value = buyer.tax_id
    validation.check("CustomerTaxIdCreateParams", {"type": kind, "value": value})
    return [{"type": kind, "value": value}]
