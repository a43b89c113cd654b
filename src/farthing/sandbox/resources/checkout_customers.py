"""Who bought on a checkout page: a guest, a new customer, or one who was known and may have told something new."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.resources import customer_balance, customers
from farthing.sandbox.store import Json, Record


def wanted(account: Account, session: Record, intent: Json) -> str | None:
    """Buyers stay guests unless the session wants a customer, the card is to be used again, or an invoice is written."""
    needed = (
        session["customer_creation"] == "always" or intent.get("setup_future_usage") or session["invoice_creation"]["enabled"]
    )
    if not needed:
        return None
    session.inner["new_customer"] = True
    return create(account, session).id


def create(account: Account, session: Record) -> Record:
    details = session["customer_details"] or {}
    names = ("email", "name", "address", "phone", "business_name", "individual_name")
    known = {name: details[name] for name in names if details.get(name)}
    if to := shipping(session):
        known["shipping"] = to
    return customers.create(account, known)


def shipping(session: Record) -> Json | None:
    """Where it goes, as payments and customers tell it."""
    details = (session["collected_information"] or {}).get("shipping_details")
    return {**details, "phone": session["customer_details"]["phone"]} if details else None


def follow(account: Account, session: Record) -> None:
    """The session is complete: what the seller let the buyer change is changed, and their tax ids are kept."""
    if not session["customer"]:
        return
    customer = account.get("customer", session["customer"])
    may = {} if session.inner.get("new_customer") else session.inner.get("customer_update") or {}
    details, changed = session["customer_details"], dict[str, object]()
    for name in ("address", "name"):
        if may.get(name) == "auto" and details[name]:
            changed[name] = details[name]
    if may.get("shipping") == "auto" and (to := shipping(session)):
        changed["shipping"] = to
    if not customer["email"] and details["email"]:
        changed["email"] = details["email"]
    if changed:
        customers.update(account, customer.id, changed)
    for tax_id in details["tax_ids"] or []:
        customer_balance.create_tax_id(account, customer.id, tax_id)
