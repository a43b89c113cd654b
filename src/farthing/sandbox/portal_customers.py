"""What customers tell about themselves in the portal: how to reach them, where they live, and their tax numbers."""

from __future__ import annotations

from collections.abc import Callable

from farthing.sandbox import validation
from farthing.sandbox.errors import invalid
from farthing.sandbox.portal_visit import Visit, allowed
from farthing.sandbox.resources import checkout_parameters, customer_balance, customers
from farthing.sandbox.resources.addresses import FIELDS
from farthing.sandbox.resources.checkout_questions import PHONE
from farthing.sandbox.store import Json

LENGTH_MAX = 200


def _may(seen: Visit, what: str) -> bool:
    return what in allowed(seen, "customer_update")["allowed_updates"]


def _update(seen: Visit, fields: dict[str, str]) -> str:
    """Only what the shop lets be changed is looked at; an address or a name may be emptied, an email may not."""
    given = {name: text.strip()[:LENGTH_MAX] for name, text in fields.items()}
    change: Json = {}
    for name in ("email", "name", "phone"):
        if name in given:
            _must(seen, name)
            change[name] = given[name]
    if "email" in change:
        checkout_parameters.check_email(change["email"], "email")
    if change.get("phone") and not PHONE.fullmatch(change["phone"]):
        raise invalid("Enter a phone number, like +1 415 555 0132.", param="phone")
    if parts := {name: given[name] for name in FIELDS if name in given}:
        _must(seen, "address")
        change["address"] = {**(seen.customer["address"] or {}), **parts}
    if parts := {name: given[f"shipping_{name}"] for name in (*FIELDS, "name") if f"shipping_{name}" in given}:
        _must(seen, "shipping")
        name = parts.pop("name", None) or seen.customer["name"] or ""
        change["shipping"] = {"name": name, "address": parts}
    if not change:
        raise invalid("Nothing was changed.")
    customers.update(seen.account, seen.customer.id, change)
    return "Your details have been saved."


def _must(seen: Visit, what: str) -> None:
    if not _may(seen, what):
        raise invalid("The shop does not let that be changed here.", param=what)


def _add_tax_id(seen: Visit, fields: dict[str, str]) -> str:
    _must(seen, "tax_id")
    value = fields.get("tax_id", "").strip()[:LENGTH_MAX]
    if not value:
        raise invalid("Enter the tax number.", param="tax_id")
    kind = fields.get("tax_id_type") or "eu_vat"
    checked = validation.check("CustomerTaxIdCreateParams", {"type": kind, "value": value})
    customer_balance.create_tax_id(seen.account, seen.customer.id, checked)
    return "The tax number has been added."


def _remove_tax_id(seen: Visit, fields: dict[str, str]) -> str:
    _must(seen, "tax_id")
    found = next((each for each in seen.tax_ids if each.id == fields.get("tax_id")), None)
    if found is None:
        raise invalid("There is no such tax number any more.", param="tax_id")
    customer_balance.delete_tax_id(seen.account, seen.customer.id, found.id, {})
    return "The tax number has been removed."


ACTS: dict[str, Callable[[Visit, dict[str, str]], str]] = {
    "customer": _update,
    "add_tax_id": _add_tax_id,
    "remove_tax_id": _remove_tax_id,
}
