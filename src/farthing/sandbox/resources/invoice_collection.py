"""How an invoice is collected: finalized, charged, tried again by the schedule, paid, or given up."""

from __future__ import annotations

from farthing.sandbox import cards
from farthing.sandbox.account import Account, Job
from farthing.sandbox.errors import Refusal, invalid, not_here_yet
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import attempts, customer_balance, invoice_payments, invoices, payment_intents, payment_methods
from farthing.sandbox.resources.invoices import FINALIZES_AFTER_SECONDS, LIFECYCLE, subscription_of
from farthing.sandbox.store import Json, Record

DAY = 86_400


def finalize(account: Account, invoice: Record, *, intent: Record | None = None) -> None:
    """Number it and ask for the money. `intent` is a payment that was made before (in Checkout)."""
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
        "effective_at": now,
        "ending_balance": after,
        "hosted_invoice_url": f"{account.url}/i/{invoice.id}",
        "invoice_pdf": f"{account.url}/i/{invoice.id}/pdf",
        "number": number,
        "status_transitions": {**invoice["status_transitions"], "finalized_at": now},
    }
    account.save(invoice)
    account.emit("invoice.finalized", invoice)
    if due == 0:
        _paid(account, invoice, None)
    else:
        _ask(account, invoice, intent or _intent(account, invoice, due))


def _intent(account: Account, invoice: Record, due: int) -> Record:
    subscription = subscription_of(account, invoice)
    intent = payment_intents.make(
        account,
        {
            "allowed_payment_method_types": ["card"],
            "amount": due,
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "description": "Subscription creation" if invoice["billing_reason"] == "subscription_create" else None,
        }
        | ({"setup_future_usage": "off_session"} if subscription else {}),
    )
    intent.inner["invoice"] = invoice.id
    account.save(intent)
    return intent


def _ask(account: Account, invoice: Record, intent: Record) -> None:
    invoice.inner["intent"] = intent.id
    account.save(invoice)
    invoice_payments.make(account, invoice, intent)


def collect(account: Account, invoice: Record, *, off_session: bool, method: str | None = None) -> Refusal | None:
    """Charge it now. A decline is answered, not raised: what follows from it has been written."""
    chosen = method or method_for(account, invoice)
    if chosen is None:
        _failed(account, invoice)
        return None
    intent = account.get("payment_intent", invoice.inner["intent"])
    taken = payment_methods.take(account, chosen)
    try:
        attempts.attempt(account, intent, taken, off_session=off_session)
    except Refusal as refusal:
        if not refusal.keeps:
            raise
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
        _paid(account, invoice, intent)
    elif intent["status"] == "requires_action":
        account.emit("invoice.payment_action_required", invoice)
    elif intent["status"] == "requires_payment_method":
        _failed(account, invoice, needs_action=decline is cards.AUTHENTICATION_REQUIRED)


def _paid(account: Account, invoice: Record, intent: Record | None) -> None:
    now, earlier = account.clock.seconds(), dict(invoice.body)
    invoice["status"] = LIFECYCLE.move(invoice["status"], "pay")
    invoice.body |= {
        "amount_paid": invoice["amount_due"] if intent else 0,
        "amount_remaining": 0,
        "attempted": True,
        "attempt_count": invoice["attempt_count"] + (1 if intent else 0),
        "auto_advance": False,
        "next_payment_attempt": None,
        "status_transitions": {**invoice["status_transitions"], "paid_at": now},
    }
    account.save(invoice)
    if intent and invoice["created"] != now:
        account.emit("invoice.updated", invoice, before=earlier)
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    if intent and (payment := invoice_payments.of(account, invoice)):
        invoice_payments.settle(account, payment, invoice["amount_paid"])
    _tell_subscription(account, invoice, "paid", intent)


def _failed(account: Account, invoice: Record, *, needs_action: bool = False) -> None:
    """Say so, and plan the next try, if the schedule has one. The first invoice of a subscription has none."""
    before = dict(invoice.body)
    count = invoice["attempt_count"] + 1
    schedule = account.settings.dunning_days
    first = invoice["billing_reason"] == "subscription_create"
    again = invoice["auto_advance"] and not first and count <= len(schedule)
    moment = account.clock.seconds() + schedule[count - 1] * DAY if again else None
    invoice.body |= {"attempt_count": count, "attempted": True, "next_payment_attempt": moment}
    account.save(invoice)
    if moment is not None:
        account.at(moment, "invoices.retry", invoice)
    if needs_action:
        account.emit("invoice.payment_action_required", invoice)
    account.emit("invoice.payment_failed", invoice)
    if not first:
        _tell_subscription(account, invoice, "failed", None)
    account.emit("invoice.updated", invoice, before=before)
    if not first and invoice["auto_advance"] and not again:
        _tell_subscription(account, invoice, "exhausted", None)


def _tell_subscription(account: Account, invoice: Record, what: str, intent: Record | None) -> None:
    # Here, because subscriptions make invoices.
    from farthing.sandbox.resources import subscription_cycle

    if subscription := subscription_of(account, invoice):
        subscription_cycle.told(account, subscription, invoice, what, intent)


# By itself


def advance(account: Account, invoice: Record) -> None:
    """An hour after it was drafted: finalize, then charge or send."""
    if invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    finalize(account, invoice)
    subscription = subscription_of(account, invoice)
    pause = (subscription["pause_collection"] or {}).get("behavior") if subscription else None
    if invoice["status"] != "open":
        return
    if pause == "void":
        void_it(account, invoice)
    elif pause == "mark_uncollectible":
        give_up(account, invoice)
    elif invoice["collection_method"] == "send_invoice":
        account.emit("invoice.sent", invoice)
    else:
        collect(account, invoice, off_session=True)


def retry(account: Account, invoice: Record) -> None:
    due = invoice["next_payment_attempt"]
    if invoice["status"] == "open" and invoice["auto_advance"] and due is not None and due <= account.clock.now():
        collect(account, invoice, off_session=True)


# By hand


def finalize_by_hand(account: Account, id: str, params: Json) -> Record:
    invoice = account.get("invoice", id)
    if not LIFECYCLE.allows(invoice["status"], "finalize"):
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.", code="invoice_not_editable"
        )
    if "auto_advance" in params:
        invoice["auto_advance"] = params["auto_advance"]
    finalize(account, invoice)
    if invoice["status"] == "open" and invoice["auto_advance"] and invoice["collection_method"] == "charge_automatically":
        # Stripe tries it about an hour after it was finalized by hand.
        invoice["next_payment_attempt"] = account.clock.seconds() + FINALIZES_AFTER_SECONDS
        account.save(invoice)
        account.at(invoice["next_payment_attempt"], "invoices.retry", invoice)
    return invoice


def pay(account: Account, id: str, params: Json) -> Record:
    for name in ("forgive", "mandate", "source"):
        if params.get(name):
            raise not_here_yet(name, "this way to pay an invoice")
    invoice = account.get("invoice", id)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "draft":
        finalize(account, invoice)
    if invoice["status"] == "paid":
        return invoice
    if not LIFECYCLE.allows(invoice["status"], "pay"):
        raise invalid(f"This invoice is {invoice['status']}: it can no longer be paid.")
    if params.get("paid_out_of_band"):
        return _paid_elsewhere(account, invoice)
    method = params.get("payment_method")
    if method is None and method_for(account, invoice) is None:
        raise invalid(
            "There is no `default_payment_method` set on this Customer or Invoice. Please set one, or pass `payment_method`.",
            code="resource_missing",
            param="payment_method",
        )
    if refusal := collect(account, invoice, off_session=params.get("off_session", True), method=method):
        raise refusal
    return invoice


def _paid_elsewhere(account: Account, invoice: Record) -> Record:
    _cancel_payment(account, invoice)
    invoice["amount_paid_off_stripe"] = invoice["amount_due"]
    _paid(account, invoice, None)
    return invoice


def _cancel_payment(account: Account, invoice: Record) -> None:
    if payment := invoice_payments.of(account, invoice):
        invoice_payments.cancel(account, payment)
    intent = account.find("payment_intent", invoice.inner["intent"] or "")
    if intent and attempts.LIFECYCLE.allows(intent["status"], "cancel"):
        payment_intents.give_up(account, intent, "void_invoice")


def void(account: Account, id: str, params: Json) -> Record:
    del params
    invoice = account.get("invoice", id)
    if not LIFECYCLE.allows(invoice["status"], "void"):
        raise invalid(f"You can only void an open or uncollectible invoice; this one is {invoice['status']}.")
    void_it(account, invoice)
    return invoice


def void_it(account: Account, invoice: Record) -> None:
    transitions = {**invoice["status_transitions"], "voided_at": account.clock.seconds()}
    invoice["status"] = LIFECYCLE.move(invoice["status"], "void")
    invoice.body |= {"auto_advance": False, "next_payment_attempt": None, "status_transitions": transitions}
    account.save(invoice)
    account.emit("invoice.voided", invoice)
    _cancel_payment(account, invoice)


def owe_less(account: Account, invoice: Record) -> None:
    """A credit note changed what is to be paid: the payment follows; nothing left means paid."""
    intent = account.find("payment_intent", invoice.inner["intent"] or "")
    if invoice["amount_remaining"] == 0:
        _cancel_payment(account, invoice)
        _paid(account, invoice, None)
    elif intent:
        intent["amount"] = invoice["amount_remaining"]
        account.save(intent)


def mark_uncollectible(account: Account, id: str, params: Json) -> Record:
    del params
    invoice = account.get("invoice", id)
    if not LIFECYCLE.allows(invoice["status"], "give_up"):
        raise invalid(f"You can only mark an open invoice as uncollectible; this one is {invoice['status']}.")
    give_up(account, invoice)
    return invoice


def give_up(account: Account, invoice: Record) -> None:
    transitions = {**invoice["status_transitions"], "marked_uncollectible_at": account.clock.seconds()}
    invoice["status"] = LIFECYCLE.move(invoice["status"], "give_up")
    invoice.body |= {"auto_advance": False, "next_payment_attempt": None, "status_transitions": transitions}
    account.save(invoice)
    account.emit("invoice.marked_uncollectible", invoice)


def send(account: Account, id: str, params: Json) -> Record:
    """Nobody is written to; the event says that somebody would have been."""
    del params
    invoice = account.get("invoice", id)
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        finalize(account, invoice)
    account.emit("invoice.sent", invoice)
    return invoice


def secret_of(account: Account, id: str) -> Json | None:
    intent = account.find("payment_intent", account.get("invoice", id).inner["intent"] or "")
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


JOBS: dict[str, tuple[str, Job]] = {"invoices.advance": ("invoice", advance), "invoices.retry": ("invoice", retry)}
OPERATIONS = (
    Operation("POST", "/v1/invoices/{id}/finalize", "InvoiceFinalizeInvoiceParams", finalize_by_hand),
    Operation("POST", "/v1/invoices/{id}/pay", "InvoicePayParams", pay),
    Operation("POST", "/v1/invoices/{id}/void", "InvoiceVoidInvoiceParams", void),
    Operation("POST", "/v1/invoices/{id}/mark_uncollectible", "InvoiceMarkUncollectibleParams", mark_uncollectible),
    Operation("POST", "/v1/invoices/{id}/send", "InvoiceSendInvoiceParams", send),
)
