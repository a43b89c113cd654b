"""Debits from bank accounts: the bank's answer arrives days after the order, and the checkout session hears of it too."""

from __future__ import annotations

from farthing.sandbox.account import Account, Job
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import attempts
from farthing.sandbox.store import Record


def land(account: Account, charge: Record) -> None:
    if charge["status"] != "pending":
        return
    intent = account.get("payment_intent", charge["payment_intent"])
    succeeded = attempts.land(account, intent, charge)
    session = account.find("checkout.session", intent.inner.get("owner") or "")
    if session is None:
        return
    if succeeded:
        session["payment_status"] = "paid"
        account.save(session)
    account.emit(f"checkout.session.async_payment_{'succeeded' if succeeded else 'failed'}", session)


JOBS: dict[str, tuple[str, Job]] = {"bank_debits.land": ("charge", land)}
OPERATIONS: tuple[Operation, ...] = ()
