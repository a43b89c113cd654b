"""When the money for a subscription does not come: trying again, paying by a link, and what is told of it."""

from farthing.dunning.debts import NEEDS_BUYER, Attempt, Debt, Failure, said_to
from farthing.dunning.flow import ask_again, owed, retry
from farthing.dunning.recovery import PATH, debt_of, learn_trouble, page_to_pay, page_to_save, renewal_url, use_saved
from farthing.dunning.reminders import check_cards, tell_of_lapses
from farthing.dunning.store import Overdue, overdue
from farthing.dunning.store import of_invoice as attempts_of

__all__ = [
    "NEEDS_BUYER",
    "PATH",
    "Attempt",
    "Debt",
    "Failure",
    "Overdue",
    "ask_again",
    "attempts_of",
    "check_cards",
    "debt_of",
    "learn_trouble",
    "overdue",
    "owed",
    "page_to_pay",
    "page_to_save",
    "renewal_url",
    "retry",
    "said_to",
    "tell_of_lapses",
    "use_saved",
]
