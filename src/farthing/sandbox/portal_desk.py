"""What a customer does in the portal: pages and controls come here, and here the features of its configuration are obeyed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from farthing.sandbox import cards, cashier, placing, portal_customers, portal_plans
from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal, invalid
from farthing.sandbox.portal_visit import Visit, allowed
from farthing.sandbox.resources import (
    customers,
    invoice_collection,
    payment_methods,
    setup_intents,
    subscription_updates,
)
from farthing.sandbox.store import Record
from farthing.sandbox.world import Sandbox


@dataclass(frozen=True, slots=True)
class Done:
    """What to say about it, and the bank's page, if the bank wants to see the customer first."""

    said: str
    bank: str | None = None


def visit(sandbox: Sandbox, id: str, url: str) -> Visit:
    account, session = cashier.find(sandbox, "billing_portal.session", id, url)
    if session.inner["expires_at"] <= account.clock.now():
        raise invalid("This portal session has expired.")
    customer = customers.living(account, session["customer"])
    features = account.get("billing_portal.configuration", session["configuration"])["features"]
    return Visit(placing.of_subject(account, customer.id), session, customer, features)


def act(sandbox: Sandbox, id: str, fields: dict[str, str], url: str) -> Done:
    """Do what was asked; a flow is over when its own thing is done. What a declined card caused stays written."""
    declined = None
    with sandbox.commit():
        seen, done = visit(sandbox, id, url), Done("")
        with seen.account.store.attempt():
            try:
                done = _act(seen, fields)
            except Refusal as refusal:
                if not refusal.keeps:
                    raise
                declined = refusal
        if seen.flow and not done.bank and not declined:
            seen.session.inner["done"] = True
            seen.account.save(seen.session)
    if declined:
        raise declined
    return done


def settle(sandbox: Sandbox, id: str, url: str) -> str:
    """The customer is back from the bank: the card that was to be added pays now, if the bank agreed."""
    with sandbox.commit():
        seen = visit(sandbox, id, url)
        waiting = seen.session.inner.get("adding")
        if not waiting:
            return ""
        intent = seen.account.get("setup_intent", waiting)
        if intent["status"] == "requires_action":
            return ""
        seen.session.inner["adding"] = None
        said = ""
        if intent["status"] == "succeeded":
            said = _make_default(seen, seen.account.get("payment_method", intent["payment_method"]))
            seen.session.inner["done"] = bool(seen.flow)
        seen.account.save(seen.session)
        return said


def _act(seen: Visit, fields: dict[str, str]) -> Done:
    name = fields.get("act", "")
    if name == "add_card":
        return _add_card(seen, fields.get("number", ""))
    if name in ("default", "remove"):
        method = _method(seen, fields.get("method", ""))
        return Done(_make_default(seen, method) if name == "default" else _remove(seen, method))
    doer: Callable[[Visit, dict[str, str]], str] | None = portal_plans.ACTS.get(name) or portal_customers.ACTS.get(name)
    if doer is None:
        raise invalid("The portal cannot do that.", param="act")
    return Done(doer(seen, fields))


# Payment methods


def _method(seen: Visit, id: str) -> Record:
    found = next((each for each in seen.methods if each.id == id), None)
    if found is None:
        raise invalid("There is no such card any more.", param="method")
    return found


def _add_card(seen: Visit, number: str) -> Done:
    """Through a setup intent, as it is at Stripe: the bank may want to be asked."""
    allowed(seen, "payment_method_update")
    account, url = seen.account, seen.session["url"]
    details = {"email": seen.customer["email"], "name": seen.customer["name"]}
    method = payment_methods.make(account, cards.numbered(number), params={"billing_details": details})
    wanted = {"allowed_payment_method_types": ["card"], "customer": seen.customer.id, "usage": "off_session"}
    intent = setup_intents.make(account, wanted)
    intent.inner["return_url"] = url
    account.save(intent)
    setup_intents.attempt(account, intent, method)
    if action := intent["next_action"]:
        seen.session.inner["adding"] = intent.id
        account.save(seen.session)
        return Done("", str(action["redirect_to_url"]["url"]))
    return Done(_make_default(seen, method))


def _make_default(seen: Visit, method: Record) -> str:
    allowed(seen, "payment_method_update")
    customers.update(seen.account, seen.customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    for subscription in seen.subscriptions:
        if subscription["default_payment_method"]:
            subscription_updates.update(seen.account, subscription.id, {"default_payment_method": method.id})
    return f"The card ending in {method[method['type']]['last4']} pays from now on."


def _remove(seen: Visit, method: Record) -> str:
    allowed(seen, "payment_method_update")
    if method.id == seen.customer["invoice_settings"]["default_payment_method"] and seen.subscriptions:
        raise invalid("This card pays for your plan: add another one first.", param="method")
    payment_methods.loosen(seen.account, method)
    return "The card has been removed."


# The hosted invoice


def pay_invoice(sandbox: Sandbox, id: str, number: str, url: str) -> tuple[Refusal | None, str | None]:
    """The decline, if there is one, and the bank's page, if it wants to see the buyer."""
    with sandbox.commit():
        account, invoice = cashier.find(sandbox, "invoice", id, url)
        placed = placing.of_subject(account, id)
        if invoice["status"] not in ("open", "uncollectible"):
            raise invalid(f"This invoice is {invoice['status']}: there is nothing to pay.")
        with placed.store.attempt():
            return _pay_invoice(placed, invoice, number)


def _pay_invoice(account: Account, invoice: Record, number: str) -> tuple[Refusal | None, str | None]:
    intent = account.get("payment_intent", invoice.inner["intent"])
    intent.inner["return_url"] = invoice["hosted_invoice_url"]
    account.save(intent)
    method = payment_methods.make(account, cards.numbered(number))
    declined = invoice_collection.collect(account, invoice, off_session=False, method=method.id)
    action = account.get("payment_intent", intent.id)["next_action"]
    return declined, action["redirect_to_url"]["url"] if action else None
