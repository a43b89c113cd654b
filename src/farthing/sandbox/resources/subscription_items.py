"""Subscription items: which price, how many, from when to when. Their sum is what a subscription costs."""

from __future__ import annotations

import re

from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import Refusal, exclusive_parameters, invalid, malformed, missing_parameter, not_here_yet
from farthing.sandbox.listing import equals, listed, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import discounts, price_amounts, prices, tax_rates
from farthing.sandbox.store import Json, Record

ITEMS_MAX = 20
NOT_HERE = {
    "billing_thresholds": "billing thresholds",
    "plan": "plans: use prices",
    "current_trial": "trials of single items",
    "clear_usage": "metered prices",
}


def price_of(account: Account, given: Json, param: str) -> Record:
    """The recurring, active price that {price | price_data} means."""
    for name, what in NOT_HERE.items():
        if given.get(name):
            raise not_here_yet(f"{param}[{name}]" if param else name, what)
    if "price" in given and "price_data" in given:
        raise exclusive_parameters(f"{param}[price]", f"{param}[price_data]")
    if "price_data" in given:
        price = prices.make(account, given["price_data"], param=f"{param}[price_data]")
    elif "price" in given:
        price = account.get("price", given["price"], param=f"{param}[price]" if param else "price")
    else:
        raise missing_parameter(f"{param}[price]")
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            param=f"{param}[price]",
        )
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=f"{param}[price]")
    if price["recurring"]["usage_type"] == "metered":
        raise not_here_yet(f"{param}[price]", "metered prices")
    return price


def quantity_of(given: Json, param: str) -> int:
    quantity: int = given.get("quantity", 1)
    if quantity < 0:
        raise malformed("This value must be greater than or equal to 0.", param=f"{param}[quantity]")
    return quantity


def same_rhythm(given: list[Json]) -> None:
    """One interval for all items."""
    if len({(price["recurring"]["interval"], price["recurring"]["interval_count"]) for price in given}) > 1:
        raise not_here_yet("items", "subscriptions whose items have different intervals")
    if len({price["id"] for price in given}) < len(given):
        raise invalid("A subscription cannot have two items with the same price. Use the quantity instead.", param="items")


def add(
    account: Account, subscription: Record, price: Record, given: Json, start: int, end: int, param: str = "items"
) -> Record:
    item = account.add(
        "subscription_item",
        "si",
        {
            "current_period_end": end,
            "current_period_start": start,
            "billed_until": None,
            "discounts": [],
            "metadata": merge_metadata({}, given.get("metadata")),
            "plan": plan_of(price),
            "price": price.body,
            "quantity": given.get("quantity", 1),
            "subscription": subscription.id,
            "tax_rates": tax_rates.chosen(account, given.get("tax_rates"), f"{param}[tax_rates]"),
        },
        billed=None,
    )
    rediscount(account, subscription, item, given, param)
    return item


def rediscount(account: Account, subscription: Record, item: Record, given: Json, param: str) -> None:
    """Its own discounts, taken off before those of the whole subscription. An empty list, or empty text, ends them."""
    if "discounts" not in given:
        return
    discounts.replace(
        account,
        item,
        given["discounts"],
        f"{param}[discounts]",
        customer=subscription["customer"],
        amount=price_amounts.cost(account, item["price"], item["quantity"], subscription["currency"]),
        currency=subscription["currency"],
        subscription=subscription.id,
        subscription_item=item.id,
    )


def rediscount_whole(account: Account, subscription: Record, given: list[Json] | None) -> None:
    """The discounts of the subscription itself."""
    discounts.replace(
        account,
        subscription,
        given,
        "discounts",
        customer=subscription["customer"],
        amount=total(account, subscription),
        currency=subscription["currency"],
        subscription=subscription.id,
    )


def total(account: Account, subscription: Record) -> int:
    """What all of them cost for one period, before discounts."""
    return sum(
        price_amounts.cost(account, item["price"], item["quantity"], subscription["currency"])
        for item in subscription["items"]["data"]
    )


def plan_of(price: Record) -> Json:
    """The price in its older shape."""
    recurring = price["recurring"]
    return {
        "id": price.id,
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": "licensed",
    }


def of(account: Account, subscription: str) -> list[Record]:
    return account.select("subscription_item", "json_extract(body, '$.subscription') = ? ORDER BY seq", subscription)


def show(account: Account, subscription: Record) -> None:
    """Copy the items into the subscription, which shows them whole."""
    items = [item.body for item in of(account, subscription.id)]
    subscription["items"] = listed(items, f"/v1/subscription_items?subscription={subscription.id}")


# The operations of their own are updates of their subscription.


def create(account: Account, params: Json) -> Record:
    subscription = account.get("subscription", params["subscription"], param="subscription").id
    known = {each.id for each in of(account, subscription)}
    _update(account, subscription, params, params)
    return next(each for each in of(account, subscription) if each.id not in known)


SHARED = ("payment_behavior", "proration_behavior", "proration_date", "off_session")


def _update(account: Account, subscription: str, change: Json, params: Json) -> None:
    # Here, because subscriptions are made of items.
    from farthing.sandbox.resources import subscription_updates

    shared = {key: params[key] for key in SHARED if key in params}
    try:
        subscription_updates.update(account, subscription, {"items": [change], **shared})
    except Refusal as refusal:
        if param := refusal.error.get("param"):
            # Here it is the whole request, not one of several items.
            refusal.error["param"] = re.sub(r"^items\[0\]\[(\w+)\]", r"\1", param)
        raise


def update(account: Account, id: str, params: Json) -> Record:
    item = account.get("subscription_item", id)
    _update(account, item["subscription"], params | {"id": id}, params)
    return account.get("subscription_item", id)


def delete(account: Account, id: str, params: Json) -> Json:
    item = account.get("subscription_item", id)
    if params.get("clear_usage"):
        raise not_here_yet("clear_usage", NOT_HERE["clear_usage"])
    _update(account, item["subscription"], {"id": id, "deleted": True}, params)
    return {"id": id, "object": "subscription_item", "deleted": True}


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("subscription_item", id)


def list_(account: Account, params: Json) -> Json:
    account.get("subscription", params["subscription"], param="subscription")
    where, values = equals(params, "subscription")
    return page(account, "subscription_item", "/v1/subscription_items", params, where, *values)


OPERATIONS = (
    Operation("POST", "/v1/subscription_items", "SubscriptionItemCreateParams", create),
    Operation("GET", "/v1/subscription_items", "SubscriptionItemListParams", list_),
    Operation("GET", "/v1/subscription_items/{id}", "SubscriptionItemRetrieveParams", retrieve),
    Operation("POST", "/v1/subscription_items/{id}", "SubscriptionItemUpdateParams", update),
    Operation("DELETE", "/v1/subscription_items/{id}", "SubscriptionItemDeleteParams", delete),
)
