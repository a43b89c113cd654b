"""Checkout in subscription mode: the buyer pays first, and then the subscription is born, with its first invoice paid."""

from __future__ import annotations

from farthing.sandbox import placing
from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid, malformed, missing_parameter, not_here_yet
from farthing.sandbox.ids import new_id
from farthing.sandbox.resources import (
    attempts,
    checkout_sessions,
    customers,
    invoice_collection,
    invoice_lines,
    payment_intents,
    payment_methods,
    prices,
    promotion_codes,
    setup_intents,
    subscription_cycle,
    subscriptions,
)
from farthing.sandbox.store import Json, Record

LINES_MAX = 20
PASSED_ON = (
    "billing_cycle_anchor",
    "billing_mode",
    "default_tax_rates",
    "description",
    "metadata",
    "proration_behavior",
    "trial_end",
    "trial_period_days",
    "trial_settings",
)


class _Seen(Exception):
    """Ends the attempt, so that nothing of it stays."""

    def __init__(self, invoice: Record) -> None:
        self.invoice = invoice


def create(account: Account, params: Json) -> Record:
    if params.get("payment_intent_data"):
        raise malformed("You can not pass `payment_intent_data` in `subscription` mode.", param="payment_intent_data")
    if params.get("customer_creation"):
        raise malformed("`customer_creation` can only be used in `payment` and `setup` mode.", param="customer_creation")
    if params.get("discounts") and params.get("allow_promotion_codes"):
        raise malformed("You may only specify one of these parameters: allow_promotion_codes, discounts.", param="discounts")
    buyer = checkout_sessions.buyer_of(account, params)
    lines = _lines(account, params.get("line_items") or [])
    wanted = _wanted(params, lines)
    subscriptions.refuse_what_is_not_here(params.get("subscription_data") or {})
    expires_at = checkout_sessions.expires_at_of(account, params)
    shown = checkout_sessions.fields_of(params, buyer, lines[0]["currency"], 0, expires_at)
    shown |= {"mode": "subscription", "customer_creation": None if buyer else "always", "payment_method_types": ["card"]}
    shown |= {"payment_method_collection": params.get("payment_method_collection", "always"), "invoice_creation": None}
    session = account.add("checkout.session", "cs_test", shown, lines=lines, intent={}, wanted=wanted)
    price(account, session)
    session["url"] = f"{account.url}/c/pay/{session.id}"
    account.save(session)
    account.store.later(account.id, expires_at, "checkout.expire", session.id)
    return session


def _lines(account: Account, given: list[Json]) -> list[Json]:
    if not given:
        raise missing_parameter("line_items")
    if len(given) > 2 * LINES_MAX:
        raise malformed(f"You can pass at most {LINES_MAX} recurring and {LINES_MAX} one-time line items.", param="line_items")
    lines = [_line(account, each, f"line_items[{place}]") for place, each in enumerate(given)]
    if all(line["price"]["type"] == "one_time" for line in lines):
        raise invalid(
            "You must provide at least one recurring price in `subscription` mode when using prices.", param="line_items"
        )
    if len({line["currency"] for line in lines}) > 1:
        raise invalid("All prices must have the same currency.", param="line_items")
    return lines


def _line(account: Account, given: Json, param: str) -> Json:
    if "quantity" not in given:
        raise missing_parameter(f"{param}[quantity]")
    if given["quantity"] < 1:
        raise malformed("This value must be greater than or equal to 1.", param=f"{param}[quantity]")
    if "price_data" in given:
        record = prices.make(account, given["price_data"], param=f"{param}[price_data]")
    elif "price" in given:
        record = account.get("price", given["price"], param=f"{param}[price]")
    else:
        raise missing_parameter(f"{param}[price]")
    if not record["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=f"{param}[price]")
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": given.get("adjustable_quantity"),
        "amount_discount": 0,
        "amount_subtotal": 0,
        "amount_tax": 0,
        "amount_total": 0,
        "currency": record["currency"],
        "description": account.get("product", record["product"])["name"],
        "metadata": given.get("metadata") or {},
        "price": record.body,
        "quantity": given["quantity"],
        **({"rates": given["tax_rates"]} if given.get("tax_rates") else {}),
    }


def _wanted(params: Json, lines: list[Json]) -> Json:
    """What the subscription will be made of, once it is paid."""
    chosen = params.get("subscription_data") or {}
    asked = [
        {"price": line["price"]["id"], "quantity": line["quantity"]}
        | ({"tax_rates": line.pop("rates")} if "rates" in line else {})
        for line in lines
    ]
    recurring = [each for each, line in zip(asked, lines, strict=True) if line["price"]["type"] == "recurring"]
    once = [each for each, line in zip(asked, lines, strict=True) if line["price"]["type"] == "one_time"]
    return {name: chosen[name] for name in PASSED_ON if name in chosen} | {
        "items": recurring,
        "add_invoice_items": once,
        "discounts": params.get("discounts") or [],
    }


def price(account: Account, session: Record) -> None:
    """What the first invoice will say, found by making it and taking it back."""
    try:
        with account.store.attempt():
            placed = _placed(account, session)
            customer = _customer(placed, session)
            raise _Seen(subscriptions.begin(placed, customer, session.inner["wanted"])[1])
    except _Seen as seen:
        _show(session, seen.invoice)


def _show(session: Record, invoice: Record) -> None:
    lines = {line["pricing"]["price_details"]["price"]: line for line in invoice.inner["lines"]}
    for line in session.inner["lines"]:
        billed = lines[line["price"]["id"]]
        added = sum(each["amount"] for each in billed["taxes"] if each["tax_behavior"] == "exclusive")
        line |= {
            "amount_discount": billed["amount"] - invoice_lines.net(billed),
            "amount_subtotal": billed["amount"],
            "amount_tax": sum(each["amount"] for each in billed["taxes"]),
            "amount_total": invoice_lines.net(billed) + added,
        }
    session.inner["due"] = invoice["amount_due"]
    session.body |= {
        "amount_subtotal": invoice["subtotal"],
        "amount_total": invoice["total"],
        "total_details": {
            "amount_discount": sum(each["amount"] for each in invoice["total_discount_amounts"]),
            "amount_shipping": 0,
            "amount_tax": sum(each["amount"] for each in invoice["total_taxes"]),
        },
        "discounts": [
            {"coupon": each.get("coupon"), "promotion_code": each.get("promotion_code")}
            for each in session.inner["wanted"]["discounts"]
        ],
    }


def _placed(account: Account, session: Record) -> Account:
    return placing.of_subject(account, session["customer"]) if session["customer"] else account


def _customer(account: Account, session: Record) -> Record:
    if session["customer"]:
        return account.get("customer", session["customer"])
    details = session["customer_details"] or {}
    return customers.create(account, {name: details[name] for name in ("email", "name", "address") if details.get(name)})


def use_code(account: Account, session: Record, code: str) -> None:
    """The buyer typed a promotion code."""
    if not session["allow_promotion_codes"]:
        raise not_here_yet("promotion_code", "codes on a session that does not allow them")
    found = promotion_codes.named(account, code)
    if found is None:
        raise invalid("This code is invalid.", param="promotion_code", code="resource_missing")
    before = session.inner["wanted"]["discounts"]
    session.inner["wanted"]["discounts"] = [{"promotion_code": found.id}]
    try:
        price(account, session)
    except Exception:
        session.inner["wanted"]["discounts"] = before
        raise
    account.save(session)


def needs_card(session: Record) -> bool:
    return bool(session.inner.get("due")) or session["payment_method_collection"] == "always"


# Paying


def pay(account: Account, session: Record, method: Record | None) -> Record:
    account = _placed(account, session)
    customer = _customer(account, session)
    session["customer"] = customer.id
    account.save(session)
    if method is None:
        return _begin(account, session, customer, None, None)
    if not session.inner["due"]:
        return _set_up(account, session, customer, method)
    if not payment_methods.card_of(method).decline:
        payment_methods.attach_to(account, method, customer)
    attempts.attempt(account, _intent(account, session, customer), method)
    return finish(account, session)


def _intent(account: Account, session: Record, customer: Record) -> Record:
    if id := session.inner.get("first_intent"):
        return account.get("payment_intent", id)
    intent = payment_intents.make(
        account,
        {
            "allowed_payment_method_types": ["card"],
            "amount": session.inner["due"],
            "currency": session["currency"],
            "customer": customer.id,
            "description": "Subscription creation",
            "setup_future_usage": "off_session",
        },
        owner=session.id,
    )
    intent.inner["return_url"] = session["url"]
    account.save(intent)
    session.inner["first_intent"] = intent.id
    account.save(session)
    return intent


def _set_up(account: Account, session: Record, customer: Record, method: Record) -> Record:
    """A trial with a card: the card is saved, nothing is charged yet."""
    wanted = {"allowed_payment_method_types": ["card"], "customer": customer.id, "usage": "off_session"}
    if id := session.inner.get("first_setup"):
        intent = account.get("setup_intent", id)
    else:
        intent = setup_intents.make(account, wanted, owner=session.id)
        intent.inner["return_url"] = session["url"]
        account.save(intent)
        session.inner["first_setup"] = intent.id
        account.save(session)
    setup_intents.attempt(account, intent, method)
    return finish(account, session)


def finish(account: Account, session: Record) -> Record:
    """The subscription is born when its first payment has come, or its card is saved."""
    account = _placed(account, session)
    if session["status"] != "open":
        return session
    customer = _customer(account, session)
    if id := session.inner.get("first_intent"):
        intent = account.get("payment_intent", id)
        if intent["status"] == "succeeded":
            return _begin(account, session, customer, intent, intent["payment_method"])
    elif id := session.inner.get("first_setup"):
        waiting = account.get("setup_intent", id)
        if waiting["status"] == "succeeded":
            return _begin(account, session, customer, None, waiting["payment_method"])
    account.save(session)
    return session


def _begin(account: Account, session: Record, customer: Record, intent: Record | None, method: str | None) -> Record:
    wanted = session.inner["wanted"] | ({"default_payment_method": method} if method else {})
    customer = account.get("customer", customer.id)
    subscription, invoice = subscriptions.begin(account, customer, wanted, paid=intent is not None)
    subscription_cycle.plan(account, subscription)
    invoice_collection.finalize(account, invoice, intent=intent)
    if intent is not None:
        intent.inner["invoice"] = invoice.id
        account.save(intent)
        invoice_collection.follow(account, intent)
    for id in subscription["discounts"]:
        discount = account.get("discount", id)
        discount["checkout_session"] = session.id
        account.save(discount)
    session.body |= {
        "customer": customer.id,
        "invoice": invoice.id,
        "payment_status": "paid" if intent else "no_payment_required",
        "status": checkout_sessions.LIFECYCLE.move(session["status"], "complete"),
        "subscription": subscription.id,
        "url": None,
    }
    account.save(session)
    account.emit("checkout.session.completed", session)
    return session
