"""Debits from bank accounts: the bank's answer arrives days after the order, and the checkout session hears of it too."""

from __future__ import annotations

from farthing.sandbox.account import Account, Job
from farthing.sandbox.cards import Decline
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import attempts, charges, refunds, transfer_reversals
from farthing.sandbox.store import Record

CALLED_OFF = Decline("payment_intent_canceled", "The payment was canceled before the bank had debited the account.")


def land(account: Account, charge: Record) -> None:
    if charge["status"] != "pending":
        return
    intent = account.get("payment_intent", charge["payment_intent"])
    succeeded = attempts.land(account, intent, charge)
    _tell_session(account, intent, succeeded=succeeded)
    refunds.follow(account, charge)
    if not succeeded:
        _take_transfers_back(account, charge)


def give_up(account: Account, charge: Record) -> None:
    """The payment was called off before its bank had answered."""
    charges.land(account, charge, CALLED_OFF)
    refunds.follow(account, charge)
    _take_transfers_back(account, charge)


def _take_transfers_back(account: Account, charge: Record) -> None:
    """What was passed on in the hope of this payment comes back."""
    for transfer in account.select("transfer", "json_extract(body, '$.source_transaction') = ? ORDER BY seq", charge.id):
        rest = transfer["amount"] - transfer["amount_reversed"]
        if rest:
            transfer_reversals.take_back(account, transfer, rest)
            account.emit("transfer.reversed", transfer)


def _tell_session(account: Account, intent: Record, *, succeeded: bool) -> None:
    session = account.find("checkout.session", intent.inner.get("owner") or "")
    if session is None:
        return
    if succeeded:
        session["payment_status"] = "paid"
        account.save(session)
    account.emit(f"checkout.session.async_payment_{'succeeded' if succeeded else 'failed'}", session)


JOBS: dict[str, tuple[str, Job]] = {"bank_debits.land": ("charge", land)}
OPERATIONS: tuple[Operation, ...] = ()
