"""Payouts: what sellers earned goes to their accounts and on to their banks, and comes back when it went back to buyers."""

from farthing.payouts.balances import balance, holdings
from farthing.payouts.bank_actions import check_able
from farthing.payouts.bank_flow import (
    available,
    look_at_banks,
    pay_out,
    pay_out_due,
    retry,
    run,
    send_payout,
    sync_payout,
)
from farthing.payouts.banks import get as get_payout
from farthing.payouts.banks import list_page as list_payouts
from farthing.payouts.calendar import STANDINGS, Day, Standing, Sum, Upcoming, days, sums, upcoming
from farthing.payouts.fees import charge as charge_dispute_fee
from farthing.payouts.flow import release_due, send_reversal, send_transfer, sync_transfer, take_back_due
from farthing.payouts.model import Balance, Held, Payout, Reversal, Statement, StatementLine, Transfer
from farthing.payouts.printing import WORDS, can_print, pdf, sheet
from farthing.payouts.statements import statement
from farthing.payouts.store import get, list_page, of_seller_order, reversals_of

__all__ = [
    "STANDINGS",
    "WORDS",
    "Balance",
    "Day",
    "Held",
    "Payout",
    "Reversal",
    "Standing",
    "Statement",
    "StatementLine",
    "Sum",
    "Transfer",
    "Upcoming",
    "available",
    "balance",
    "can_print",
    "charge_dispute_fee",
    "check_able",
    "days",
    "get",
    "get_payout",
    "holdings",
    "list_page",
    "list_payouts",
    "look_at_banks",
    "of_seller_order",
    "pay_out",
    "pay_out_due",
    "pdf",
    "release_due",
    "retry",
    "reversals_of",
    "run",
    "send_payout",
    "send_reversal",
    "send_transfer",
    "sheet",
    "statement",
    "sums",
    "sync_payout",
    "sync_transfer",
    "take_back_due",
    "upcoming",
]
