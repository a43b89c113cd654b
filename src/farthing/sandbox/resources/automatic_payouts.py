"""Payouts nobody asked for: what the schedule pays out, and what it fetches from a seller whose balance is below zero."""

from __future__ import annotations

from farthing.sandbox.account import Account, Job
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import balance, external_accounts, payouts
from farthing.sandbox.store import Record


def pay_out(platform: Account, seller: Record) -> None:
    """The schedule says now: everything available goes out, a payout for each currency."""
    gone = seller.body.get("deleted") or seller.inner.get("deauthorized")
    if gone or seller["settings"]["payouts"]["schedule"]["interval"] == "manual":
        return
    seat = platform.seat(seller.id)
    keeps = seller.inner.get("minimum_balance", {})
    for each in balance.retrieve(seat, {})["available"]:
        currency = each["currency"]
        bank = external_accounts.default_of(seat, currency)
        if bank is None:
            continue
        if balance.total(seat, currency) < 0:
            _fetch(seat, seller, currency, bank)
        elif seller["payouts_enabled"] and each["amount"] > keeps.get(currency, 0):
            payout = payouts.send_out(seat, each["amount"] - keeps.get(currency, 0), currency, bank, {}, automatic=True)
            _gather(seat, payout, currency)
            seat.emit("payout.created", payout)


def _fetch(seat: Account, seller: Record, currency: str, bank: Record) -> None:
    """What the seller owes is debited from its bank account, where that was agreed."""
    if not seller["settings"]["payouts"]["debit_negative_balances"] or bank["object"] != "bank_account":
        return
    payout = payouts.send_out(seat, balance.total(seat, currency), currency, bank, {}, automatic=True)
    seat.emit("payout.created", payout)


def _gather(account: Account, payout: Record, currency: str) -> None:
    """What an automatic payout pays out is known to the transaction: every available one no payout had before."""
    account.store.run(
        """
        UPDATE objects
        SET inner = json_set(inner, '$.payout', ?)
        WHERE account = ? AND object = 'balance_transaction'
          AND json_extract(body, '$.currency') = ? AND json_extract(body, '$.status') = 'available'
          AND json_extract(inner, '$.payout') IS NULL
        """,
        payout.id,
        account.id,
        currency,
    )


JOBS: dict[str, tuple[str, Job]] = {"payouts.automatic": ("account", pay_out)}
OPERATIONS: tuple[Operation, ...] = ()
