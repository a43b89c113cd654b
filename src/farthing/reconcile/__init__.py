"""The truth is at the provider: what it told us and we missed, and what it has that our rows do not say."""

from farthing.reconcile.actions import accept
from farthing.reconcile.cursors import EventCursor
from farthing.reconcile.cursors import find as cursor_of
from farthing.reconcile.flow import fail, run, start
from farthing.reconcile.missed import Swept, sweep_due, sweep_events
from farthing.reconcile.model import Difference, Discrepancy, Reconciliation
from farthing.reconcile.nightly import TASK, nightly_due, run_task
from farthing.reconcile.quotes import note_quote
from farthing.reconcile.store import counts, get, get_run, list_page, runs_page

__all__ = [
    "TASK",
    "Difference",
    "Discrepancy",
    "EventCursor",
    "Reconciliation",
    "Swept",
    "accept",
    "counts",
    "cursor_of",
    "fail",
    "get",
    "get_run",
    "list_page",
    "nightly_due",
    "note_quote",
    "run",
    "run_task",
    "runs_page",
    "start",
    "sweep_due",
    "sweep_events",
]
