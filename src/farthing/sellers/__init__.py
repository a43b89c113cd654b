"""Sellers of a marketplace: who they are, their accounts at the provider, and whether they may sell and be paid."""

from farthing.sellers.actions import hold, let_go, reinstate, request_rejection, suspend
from farthing.sellers.flow import (
    check_may_begin,
    look_again,
    onboard,
    open_dashboard,
    remember,
    send_rejection,
    sync,
    sync_account,
)
from farthing.sellers.model import Seller, Wanted, new_payout_accounts, standing
from farthing.sellers.present import SellerShown
from farthing.sellers.reasons import Reason, reasons_of
from farthing.sellers.returning import Way, address, read
from farthing.sellers.store import counts, find_by_account, find_by_external_id, get, list_page, lock, lock_all

__all__ = [
    "Reason",
    "Seller",
    "SellerShown",
    "Wanted",
    "Way",
    "address",
    "check_may_begin",
    "counts",
    "find_by_account",
    "find_by_external_id",
    "get",
    "hold",
    "let_go",
    "list_page",
    "lock",
    "lock_all",
    "look_again",
    "new_payout_accounts",
    "onboard",
    "open_dashboard",
    "read",
    "reasons_of",
    "reinstate",
    "remember",
    "request_rejection",
    "send_rejection",
    "standing",
    "suspend",
    "sync",
    "sync_account",
]
