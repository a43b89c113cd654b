"""`python -m farthing.sandbox.reference`: what the sandbox does of Stripe, operation by operation, from the code itself."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import ROOMS
from farthing.sandbox.settings import API_VERSION

# What is modeled otherwise than at Stripe, by the module that does it. Refused parameters are read from the modules.
DEVIATIONS: dict[str, tuple[str, ...]] = {
    "account_links": ("The page asks a company for one person who speaks for it; its other people are told of over the API.",),
    "accounts": (
        "A restricted key `rk_test_a` opens the account of `sk_test_a`, with every right.",
        "Capabilities are enforced, which Stripe's own sandboxes may not do.",
        "What a new account owes is due at once. More comes by Stripe's trigger cards or a control, with two weeks to answer.",
        "Papers of somebody born on 1901-01-01 are looked at for two seconds, others not at all; 1900-01-01 is on a list.",
        "A tax number of `111111111` or `1111` asks for a document; `file_identity_document_success` is always good.",
        "A company needs a representative and `owners_provided`, whatever its country and structure.",
    ),
    "application_fees": ("On the seller's side a fee given back is an `application_fee_refund` of its own.",),
    "balance": (
        "The platform's own payouts are made by hand. What matures on a test clock is not told of by `balance.available`.",
        "What sellers owe is held as a reserve until they have paid it; it is not collected from the platform after 180 days.",
        "A seller whose buyer lives on a test clock is paid in the sandbox's own time, after as many days.",
    ),
    "capabilities": (
        "Only `card_payments`, `transfers`, `sepa_debit_payments` and `us_bank_account_ach_payments`.",
        "A seller that may not be paid from bank accounts is offered them nevertheless, and refused when one is used.",
    ),
    "external_accounts": (
        "A US routing number must have nine digits; its check digit is not looked at.",
        "Account numbers that fail do so a day after their payouts were paid, never before.",
    ),
    "payouts": (
        "Sent after an hour and paid after two days, on any day of the week; schedules pay at midnight UTC.",
        "Instant payouts go to debit cards, out of pending money too, for 1 % and at least 0.50, paid after half an hour.",
        "A returned payout stops further ones until the seller gives another bank account.",
        "A balance below zero is fetched from the seller's bank account when the schedule pays next, never under a manual one.",
    ),
    "transfer_reversals": (
        "By itself a reversal needs the seller's available and pending money; with a refund the balance may go below zero.",
    ),
    "transfers": ("A payment that came by transfer is given back by reversing the transfer; its own refund is refused.",),
    "charges": (
        "`POST /v1/charges` is not done: payment intents make charges.",
        "As at Stripe, `balance_transaction`, `transfer` and `application_fee` are null right after a confirmation: the charge "
        "is booked a moment later, told by `charge.updated`. Wait for that event, or ask again until they are set; with "
        "`capture_method=automatic` the payment intent is booked at once.",
        "`receipt_url` is null: there are no receipts.",
    ),
    "billing_portal": (
        "Subscriptions of several items can be canceled in the portal, not changed. A pause lasts until it is resumed.",
        "A session without a configuration makes a default one where there is none.",
        "A session is open for an hour. There is no login page, so `after_expiration` is refused.",
    ),
    "checkout_sessions": (
        "Only `ui_mode=hosted_page`. A payment page of `stripe trigger` (`/v1/payment_pages`) is not done.",
        "The `pay` control answers 200 when 3D Secure fails: the session is still open, and its payment says why.",
        "Every payment method the currency allows is offered: cards, SEPA debits in eur, bank accounts in usd.",
        "The page is in English, whatever `locale` says. Terms of service need no address in any settings.",
        "Shipping is not taxed, only offered in payment mode, and not together with `invoice_creation`.",
        "A discount is counted when the session is complete: the last use of a code goes to whoever pays first.",
        "`payment_method_options` takes the default of `request_three_d_secure` only: which cards ask is their own affair.",
    ),
    "disputes": (
        "Evidence is text: uploaded files are refused.",
        "A prevented dispute gives the money back by a refund. An appeal is ordered by a control, whoever asks for it.",
        "Debits that a bank gives back are lost from the start: nobody can answer them.",
        "The account that was paid pays the dispute's fee, whoever pays the others.",
        "`createMultipleDisputes` opens two disputes of half the amount each.",
        "Evidence without one of Stripe's magic texts leaves the dispute under review until a control decides it.",
        "Inquiries that nobody answers close at their deadline instead of after 120 days.",
    ),
    "events": ("Events are kept as long as the state, not for 30 days.",),
    "payment_intents": (
        "A capture is final: several captures of one authorization are refused, and no authorization grows.",
        "A debit from a bank account takes four days, a delayed one three minutes more; until then it can be canceled.",
        "Elevated risk is shown on the charge, without a review to close.",
        "Cards from abroad cost no more than others.",
    ),
    "payment_methods": (
        "Only `card`, `sepa_debit` and `us_bank_account`, and only Stripe's test numbers; SEPA's of AT, BE, DE, FR and IE.",
        "Bank accounts count as verified: there are no micro-deposits. A mandate is made for each debit, asked for or not.",
    ),
    "refunds": (
        "Any balance pays for a refund, be it below zero: none waits for money (`insufficient_funds`).",
        "No payment method here needs the buyer's help for a refund, so none is in `requires_action`.",
        "A refund of a debit that bounces is canceled.",
    ),
    "shipping_rates": ("One amount in one currency; `tax_code` is refused.",),
    "setup_intents": ("`latest_attempt` is kept for attempts that ended; one that waits for the bank has none yet.",),
    "invoice_actions": (
        "An invoice is paid by one payment: several partial ones, and payment records, cannot be attached.",
        "`next_payment_attempt` of an automatic draft is null until it is finalized; `automatically_finalizes_at` says when.",
        "Nobody is written to: `invoice.sent`, `invoice.will_be_due` and the like are told, their letters are not sent.",
    ),
    "prices": ("A tiered price is one line of an invoice, not one for each tier. Metered prices are refused (501).",),
    "subscription_ends": (
        "An end inside the current period gives the rest back at once, as an item that waits for an invoice.",
    ),
    "subscription_items": ("All items of a subscription have one interval; Stripe's flexible mode allows several.",),
    "subscription_updates": (
        "Only items, the anchor and the end of a trial can wait for a payment (`pending_if_incomplete`).",
        "While a trial runs, the anchor cannot be moved.",
    ),
    "subscriptions": ("`proration_behavior=none` with an anchor ahead makes a first invoice of zero.",),
    "webhook_endpoints": (
        f"`api_version` must be of the family of {API_VERSION}: it is named in the events, their shape is the same.",
        "`http` addresses are taken, because receivers under test are on this machine.",
    ),
}
HEAD = "| Operation | Parameters as in | Answered by |\n|---|---|---|"


def text() -> str:
    rooms = [_room(room) for room in sorted(ROOMS, key=lambda each: each.__name__) if getattr(room, "OPERATIONS", [])]
    return "\n\n".join(rooms) + "\n"


def _room(room: ModuleType) -> str:
    name = _name(room)
    parts = [f"### {name.replace('_', ' ').capitalize()}", _first_line(room), "\n".join([HEAD, *map(_row, room.OPERATIONS)])]
    if notes := [*_refused(room), *DEVIATIONS.get(name, ())]:
        parts.append("\n".join(f"- {note}" for note in notes))
    return "\n\n".join(parts)


def _row(operation: Operation) -> str:
    return f"| `{operation.method} {operation.path}` | `{operation.params}` | `{operation.verb.__name__}` |"


def _refused(room: ModuleType) -> list[str]:
    found: Any = getattr(room, "NOT_HERE", {})
    shown = [f"`{name}` ({found[name]})" if isinstance(found, dict) else f"`{name}`" for name in sorted(found)]
    return [f"Refused: {', '.join(shown)}."] if shown else []


def _first_line(room: ModuleType) -> str:
    return (room.__doc__ or "").strip().splitlines()[0]


def _name(room: ModuleType) -> str:
    return room.__name__.rpartition(".")[2]


if __name__ == "__main__":
    sys.stdout.write(text())
