"""What a customer does in the portal: the pages come here, and here the features of its configuration are obeyed."""

from __future__ import annotations

from dataclasses import dataclass

from farthing.sandbox import cards, cashier, placing
from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal, invalid
from farthing.sandbox.resources import (
    customers,
    invoice_collection,
    invoice_previews,
    payment_methods,
    subscription_ends,
    subscription_updates,
)
from farthing.sandbox.store import Json, Record
from farthing.sandbox.world import Sandbox


@dataclass(frozen=True, slots=True)
class Visit:
    """One portal session that is still open, and what it may show."""

    account: Account
    session: Record
    customer: Record
    features: Json

    @property
    def subscriptions(self) -> list[Record]:
        mine = (
            "json_extract(body, '$.customer') = ? AND json_extract(body, '$.status') NOT IN ('canceled', 'incomplete_expired')"
        )
        return self.account.select("subscription", mine, self.customer.id)

    @property
    def methods(self) -> list[Record]:
        return self.account.select("payment_method", "json_extract(body, '$.customer') = ?", self.customer.id)

    @property
    def invoices(self) -> list[Record]:
        mine = "json_extract(body, '$.customer') = ? AND json_extract(body, '$.status') <> 'draft'"
        return self.account.select("invoice", mine, self.customer.id)

    @property
    def prices(self) -> list[Record]:
        products = self.features["subscription_update"]["products"]
        return [self.account.get("price", id) for product in products for id in product["prices"]]


def visit(sandbox: Sandbox, id: str, url: str) -> Visit:
    account, session = cashier.find(sandbox, "billing_portal.session", id, url)
    if session.inner["expires_at"] <= account.clock.now():
        raise invalid("This portal session has expired.")
    customer = customers.living(account, session["customer"])
    features = account.get("billing_portal.configuration", session["configuration"])["features"]
    return Visit(placing.of_subject(account, customer.id), session, customer, features)


def act(sandbox: Sandbox, id: str, fields: dict[str, str], url: str) -> str:
    """Do what was asked; answers what to say about it."""
    with sandbox.commit():
        seen = visit(sandbox, id, url)
        with seen.account.store.attempt():
            match fields.get("act"):
                case "cancel":
                    return _cancel(seen, _subscription(seen, fields))
                case "undo":
                    return _undo(seen, _subscription(seen, fields))
                case "change":
                    return _change(seen, _subscription(seen, fields), fields.get("price", ""))
                case "add_card":
                    return _add_card(seen, fields.get("number", ""))
                case "default":
                    return _make_default(seen, _method(seen, fields))
                case "remove":
                    return _remove(seen, _method(seen, fields))
                case _:
                    raise invalid("The portal cannot do that.")


def _subscription(seen: Visit, fields: dict[str, str]) -> Record:
    found = next((each for each in seen.subscriptions if each.id == fields.get("subscription")), None)
    if found is None:
        raise invalid("There is no such subscription any more.")
    return found


def _method(seen: Visit, fields: dict[str, str]) -> Record:
    found = next((each for each in seen.methods if each.id == fields.get("method")), None)
    if found is None:
        raise invalid("There is no such card any more.")
    return found


def _allowed(seen: Visit, feature: str) -> Json:
    found: Json = seen.features[feature]
    if not found["enabled"]:
        raise invalid("The shop does not offer that here.")
    return found


def _cancel(seen: Visit, subscription: Record) -> str:
    """In flexible mode the portal sets the date and leaves the flag alone."""
    how = _allowed(seen, "subscription_cancel")
    if how["mode"] == "immediately":
        prorate = how["proration_behavior"] != "none"
        invoice_now = how["proration_behavior"] == "always_invoice"
        subscription_ends.cancel(seen.account, subscription.id, {"prorate": prorate, "invoice_now": invoice_now})
        return "Your plan has been canceled."
    flexible = subscription["billing_mode"]["type"] == "flexible"
    change: Json = {"cancel_at": "min_period_end"} if flexible else {"cancel_at_period_end": True}
    subscription_updates.update(seen.account, subscription.id, change)
    return "Your plan will end with its period."


def _undo(seen: Visit, subscription: Record) -> str:
    _allowed(seen, "subscription_cancel")
    subscription_updates.update(seen.account, subscription.id, {"cancel_at": ""})
    return "Your plan goes on."


def change_of(seen: Visit, subscription: Record, price: str) -> Json:
    how = _allowed(seen, "subscription_update")
    if price not in [each.id for each in seen.prices]:
        raise invalid("The shop does not offer that plan.")
    item = subscription["items"]["data"][0]["id"]
    return {"items": [{"id": item, "price": price}], "proration_behavior": how["proration_behavior"]}


def preview(seen: Visit, subscription: Record, price: str) -> Json:
    details = change_of(seen, subscription, price)
    return invoice_previews.create_preview(seen.account, {"subscription": subscription.id, "subscription_details": details})


def _change(seen: Visit, subscription: Record, price: str) -> str:
    change = change_of(seen, subscription, price)
    subscription_updates.update(seen.account, subscription.id, change | {"payment_behavior": "error_if_incomplete"})
    return "Your plan has been changed."


def _add_card(seen: Visit, number: str) -> str:
    _allowed(seen, "payment_method_update")
    card = cards.numbered(number)
    details = {"email": seen.customer["email"], "name": seen.customer["name"]}
    method = payment_methods.make(seen.account, card, params={"billing_details": details})
    payment_methods.attach_to(seen.account, method, seen.customer)
    return _make_default(seen, method)


def _make_default(seen: Visit, method: Record) -> str:
    _allowed(seen, "payment_method_update")
    customers.update(seen.account, seen.customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    for subscription in seen.subscriptions:
        if subscription["default_payment_method"]:
            subscription_updates.update(seen.account, subscription.id, {"default_payment_method": method.id})
    return f"The card ending in {method['card']['last4']} pays from now on."


def _remove(seen: Visit, method: Record) -> str:
    _allowed(seen, "payment_method_update")
    if method.id == seen.customer["invoice_settings"]["default_payment_method"] and seen.subscriptions:
        raise invalid("This card pays for your plan: add another one first.")
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
            intent = placed.get("payment_intent", invoice.inner["intent"])
            intent.inner["return_url"] = invoice["hosted_invoice_url"]
            placed.save(intent)
            method = payment_methods.make(placed, cards.numbered(number))
            declined = invoice_collection.collect(placed, invoice, off_session=False, method=method.id)
            action = placed.get("payment_intent", intent.id)["next_action"]
            return declined, action["redirect_to_url"]["url"] if action else None
