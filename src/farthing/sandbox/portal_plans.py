"""What a customer does with a plan in the portal: another one, more of it, a code, a pause, an end, and back again."""

from __future__ import annotations

import re
from collections.abc import Callable

from farthing.sandbox.errors import invalid
from farthing.sandbox.portal_visit import Visit, allowed
from farthing.sandbox.resources import (
    invoice_previews,
    promotion_codes,
    subscription_ends,
    subscription_pauses,
    subscription_updates,
)
from farthing.sandbox.store import Json, Record

COMMENT_MAX = 500


def _cancel(seen: Visit, fields: dict[str, str]) -> str:
    """In flexible mode the portal sets the date and leaves the flag alone."""
    subscription, how = seen.subscription(fields.get("subscription", "")), allowed(seen, "subscription_cancel")
    details = _reason(how["cancellation_reason"], fields)
    if how["mode"] == "immediately":
        prorate = how["proration_behavior"] != "none"
        invoice_now = how["proration_behavior"] == "always_invoice"
        asked: Json = {"prorate": prorate, "invoice_now": invoice_now}
        subscription_ends.cancel(seen.account, subscription.id, asked | details)
        return "Your plan has been canceled."
    flexible = subscription["billing_mode"]["type"] == "flexible"
    change: Json = {"cancel_at": "min_period_end"} if flexible else {"cancel_at_period_end": True}
    subscription_updates.update(seen.account, subscription.id, change | details)
    return "Your plan will end with its period."


def _reason(asked: Json, fields: dict[str, str]) -> Json:
    feedback, comment = fields.get("feedback", ""), fields.get("comment", "").strip()[:COMMENT_MAX]
    if not asked["enabled"]:
        if feedback or comment:
            raise invalid("The shop does not ask for a reason.", param="feedback")
        return {}
    if feedback and feedback not in asked["options"]:
        raise invalid("Choose one of the reasons.", param="feedback")
    given = {name: value for name, value in (("feedback", feedback), ("comment", comment)) if value}
    return {"cancellation_details": given} if given else {}


def _undo(seen: Visit, fields: dict[str, str]) -> str:
    allowed(seen, "subscription_cancel")
    subscription = seen.subscription(fields.get("subscription", ""))
    subscription_updates.update(seen.account, subscription.id, {"cancel_at": ""})
    return "Your plan goes on."


def _stay(seen: Visit, fields: dict[str, str]) -> str:
    """The discount that was offered for staying is taken."""
    subscription = seen.subscription(fields.get("subscription", ""))
    offer = ((seen.flow or {}).get("subscription_cancel") or {}).get("retention")
    if not offer or (seen.flow or {})["subscription_cancel"]["subscription"] != subscription.id:
        raise invalid("Nothing is offered for staying.")
    change = {"discounts": [{"coupon": offer["coupon_offer"]["coupon"]}]}
    subscription_updates.update(seen.account, subscription.id, change)
    return "Your plan goes on, with the discount."


def _pause(seen: Visit, fields: dict[str, str]) -> str:
    allowed(seen, "subscription_pause")
    subscription = seen.subscription(fields.get("subscription", ""))
    subscription_pauses.pause(seen.account, subscription.id, {"type": "subscription"})
    return "Your plan is paused: nothing is charged until you resume it."


def _resume(seen: Visit, fields: dict[str, str]) -> str:
    allowed(seen, "subscription_pause")
    subscription = seen.subscription(fields.get("subscription", ""))
    subscription_pauses.resume(seen.account, subscription.id, {})
    return "Your plan goes on, with a new period that begins today."


# Another plan


def change_of(seen: Visit, fields: dict[str, str]) -> tuple[Record, Json]:
    """The subscription, and what is asked of it, if the configuration lets it be."""
    subscription, how = seen.subscription(fields.get("subscription", "")), allowed(seen, "subscription_update")
    if len(subscription["items"]["data"]) > 1:
        raise invalid("A plan of several parts cannot be changed here.", param="subscription")
    item = subscription["items"]["data"][0]
    price, quantity = fields.get("price") or item["price"]["id"], _quantity(fields, item["quantity"])
    wanted: Json = {"id": item["id"]}
    if price != item["price"]["id"]:
        if "price" not in how["default_allowed_updates"] or price not in [each.id for each in seen.prices]:
            raise invalid("The shop does not offer that plan.", param="price")
        wanted["price"] = price
    if quantity != item["quantity"]:
        _check_quantity(seen, price, quantity)
        wanted["quantity"] = quantity
    change: Json = {"items": [wanted], "proration_behavior": how["proration_behavior"]}
    if how["billing_cycle_anchor"] == "now":
        change["billing_cycle_anchor"] = {"type": "now"}
    if subscription["status"] == "trialing" and how["trial_update_behavior"] == "end_trial":
        change["trial_end"] = "now"
    if code := fields.get("code", "").strip():
        change["discounts"] = [{"promotion_code": _code(seen, code).id}]
    elif confirmed := ((seen.flow or {}).get("subscription_update_confirm") or {}).get("discounts"):
        change["discounts"] = [{name: value for name, value in confirmed[0].items() if value}]
    if len(wanted) == 1 and "discounts" not in change:
        raise invalid("Choose something else than you have.", param="price")
    return subscription, change


def _quantity(fields: dict[str, str], now: int) -> int:
    text = fields.get("quantity") or str(now)
    if not re.fullmatch("[0-9]{1,6}", text) or int(text) < 1:
        raise invalid("Enter how many, as a number.", param="quantity")
    return int(text)


def _check_quantity(seen: Visit, price: str, quantity: int) -> None:
    range_ = seen.quantity_range(price)
    if range_ is None:
        raise invalid("How many there are cannot be changed here.", param="quantity")
    least, most = range_
    if quantity < least or (most is not None and quantity > most):
        raise invalid(f"Choose from {least}{f' to {most}' if most else ''}.", param="quantity")


def _code(seen: Visit, code: str) -> Record:
    if "promotion_code" not in seen.features["subscription_update"]["default_allowed_updates"]:
        raise invalid("The shop takes no promotion codes here.", param="code")
    found = promotion_codes.named(seen.account, code)
    if found is None:
        raise invalid("This code is invalid.", param="code", code="resource_missing")
    return found


def preview(seen: Visit, fields: dict[str, str]) -> Json:
    subscription, change = change_of(seen, fields)
    names = ("items", "proration_behavior", "billing_cycle_anchor", "trial_end")
    asked: Json = {
        "subscription": subscription.id,
        "subscription_details": {name: change[name] for name in names if name in change},
    }
    if "discounts" in change:
        asked["discounts"] = change["discounts"]
    return invoice_previews.create_preview(seen.account, asked)


def _change(seen: Visit, fields: dict[str, str]) -> str:
    subscription, change = change_of(seen, fields)
    subscription_updates.update(seen.account, subscription.id, change | {"payment_behavior": "error_if_incomplete"})
    return "Your plan has been changed."


ACTS: dict[str, Callable[[Visit, dict[str, str]], str]] = {
    "cancel": _cancel,
    "undo": _undo,
    "stay": _stay,
    "pause": _pause,
    "resume": _resume,
    "change": _change,
}
