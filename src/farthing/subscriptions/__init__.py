"""Plans that customers pay for again and again: beginning one, its mirror, its facts, until when it may be used, its end."""

from farthing.subscriptions.actions import told
from farthing.subscriptions.changes import Change
from farthing.subscriptions.changes import get as get_change
from farthing.subscriptions.changes import of_subscription as changes_of
from farthing.subscriptions.changing import Committed, apply_due
from farthing.subscriptions.changing import commit as commit_change
from farthing.subscriptions.changing import drop as drop_change
from farthing.subscriptions.ending import ask_again, cancel, pause, resume, resume_due
from farthing.subscriptions.flow import close_due, look_again, preview_start, start, sync, sync_checkout, tell_of_trials
from farthing.subscriptions.hearing import hear_of_payment, sync_refund
from farthing.subscriptions.model import Begun, PlanDiscount, Start, Subscription
from farthing.subscriptions.quoting import preview as preview_change
from farthing.subscriptions.sight import find_for, find_one, page_for
from farthing.subscriptions.starting import Quoted, Wanted
from farthing.subscriptions.starts import find_by_checkout as find_start
from farthing.subscriptions.starts import get as get_start
from farthing.subscriptions.starts import of_customer as starts_of
from farthing.subscriptions.state import CustomerState, Right, state_of
from farthing.subscriptions.store import (
    Fact,
    counts,
    facts_of,
    find_by_provider_id,
    get,
    list_page,
    live_of,
    lock,
    of_customer,
    of_start,
)
from farthing.subscriptions.targets import Effective, Wish

__all__ = [
    "Begun",
    "Change",
    "Committed",
    "CustomerState",
    "Effective",
    "Fact",
    "PlanDiscount",
    "Quoted",
    "Right",
    "Start",
    "Subscription",
    "Wanted",
    "Wish",
    "apply_due",
    "ask_again",
    "cancel",
    "changes_of",
    "close_due",
    "commit_change",
    "counts",
    "drop_change",
    "facts_of",
    "find_by_provider_id",
    "find_for",
    "find_one",
    "find_start",
    "get",
    "get_change",
    "get_start",
    "hear_of_payment",
    "list_page",
    "live_of",
    "lock",
    "look_again",
    "of_customer",
    "of_start",
    "page_for",
    "pause",
    "preview_change",
    "preview_start",
    "resume",
    "resume_due",
    "start",
    "starts_of",
    "state_of",
    "sync",
    "sync_checkout",
    "sync_refund",
    "tell_of_trials",
    "told",
]
