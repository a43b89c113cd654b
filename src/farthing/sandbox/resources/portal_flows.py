"""What a portal session leads straight to: one thing to do there, and where the customer goes when it is done."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid, missing_parameter
from farthing.sandbox.resources import coupons, promotion_codes
from farthing.sandbox.store import Json, Record
from farthing.sandbox.urls import check_web

# The feature of the configuration that has to be switched on for it, and what it says when it is not.
FEATURES = {
    "customer_update": ("customer_update", "The customer"),
    "payment_method_update": ("payment_method_update", "The payment method"),
    "subscription_cancel": ("subscription_cancel", "This subscription"),
    "subscription_pause": ("subscription_pause", "This subscription"),
    "subscription_update": ("subscription_update", "This subscription"),
    "subscription_update_confirm": ("subscription_update", "This subscription"),
}
KINDS = ("subscription_cancel", "subscription_pause", "subscription_update", "subscription_update_confirm")


def flow(account: Account, customer: Record, features: Json, given: Json | None) -> Json | None:
    if not given:
        return None
    kind = given["type"]
    name, whom = FEATURES[kind]
    if not features[name]["enabled"]:
        words = name.replace("_", " ")
        raise invalid(f"{whom} cannot be updated because the {words} feature in the portal configuration is disabled.")
    for other in KINDS:
        if other in given and other != kind:
            raise invalid(f"`{other}` can only be passed for a flow of that type.", param=f"flow_data[{other}]")
    shown: Json = dict.fromkeys(("customer_update", *KINDS)) | {"after_completion": _after(given), "type": kind}
    del shown["customer_update"]
    if kind in KINDS:
        shown[kind] = _details(account, customer, features, kind, given.get(kind) or {})
    return shown


def _after(given: Json) -> Json:
    after: Json = given.get("after_completion") or {"type": "portal_homepage"}
    kind, shown = after["type"], {"hosted_confirmation": None, "redirect": None}
    if kind == "redirect":
        if "redirect" not in after:
            raise missing_parameter("flow_data[after_completion][redirect]")
        check_web(after["redirect"], "return_url", within="flow_data[after_completion][redirect]")
        return {**shown, "redirect": {"return_url": after["redirect"]["return_url"]}, "type": kind}
    if kind == "hosted_confirmation":
        message = (after.get("hosted_confirmation") or {}).get("custom_message")
        return {**shown, "hosted_confirmation": {"custom_message": message}, "type": kind}
    return {**shown, "type": kind}


def _details(account: Account, customer: Record, features: Json, kind: str, given: Json) -> Json:
    param = f"flow_data[{kind}]"
    if "subscription" not in given:
        raise missing_parameter(f"{param}[subscription]")
    subscription = account.get("subscription", given["subscription"], param=f"{param}[subscription]")
    if subscription["customer"] != customer.id:
        raise invalid("The subscription belongs to another customer.", param=f"{param}[subscription]")
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise invalid(f"The subscription is {subscription['status']}.", param=f"{param}[subscription]")
    shown: Json = {"subscription": subscription.id}
    if kind == "subscription_cancel":
        if subscription["cancel_at"]:
            raise invalid(
                "This subscription cannot be canceled because it is already set to be canceled.", param=f"{param}[subscription]"
            )
        shown["retention"] = _retention(account, given.get("retention"), param)
    if kind.startswith("subscription_update") and len(subscription["items"]["data"]) > 1:
        raise invalid("This subscription cannot be updated because it has multiple items.", param=f"{param}[subscription]")
    if kind == "subscription_update_confirm":
        shown |= _confirmed(account, subscription, features["subscription_update"], given, param)
    return shown


def _retention(account: Account, given: Json | None, param: str) -> Json | None:
    if not given:
        return None
    offered = coupons.get(account, given["coupon_offer"]["coupon"], f"{param}[retention][coupon_offer][coupon]")
    if not offered["valid"]:
        raise invalid(f"Coupon expired: {offered.id}", code="coupon_expired", param=f"{param}[retention][coupon_offer][coupon]")
    return {"coupon_offer": {"coupon": offered.id}, "type": given["type"]}


def _confirmed(account: Account, subscription: Record, feature: Json, given: Json, param: str) -> Json:
    if len(given["items"]) != 1:
        raise invalid("Pass exactly one item.", param=f"{param}[items]")
    wanted, item = given["items"][0], subscription["items"]["data"][0]
    if wanted["id"] != item["id"]:
        raise invalid(f"No such subscription item: '{wanted['id']}'", param=f"{param}[items][0][id]", code="resource_missing")
    price = wanted.get("price") or item["price"]["id"]
    account.get("price", price, param=f"{param}[items][0][price]")
    if price not in [each for product in feature["products"] for each in product["prices"]]:
        raise invalid(
            f"The price {price} is not one of the prices in the portal configuration.", param=f"{param}[items][0][price]"
        )
    offers = [_offer(account, each, f"{param}[discounts][{place}]") for place, each in enumerate(given.get("discounts") or [])]
    if len(offers) > 1:
        raise invalid("You can pass at most one discount.", param=f"{param}[discounts]")
    return {
        "discounts": offers or None,
        "items": [{"id": item["id"], "price": price, "quantity": wanted.get("quantity", item["quantity"])}],
    }


def _offer(account: Account, given: Json, param: str) -> Json:
    if id := given.get("promotion_code"):
        code = account.get("promotion_code", id, param=f"{param}[promotion_code]")
        if promotion_codes.named(account, code["code"]) is None:
            raise invalid("This promotion code is not active.", param=f"{param}[promotion_code]")
        return {"coupon": None, "promotion_code": code.id}
    return {"coupon": coupons.get(account, given.get("coupon") or "", f"{param}[coupon]").id, "promotion_code": None}
