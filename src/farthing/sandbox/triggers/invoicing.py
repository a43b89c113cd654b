"""Recipes of invoices: their items, their payment, and credit notes."""

from __future__ import annotations

from farthing.sandbox.store import Json
from farthing.sandbox.triggers import steps
from farthing.sandbox.triggers.hand import Hand
from farthing.sandbox.triggers.recipe import Recipe

SENT: Json = {"collection_method": "send_invoice", "days_until_due": 30}


def _item(hand: Hand) -> str:
    owner = steps.customer(hand, card=None)
    return str(hand.post("/v1/invoiceitems", {"customer": owner, "amount": 2000, "currency": "usd"})["id"])


def _delete_item(hand: Hand) -> None:
    hand.delete(f"/v1/invoiceitems/{_item(hand)}")


def _change(hand: Hand) -> None:
    hand.post(f"/v1/invoices/{steps.invoice(hand)['id']}", {"description": "For tea"})


def _delete(hand: Hand) -> None:
    hand.delete(f"/v1/invoices/{steps.invoice(hand)['id']}")


def _pay(hand: Hand) -> Json:
    return hand.post(f"/v1/invoices/{steps.open_invoice(hand)['id']}/pay")


def _fail(hand: Hand) -> None:
    hand.decline(f"/v1/invoices/{steps.open_invoice(hand, card=steps.FAILS_LATER)['id']}/pay")


def _ask_the_buyer(hand: Hand) -> None:
    steps.subscription(hand, card="pm_card_authenticationRequired", payment_behavior="allow_incomplete")


def _ask_too_much(hand: Hand) -> None:
    """More than may be charged at once: an hour later, on a test clock, it cannot be finalized."""
    clock = steps.clock(hand)
    draft = steps.invoice(hand, on_clock=clock, auto_advance=True)
    most = {"customer": draft["customer"], "invoice": draft["id"], "amount": 99_999_999, "currency": "usd"}
    hand.post("/v1/invoiceitems", most)
    hand.pass_time(clock, hand.now + 2 * steps.HOUR)


def _send(hand: Hand) -> Json:
    return hand.post(f"/v1/invoices/{steps.invoice(hand, **SENT)['id']}/send")


def _wait(hand: Hand, days: int) -> None:
    """On a test clock, while nobody pays what is due in thirty days."""
    clock = steps.clock(hand)
    hand.post(f"/v1/invoices/{steps.invoice(hand, card=None, on_clock=clock, **SENT)['id']}/send")
    hand.pass_time(clock, hand.now + days * steps.DAY)


def _near_due_date(hand: Hand) -> None:
    _wait(hand, 28)


def _pass_due_date(hand: Hand) -> None:
    _wait(hand, 32)


def _void(hand: Hand) -> None:
    hand.post(f"/v1/invoices/{_send(hand)['id']}/void")


def _write_off(hand: Hand) -> None:
    hand.post(f"/v1/invoices/{_send(hand)['id']}/mark_uncollectible")


# Credit notes


def _credit(hand: Hand) -> Json:
    return hand.post("/v1/credit_notes", {"invoice": _send(hand)["id"], "amount": 500})


def _change_credit(hand: Hand) -> None:
    hand.post(f"/v1/credit_notes/{_credit(hand)['id']}", {"memo": "For the broken cup"})


def _void_credit(hand: Hand) -> None:
    hand.post(f"/v1/credit_notes/{_credit(hand)['id']}/void")


RECIPES = (
    Recipe("invoiceitem.created", "Something is put on a customer's next invoice.", _item),
    Recipe("invoiceitem.deleted", "It is taken off again.", _delete_item),
    Recipe("invoice.created", "An invoice is drafted.", steps.invoice),
    Recipe("invoice.updated", "A draft gets a description.", _change),
    Recipe("invoice.deleted", "A draft is deleted.", _delete),
    Recipe("invoice.finalized", "A draft is finalized.", steps.open_invoice),
    Recipe("invoice.finalization_failed", "A draft asks for more than may be charged at once.", _ask_too_much),
    Recipe("invoice.sent", "An invoice is sent to its customer.", _send),
    Recipe("invoice.will_be_due", "A test clock moves to two days before an invoice is due.", _near_due_date),
    Recipe("invoice.overdue", "A test clock moves past the day an invoice was due.", _pass_due_date),
    Recipe("invoice.paid", "An invoice is paid by card.", _pay),
    Recipe("invoice.payment_succeeded", "An invoice is paid by card.", _pay),
    Recipe("invoice_payment.paid", "An invoice is paid by card.", _pay),
    Recipe("invoice.payment_failed", "The card that should pay an invoice is declined.", _fail),
    Recipe(
        "invoice.payment_action_required",
        "The bank of the card that should pay an invoice wants to see the buyer.",
        _ask_the_buyer,
    ),
    Recipe("invoice.voided", "An open invoice is voided.", _void),
    Recipe("invoice.marked_uncollectible", "An open invoice is written off.", _write_off),
    Recipe("credit_note.created", "A quarter of an open invoice is credited.", _credit),
    Recipe("credit_note.updated", "A credit note gets a memo.", _change_credit),
    Recipe("credit_note.voided", "A credit note is voided.", _void_credit),
)
