"""Subscriptions: how one begins. How it goes on is `subscription_cycle`, how it changes and ends has files of its own."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import Refusal, exclusive_parameters, invalid, missing_parameter, not_here_yet, refuse_not_here
from farthing.sandbox.listing import compared, equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import (
    billing_shares,
    customers,
    invoice_collection,
    invoice_items,
    invoice_lines,
    invoices,
    price_amounts,
    setup_intents,
    subscription_anchors,
    subscription_cycle,
    subscription_ends,
    subscription_items,
    subscription_lines,
    subscription_terms,
    tax_rates,
)
from farthing.sandbox.resources.subscription_anchors import Beginning
from farthing.sandbox.resources.subscription_ends import LIFECYCLE
from farthing.sandbox.searching import search
from farthing.sandbox.store import Json, Record

WITH_PRICE = (
    "EXISTS (SELECT 1 FROM objects AS i WHERE i.account = objects.account AND i.object = 'subscription_item' "
    "AND json_extract(i.body, '$.subscription') = objects.id AND json_extract(i.body, '$.price.id') = ?)"
)
NOT_HERE = {
    "billing_schedules": "billing schedules",
    "billing_thresholds": "billing thresholds",
    "customer_account": "version 2 accounts",
    "default_source": "the Sources API",
    "pending_invoice_item_interval": "intervals of pending invoice items",
}


def create(account: Account, params: Json) -> Record:
    refuse_what_is_not_here(params)
    if "customer" not in params:
        raise missing_parameter("customer")
    customer = customers.living(account, params["customer"], param="customer")
    if not params.get("items"):
        raise missing_parameter("items")
    if params.get("payment_behavior") == "pending_if_incomplete":
        raise invalid(
            "`payment_behavior=pending_if_incomplete` is only for updates: it cannot be used when creating a subscription.",
            param="payment_behavior",
        )
    subscription, invoice = begin(account, customer, params)
    _collect(account, subscription, invoice, params)
    _ask_for_a_method(account, account.get("subscription", subscription.id))
    return account.get("subscription", subscription.id)


def refuse_what_is_not_here(params: Json) -> None:
    refuse_not_here(params, NOT_HERE)
    if (params.get("automatic_tax") or {}).get("enabled"):
        raise not_here_yet("automatic_tax", "Stripe Tax")


def begin(account: Account, customer: Record, params: Json, *, paid: bool = False) -> tuple[Record, Record]:
    """The subscription and its first invoice, still a draft. `paid`: the money has come already (in Checkout)."""
    chosen = [
        (subscription_items.price_of(account, each, f"items[{place}]"), each) for place, each in enumerate(params["items"])
    ]
    if len(chosen) > subscription_items.ITEMS_MAX:
        raise invalid(f"A subscription can have at most {subscription_items.ITEMS_MAX} items.", param="items")
    subscription_items.same_rhythm([price.body for price, _ in chosen])
    currency = _currency(account, [price.body for price, _ in chosen], params)
    recurring = chosen[0][0]["recurring"]
    begins = subscription_anchors.beginning(
        account, _with_plan_trial(params, chosen), recurring["interval"], recurring["interval_count"]
    )
    subscription = account.add(
        "subscription",
        "sub",
        _fields(account, customer, params, currency, begins),
        anchor_day=begins.day,
        prorates=begins.prorates,
    )
    for place, (price, given) in enumerate(chosen):
        subscription_items.quantity_of(given, f"items[{place}]")
        subscription_items.add(account, subscription, price, given, begins.start, begins.end, f"items[{place}]")
    subscription_items.show(account, subscription)
    subscription_items.rediscount_whole(account, subscription, params.get("discounts"))
    extra_items(account, subscription, params)
    subscription.body |= subscription_ends.plan(account, subscription, params)
    account.save(subscription)
    return subscription, _first_invoice(account, subscription, customer, begins, paid=paid)


def _currency(account: Account, prices: list[Json], params: Json) -> str:
    """That of the prices, or one for which all of them have an option."""
    if "currency" not in params:
        if len({price["currency"] for price in prices}) > 1:
            raise invalid("All prices on a subscription must have the same currency.", param="items")
        return str(prices[0]["currency"])
    currency = money.currency(params["currency"])
    for price in prices:
        price_amounts.terms(account, price, currency)
    return currency


def _with_plan_trial(params: Json, chosen: list[tuple[Record, Json]]) -> Json:
    if not params.get("trial_from_plan"):
        return params
    if params.get("trial_end") is not None:
        raise exclusive_parameters("trial_from_plan", "trial_end")
    days = max(price["recurring"]["trial_period_days"] or 0 for price, _ in chosen)
    return {"trial_period_days": days} | params


def _fields(account: Account, customer: Record, params: Json, currency: str, begins: Beginning) -> Json:
    config = params.get("billing_cycle_anchor_config")
    return {
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": begins.anchor,
        "billing_cycle_anchor_config": subscription_anchors.shown(config),
        "billing_mode": subscription_terms.billing_mode(params.get("billing_mode")),
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "currency": currency,
        "customer": customer.id,
        "customer_account": None,
        "default_payment_method": subscription_terms.payment_method(account, customer.id, params.get("default_payment_method")),
        "default_source": None,
        "default_tax_rates": tax_rates.chosen(account, params.get("default_tax_rates"), "default_tax_rates"),
        "description": blank_as_none(params.get("description")),
        "discounts": [],
        "ended_at": None,
        "invoice_settings": subscription_terms.invoice_settings(params.get("invoice_settings")),
        "items": {"object": "list", "data": [], "has_more": False, "url": ""},
        "latest_invoice": None,
        "metadata": merge_metadata({}, params.get("metadata")),
        "next_pending_invoice_item_invoice": None,
        "pause_collection": None,
        "payment_settings": subscription_terms.payment_settings(params.get("payment_settings")),
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": begins.since,
        "status": "trialing" if begins.trial_end else "incomplete",
        "status_details": None,
        "test_clock": account.test_clock,
        "trial_end": begins.trial_end,
        "trial_settings": subscription_terms.trial_settings(params.get("trial_settings")),
        "trial_start": account.clock.seconds() if begins.trial_end else None,
        **subscription_terms.collection(params),
        **billing_shares.of_subscription(account, params),
    }


def extra_items(account: Account, subscription: Record, params: Json) -> list[Record]:
    """What is to stand on the next invoice besides the items."""
    made = []
    for place, each in enumerate(params.get("add_invoice_items") or []):
        asked = {name: each[name] for name in each if name not in ("price", "period")}
        if "price" in each:
            asked["pricing"] = {"price": each["price"]}
        asked["period"] = _period(account, subscription, each.get("period") or {}, f"add_invoice_items[{place}][period]")
        owner = {"customer": subscription["customer"], "subscription": subscription.id}
        made.append(invoice_items.create(account, asked | owner, currency=subscription["currency"]))
    return made


def _period(account: Account, subscription: Record, given: Json, param: str) -> Json:
    items = subscription["items"]["data"]
    moments = {
        "max_item_period_start": max(item["current_period_start"] for item in items),
        "min_item_period_end": min(item["current_period_end"] for item in items),
        "now": account.clock.seconds(),
    }
    found = {}
    for name, usual in (("start", "max_item_period_start"), ("end", "min_item_period_end")):
        wanted = given.get(name) or {"type": usual}
        if wanted["type"] == "timestamp" and "timestamp" not in wanted:
            raise missing_parameter(f"{param}[{name}][timestamp]")
        found[name] = wanted["timestamp"] if wanted["type"] == "timestamp" else moments[wanted["type"]]
    if found["start"] > found["end"]:
        raise invalid("The end of a period must not be before its start.", param=f"{param}[end]")
    return found


def _first_invoice(account: Account, subscription: Record, customer: Record, begins: Beginning, *, paid: bool) -> Record:
    given = subscription_cycle.discounts_of(account, subscription, customer)
    free = not begins.prorates and begins.anchor > account.clock.seconds()
    past = subscription_lines.backdated_lines(account, subscription, begins) if begins.prorates else []
    lines, items = subscription_lines.lines_for(account, subscription, free_part=free)
    lines = past + lines
    sums = invoice_lines.sums(account, lines, given, subscription["default_tax_rates"], customer["tax_exempt"] or "none")
    due, _ = invoices.balanced(customer["balance"] or 0, sums["total"], subscription["currency"])
    if subscription["status"] != "trialing" and (paid or due == 0 or subscription["collection_method"] == "send_invoice"):
        subscription["status"] = LIFECYCLE.move(subscription["status"], "activate")
    account.save(subscription)
    account.emit("customer.subscription.created", subscription)
    return subscription_cycle.bill(account, subscription, "subscription_create", lines, items, given)


def _collect(account: Account, subscription: Record, invoice: Record, params: Json) -> None:
    behavior, off_session = params.get("payment_behavior", "allow_incomplete"), bool(params.get("off_session"))
    subscription_cycle.plan(account, subscription)
    if subscription["collection_method"] == "send_invoice" and invoice["amount_due"]:
        return
    if subscription["status"] == "incomplete" and behavior != "default_incomplete":
        must_have_method(account, invoice)
    invoice_collection.finalize(account, invoice)
    if invoice["status"] != "open":
        return
    account.later(subscription_cycle.INCOMPLETE_SECONDS, "subscriptions.expire", subscription)
    if behavior == "default_incomplete":
        return
    refusal = invoice_collection.collect(account, invoice, off_session=off_session)
    if behavior == "error_if_incomplete" and invoice["status"] != "paid":
        raise undone(refusal)


def _ask_for_a_method(account: Account, subscription: Record) -> None:
    """Nothing was charged, so nobody has shown a card yet, or the bank has not seen them: a setup intent waits for that."""
    invoice = account.get("invoice", subscription["latest_invoice"])
    if subscription["collection_method"] != "charge_automatically" or invoice["amount_due"]:
        return
    known = invoice_collection.method_for(account, invoice)
    method = account.get("payment_method", known) if known else None
    if method is not None and not setup_intents.asks(method):
        return
    intent = setup_intents.make(
        account,
        {"allowed_payment_method_types": ["card"], "customer": subscription["customer"], "usage": "off_session"},
    )
    intent.inner["subscription"] = subscription.id
    account.save(intent)
    if method is not None:
        setup_intents.attempt(account, intent, method)
    subscription["pending_setup_intent"] = intent.id
    account.save(subscription)


def must_have_method(account: Account, invoice: Record) -> None:
    if invoice_collection.method_for(account, invoice) is None:
        raise invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a default "
            "payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting.",
            code="resource_missing",
        )


def undone(refusal: Refusal | None) -> Refusal:
    """A refusal that takes back everything, the failed charge included."""
    error: dict[str, Any] = dict(refusal.error) if refusal else {}
    error.pop("doc_url", None)
    message = error.pop("message", "Payment for this subscription requires additional user action before it can be completed.")
    type, code = error.pop("type", "card_error"), error.pop("code", "subscription_payment_intent_requires_action")
    return Refusal(402, message, type=type, code=code, param=error.pop("param", None), **error)


# Looking


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("subscription", id)


def list_(account: Account, params: Json) -> Json:
    """Those that live, unless asked for others."""
    where, values = equals(params, "customer", "collection_method", "test_clock")
    status = params.get("status")
    if status is None:
        where = f"{where} AND json_extract(body, '$.status') <> 'canceled'"
    elif status == "ended":
        where = f"{where} AND json_extract(body, '$.status') IN ('canceled', 'incomplete_expired')"
    elif status != "all":
        where, values = f"{where} AND json_extract(body, '$.status') = ?", [*values, status]
    if price := params.get("price") or params.get("plan"):
        where, values = f"{where} AND {WITH_PRICE}", [*values, price]
    for name in ("current_period_start", "current_period_end"):
        if name in params:
            clause, moments = compared(f"$.items.data[0].{name}", params[name])
            where, values = f"{where} AND {clause}", [*values, *moments]
    if (params.get("automatic_tax") or {}).get("enabled"):
        # There is none with Stripe Tax here.
        where = f"{where} AND 0"
    return page(account, "subscription", "/v1/subscriptions", params, where, *values)


def of_customer(account: Account, id: str) -> Json:
    where = "json_extract(body, '$.customer') = ? AND json_extract(body, '$.status') <> 'canceled'"
    return page(account, "subscription", f"/v1/customers/{id}/subscriptions", {}, where, id)


def find(account: Account, params: Json) -> Json:
    return search(account, "subscription", "/v1/subscriptions/search", params)


OPERATIONS = (
    Operation("POST", "/v1/subscriptions", "SubscriptionCreateParams", create),
    Operation("GET", "/v1/subscriptions", "SubscriptionListParams", list_),
    Operation("GET", "/v1/subscriptions/search", "SubscriptionSearchParams", find),
    Operation("GET", "/v1/subscriptions/{id}", "SubscriptionRetrieveParams", retrieve),
)
