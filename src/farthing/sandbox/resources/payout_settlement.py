"""What becomes of a payout once it is made: sent, arrived, and perhaps back again after it was paid."""

from __future__ import annotations

from farthing.sandbox.account import Account, Job
from farthing.sandbox.ids import random_text
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import accounts, balance, external_accounts
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Record

LIFECYCLE = Lifecycle(
    "Payout",
    {
        "pending": {"send": "in_transit", "cancel": "canceled"},
        "in_transit": {"arrive": "paid", "fail": "failed"},
        # The bank may send it back for some days after.
        "paid": {"fail": "failed"},
        "failed": {},
        "canceled": {},
    },
)
RETURNED_AFTER_SECONDS = DAY
MESSAGES = {
    "account_closed": "The bank account has been closed.",
    "could_not_process": "The bank could not process this payout.",
    "debit_not_authorized": "Debit transactions are not approved on your bank account.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "invalid_currency": "The bank was unable to process this payout because of its currency.",
    "no_account": "Your bank account details on file are probably incorrect. No bank account could be located with those "
    "details.",
}


def send(account: Account, payout: Record) -> None:
    if not LIFECYCLE.allows(payout["status"], "send"):
        return
    trace = {"status": "supported", "value": random_text(15).upper()}
    account.update(payout, "payout.updated", status=LIFECYCLE.move(payout["status"], "send"), trace_id=trace)
    account.at(max(payout["arrival_date"], account.clock.now()), "payouts.arrive", payout)


def arrive(account: Account, payout: Record) -> None:
    if payout["status"] != "in_transit":
        return
    before = dict(payout.body)
    payout["status"] = LIFECYCLE.move(payout["status"], "arrive")
    account.save(payout)
    account.emit("payout.paid", payout, before=before)
    if payout["automatic"]:
        payout["reconciliation_status"] = "completed"
        account.save(payout)
        account.emit("payout.reconciliation_completed", payout)
    bank = external_accounts.find(account, payout["destination"])
    if not payout["original_payout"] and bank and bank.inner.get("fails"):
        account.later(RETURNED_AFTER_SECONDS, "payouts.fail", payout)


def fail(account: Account, payout: Record) -> None:
    """Returned by the bank: the money is back where it was, and the bank account must be replaced."""
    bank = external_accounts.find(account, payout["destination"])
    if bank is None or not LIFECYCLE.allows(payout["status"], "fail"):
        return
    code = bank.inner["fails"]
    back = balance.book(account, "payout_failure", payout, payout["amount"])
    before = dict(payout.body)
    payout.body |= {
        "failure_balance_transaction": back.id,
        "failure_code": code,
        "failure_message": MESSAGES[code],
        "status": LIFECYCLE.move(payout["status"], "fail"),
    }
    account.save(payout)
    account.emit("payout.failed", payout, before=before)
    if platform := account.platform():
        external_accounts.fail(platform, accounts.retrieve_own(account, {}), bank)


JOBS: dict[str, tuple[str, Job]] = {
    "payouts.send": ("payout", send),
    "payouts.arrive": ("payout", arrive),
    "payouts.fail": ("payout", fail),
}
OPERATIONS: tuple[Operation, ...] = ()
