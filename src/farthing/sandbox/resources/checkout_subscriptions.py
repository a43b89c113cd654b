"""Checkout in subscription mode: the buyer pays first, and then the subscription is born, with its first invoice paid."""

from __future__ import annotations

from farthing.sandbox import placing
from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal, invalid, malformed
from farthing.sandbox.resources import (
    attempts,
    billing_shares,
    checkout_customers,
    checkout_parameters,
    checkout_sessions,
    checkout_totals,
    invoice_collection,
    line_items,
    payment_intents,
    payment_methods,
    setup_intents,
    subscription_cycle,
    subscriptions,
)
from farthing.sandbox.store import Json, Record

LINES_MAX = 20
PASSED_ON = (
    "application_fee_percent",
    "billing_cycle_anchor",
    "billing_cycle_anchor_config",
    "billing_mode",
    "default_tax_rates",
    "description",
    "invoice_settings",
    "metadata",
    "on_behalf_of",
    "proration_behavior",
    "transfer_data",
    "trial_end",
    "trial_period_days",
    "trial_settings",
)


def create(account: Account, params: Json) -> Record:
    buyer = checkout_parameters.buyer(account, params)
    lines, rates = line_items.make(
        account, params.get("line_items") or [], mode="subscription", currency=checkout_parameters.currency(params)
    )
    kinds = [line["price"]["type"] for line in lines]
    if "recurring" not in kinds:
        raise invalid(
            "You must provide at least one recurring price in `subscription` mode when using prices.", param="line_items"
        )
    if max(kinds.count("recurring"), kinds.count("one_time")) > LINES_MAX:
        raise malformed(f"You can pass at most {LINES_MAX} recurring and {LINES_MAX} one-time line items.", param="line_items")
    wanted = _wanted(params)
    subscriptions.refuse_what_is_not_here(params.get("subscription_data") or {})
    session = checkout_sessions.open_one(account, params, buyer, lines[0]["currency"], lines=lines, rates=rates, wanted=wanted)
    session.body |= {"customer_creation": None if buyer else "always", "payment_method_types": ["card"]}
    session.body |= {"payment_method_collection": params.get("payment_method_collection", "always"), "invoice_creation": None}
    try:
        price(account, session)
    except Refusal as refusal:
        raise _inside(refusal) from None
    account.save(session)
    return session


def _inside(refusal: Refusal) -> Refusal:
    """What the subscription would not be made with is said where the session was told it."""
    root, bracket, rest = str(refusal.error.get("param", "")).partition("[")
    if root in PASSED_ON:
        refusal.error["param"] = f"subscription_data[{root}]{bracket}{rest}"
    return refusal


def _wanted(params: Json) -> Json:
    """What the subscription will be made of besides its items, once it is paid."""
    chosen = params.get("subscription_data") or {}
    currency = checkout_parameters.currency(params)
    return (
        {name: chosen[name] for name in PASSED_ON if name in chosen}
        | {"discounts": params.get("discounts") or []}
        | ({"currency": currency} if currency else {})
    )


def wanted_of(session: Record) -> Json:
    """The same with the items, as many of each as the buyer chose."""
    items: dict[str, list[Json]] = {"recurring": [], "one_time": []}
    for line in session.inner["lines"]:
        rates = [rate["id"] for rate in session.inner["rates"].get(line["id"], [])]
        if line["quantity"]:
            asked: Json = {"price": line["price"]["id"], "quantity": line["quantity"]}
            items[line["price"]["type"]].append(asked | ({"tax_rates": rates} if rates else {}))
    wanted: Json = session.inner["wanted"]
    return wanted | {"items": items["recurring"], "add_invoice_items": items["one_time"]}


def price(account: Account, session: Record) -> None:
    """What the first invoice will say, found by making it and taking it back."""
    _show(account, session, *account.imagine(lambda: _first_invoice(_placed(account, session), session)))


def _first_invoice(placed: Account, session: Record) -> tuple[Record, Json]:
    """And the discounts it names, by their ids."""
    _, invoice = subscriptions.begin(placed, _customer(placed, session), wanted_of(session))
    return invoice, {
        id: placed.get("discount", id).body for id in (each["discount"] for each in invoice["total_discount_amounts"])
    }


def _show(account: Account, session: Record, invoice: Record, given: Json) -> None:
    billed_lines = list(invoice.inner["lines"])
    default = [account.get("tax_rate", id).body for id in session.inner["wanted"].get("default_tax_rates") or []]
    session.inner["details"] = {}
    for line in session.inner["lines"]:
        billed = next((each for each in billed_lines if _price_of(each) == line["price"]["id"]), None)
        if billed is not None:
            billed_lines.remove(billed)
        rates = session.inner["rates"].get(line["id"]) or default
        session.inner["details"][line["id"]] = checkout_totals.write(line, billed, given, rates)
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


def _price_of(line: Json) -> str | None:
    details = line["pricing"].get("price_details") or {}
    return details.get("price")


def _placed(account: Account, session: Record) -> Account:
    return placing.of_subject(account, session["customer"]) if session["customer"] else account


def _customer(account: Account, session: Record) -> Record:
    return account.get("customer", session["customer"]) if session["customer"] else checkout_customers.create(account, session)


def needs_card(session: Record) -> bool:
    return bool(session.inner.get("due")) or session["payment_method_collection"] == "always"


# Paying


def pay(account: Account, session: Record, method: Record | None) -> Record:
    account = _placed(account, session)
    customer = _customer(account, session)
    session.inner["new_customer"] = session.inner.get("new_customer") or not session["customer"]
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
            **billing_shares.of_wanted(session.inner["wanted"], session.inner["due"]),
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
    wanted = wanted_of(session) | ({"default_payment_method": method} if method else {})
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
    checkout_customers.follow(account, session)
    account.save(session)
    account.emit("checkout.session.completed", session)
    return session
