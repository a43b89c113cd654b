"""How an invoice is collected: finalized, charged, tried again by the schedule, paid, or given up."""

from __future__ import annotations

from farthing.sandbox import cards
from farthing.sandbox.account import Account, Job
from farthing.sandbox.errors import Refusal
from farthing.sandbox.resources import (
    attempts,
    billing_shares,
    connect_charges,
    customer_balance,
    invoice_payments,
    invoices,
    payment_intents,
    payment_methods,
)
from farthing.sandbox.resources.invoices import LIFECYCLE, subscription_of
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

DESCRIPTIONS = {
    "subscription_create": "Subscription creation",
    "subscription_cycle": "Subscription update",
    "subscription_update": "Subscription update",
}


def finalize(account: Account, invoice: Record, *, intent: Record | None = None) -> None:
    """Number it and ask for the money. `intent` is a payment that was made before (in Checkout)."""
    # Here, because what is overdue tells those whom collecting tells.
    from farthing.sandbox.resources import invoice_due_dates

    customer = account.get("customer", invoice["customer"])
    invoices.recalculate(account, invoice, customer)
    start = customer["balance"] or 0
    due, after = invoices.balanced(start, invoice["total"], invoice["currency"])
    number = invoice["number"] or f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    if not invoice["number"]:
        customer["next_invoice_sequence"] += 1
    customer["currency"] = customer["currency"] or invoice["currency"]
    account.save(customer)
    if after != start:
        customer_balance.move(account, customer, after - start, "applied_to_invoice", invoice["currency"], invoice=invoice.id)
    now = account.clock.seconds()
    invoice["status"] = LIFECYCLE.move(invoice["status"], "finalize")
    invoice.body |= {
        "amount_due": due,
        "amount_remaining": due,
        "automatically_finalizes_at": None,
        "effective_at": invoice["effective_at"] or now,
        "last_finalization_error": None,
        "ending_balance": after,
        "hosted_invoice_url": f"{account.url}/i/{invoice.id}",
        "invoice_pdf": f"{account.url}/i/{invoice.id}/pdf",
        "number": number,
        "status_transitions": {**invoice["status_transitions"], "finalized_at": now},
    }
    account.save(invoice)
    account.emit("invoice.finalized", invoice)
    invoice_due_dates.plan(account, invoice)
    if due == 0:
        paid(account, invoice, None)
    else:
        _ask(account, invoice, intent or _intent(account, invoice, due))


def _intent(account: Account, invoice: Record, due: int) -> Record:
    subscription = subscription_of(account, invoice)
    wanted = {
        "allowed_payment_method_types": ["card"],
        "amount": due,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "description": DESCRIPTIONS.get(invoice["billing_reason"]),
    }
    if subscription is not None:
        wanted["setup_future_usage"] = "off_session"
    intent = payment_intents.make(account, wanted | billing_shares.of_payment(invoice, subscription, due))
    intent.inner["invoice"] = invoice.id
    account.save(intent)
    return intent


def _ask(account: Account, invoice: Record, intent: Record) -> None:
    invoice.inner["intent"] = intent.id
    account.save(invoice)
    invoice_payments.make(account, invoice, intent)


def collect(
    account: Account, invoice: Record, *, off_session: bool, method: str | None = None, automatic: bool = False
) -> Refusal | None:
    """Charge it now. A decline is answered, not raised: what follows from it has been written.

    `automatic`: the schedule does it. What is tried by hand after the first time does not count, and moves no schedule.
    """
    invoice.inner["automatic"] = automatic
    account.save(invoice)
    chosen = method or method_for(account, invoice)
    if chosen is None:
        _failed(account, invoice)
        return None
    intent = account.get("payment_intent", invoice.inner["intent"])
    taken = payment_methods.take(account, chosen)
    try:
        attempts.attempt(account, intent, taken, off_session=off_session)
    except Refusal as refusal:
        if not refusal.keeps and not automatic:
            raise
        if not refusal.keeps:
            # The method cannot be charged at all. Nobody is here to be told but those who listen.
            _failed(account, invoice)
        return refusal
    finally:
        _reload(account, invoice)
    return None


def _reload(account: Account, invoice: Record) -> None:
    """What the attempt caused was written by `follow`, to a copy of its own."""
    fresh = account.get("invoice", invoice.id)
    invoice.body, invoice.inner = fresh.body, fresh.inner


def method_for(account: Account, invoice: Record) -> str | None:
    subscription = subscription_of(account, invoice)
    customer = account.get("customer", invoice["customer"])
    return (
        invoice["default_payment_method"]
        or (subscription["default_payment_method"] if subscription else None)
        or (customer.body.get("invoice_settings") or {}).get("default_payment_method")
    )


# What an attempt came to


def follow(account: Account, intent: Record, decline: cards.Decline | None = None) -> None:
    """The payment of an invoice moved, whoever moved it: the schedule, the API or the bank's page."""
    invoice = account.find("invoice", intent.inner.get("invoice") or "")
    if invoice is None or invoice["status"] not in ("open", "uncollectible"):
        return
    if intent["status"] == "succeeded":
        paid(account, invoice, intent)
    elif intent["status"] == "requires_action":
        account.emit("invoice.payment_action_required", invoice)
    elif intent["status"] == "requires_payment_method":
        _failed(account, invoice, needs_action=decline is cards.AUTHENTICATION_REQUIRED)


def paid(account: Account, invoice: Record, intent: Record | None) -> None:
    now, earlier = account.clock.seconds(), dict(invoice.body)
    invoice["status"] = LIFECYCLE.move(invoice["status"], "pay")
    invoice.body |= {
        "amount_paid": invoice["amount_due"] if intent else 0,
        "amount_remaining": 0,
        "attempted": True,
        "attempt_count": invoice["attempt_count"] + (1 if intent and _counts(invoice) else 0),
        "auto_advance": False,
        "next_payment_attempt": None,
        "status_details": None,
        "status_transitions": {**invoice["status_transitions"], "paid_at": now},
    }
    account.save(invoice)
    # A second may end between the two.
    at_once = now - invoice["created"] <= 1 and invoice.inner.get("request") == account.request.id
    if intent and not at_once:
        account.emit("invoice.updated", invoice, before=earlier)
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    if intent and (payment := invoice_payments.of(account, invoice)):
        invoice_payments.settle(account, payment, invoice["amount_paid"])
    mark_delinquent(account, invoice, late=False)
    tell_subscription(account, invoice, "paid", intent)


def _counts(invoice: Record) -> bool:
    """The first try counts whoever makes it; after that only those of the schedule do."""
    return not invoice["attempt_count"] or bool(invoice.inner.get("automatic"))


def mark_delinquent(account: Account, invoice: Record, *, late: bool) -> None:
    """Whoever failed to pay by themselves, or in time, is delinquent until something of theirs is settled."""
    customer = account.find("customer", invoice["customer"])
    if customer is not None and not customer.body.get("deleted"):
        account.update(customer, "customer.updated", delinquent=late)


def _failed(account: Account, invoice: Record, *, needs_action: bool = False) -> None:
    """Say so, and plan the next try, if the schedule has one. The first invoice of a subscription has none."""
    before = dict(invoice.body)
    automatic = bool(invoice.inner.get("automatic"))
    count = invoice["attempt_count"] + (1 if _counts(invoice) else 0)
    schedule = account.settings.dunning_days
    first = invoice["billing_reason"] == "subscription_create"
    again = invoice["auto_advance"] and not first and count <= len(schedule)
    moment = invoice["next_payment_attempt"]
    if automatic or not before["attempted"]:
        moment = account.clock.seconds() + schedule[count - 1] * DAY if again else None
    invoice.body |= {"attempt_count": count, "attempted": True, "next_payment_attempt": moment}
    account.save(invoice)
    if moment is not None and moment != before["next_payment_attempt"]:
        account.at(moment, "invoices.retry", invoice)
    if needs_action:
        account.emit("invoice.payment_action_required", invoice)
    account.emit("invoice.payment_failed", invoice)
    if automatic:
        mark_delinquent(account, invoice, late=True)
    if not first:
        tell_subscription(account, invoice, "failed", None)
    account.emit("invoice.updated", invoice, before=before)
    if automatic and not first and invoice["auto_advance"] and not again:
        tell_subscription(account, invoice, "exhausted", None)


def tell_subscription(account: Account, invoice: Record, what: str, intent: Record | None) -> None:
    # Here, because subscriptions make invoices.
    from farthing.sandbox.resources import subscription_cycle

    if subscription := subscription_of(account, invoice):
        subscription_cycle.told(account, subscription, invoice, what, intent)


# By itself


def advance(account: Account, invoice: Record) -> None:
    """An hour after it was drafted: finalize, then charge or send."""
    if invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    if (invoice["automatically_finalizes_at"] or 0) > account.clock.now():
        return
    if not _finalized(account, invoice):
        return
    subscription = subscription_of(account, invoice)
    pause = (subscription["pause_collection"] or {}).get("behavior") if subscription else None
    if invoice["status"] != "open":
        return
    if pause == "void":
        void_it(account, invoice)
    elif pause == "mark_uncollectible":
        give_up(account, invoice, "subscription_paused")
    elif invoice["collection_method"] == "send_invoice":
        account.emit("invoice.sent", invoice)
    else:
        collect(account, invoice, off_session=True, automatic=True)


def _finalized(account: Account, invoice: Record) -> bool:
    """What cannot be asked for (more than may be charged, for a seller who may not be paid) stays a draft, and says why."""
    try:
        with account.store.attempt():
            finalize(account, invoice)
    except Refusal as refusal:
        _reload(account, invoice)
        invoice.body |= {"automatically_finalizes_at": None, "last_finalization_error": refusal.error}
        account.save(invoice)
        account.emit("invoice.finalization_failed", invoice)
        return False
    return True


def retry(account: Account, invoice: Record) -> None:
    due = invoice["next_payment_attempt"]
    if invoice["status"] == "open" and invoice["auto_advance"] and due is not None and due <= account.clock.now():
        collect(account, invoice, off_session=True, automatic=True)


# Given up, or no longer needed


def cancel_payment(account: Account, invoice: Record) -> None:
    if payment := invoice_payments.of(account, invoice):
        invoice_payments.cancel(account, payment)
    intent = account.find("payment_intent", invoice.inner["intent"] or "")
    if intent and attempts.LIFECYCLE.allows(intent["status"], "cancel"):
        payment_intents.give_up(account, intent, "void_invoice")


def void_it(account: Account, invoice: Record) -> None:
    transitions = {**invoice["status_transitions"], "voided_at": account.clock.seconds()}
    invoice["status"] = LIFECYCLE.move(invoice["status"], "void")
    invoice.body |= {"auto_advance": False, "next_payment_attempt": None, "status_transitions": transitions}
    account.save(invoice)
    account.emit("invoice.voided", invoice)
    cancel_payment(account, invoice)


def owe_less(account: Account, invoice: Record) -> None:
    """A credit note changed what is to be paid: the payment follows; nothing left means paid."""
    intent = account.find("payment_intent", invoice.inner["intent"] or "")
    if invoice["amount_remaining"] == 0:
        cancel_payment(account, invoice)
        paid(account, invoice, None)
    elif intent:
        due = invoice["amount_remaining"]
        parts = billing_shares.of_payment(invoice, subscription_of(account, invoice), due)
        intent["amount"] = due
        connect_charges.change(account, intent, parts, due)
        account.save(intent)


def give_up(account: Account, invoice: Record, reason: str) -> None:
    transitions = {**invoice["status_transitions"], "marked_uncollectible_at": account.clock.seconds()}
    invoice["status"] = LIFECYCLE.move(invoice["status"], "give_up")
    invoice.body |= {
        "auto_advance": False,
        "next_payment_attempt": None,
        "status_details": {"uncollectible": {"reason": reason}},
        "status_transitions": transitions,
    }
    account.save(invoice)
    account.emit("invoice.marked_uncollectible", invoice)
    mark_delinquent(account, invoice, late=False)


def secret_of(account: Account, id: str) -> Json | None:
    intent = account.find("payment_intent", account.get("invoice", id).inner["intent"] or "")
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


JOBS: dict[str, tuple[str, Job]] = {
    "invoices.advance": ("invoice", advance),
    "invoices.retry": ("invoice", retry),
}
OPERATIONS = ()
