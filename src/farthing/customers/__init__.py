"""Who buys: one row for each user of the host, and one for each guest's address; who they are at the provider, and how they
may pay again.
"""

from farthing.customers.actions import forget, remember, want
from farthing.customers.attachments import find_owner as owner_of
from farthing.customers.attachments import of_customer as attachments_of
from farthing.customers.backfill import Tally, backfill
from farthing.customers.flow import at_provider, lose, push, push_due
from farthing.customers.looking import sync, sync_method, sync_methods
from farthing.customers.managing import detach, find_for, make_default
from farthing.customers.methods import get as get_method
from farthing.customers.methods import of_customer as methods_of
from farthing.customers.methods import to_charge
from farthing.customers.model import Attachment, Customer, PaymentMethod
from farthing.customers.store import find, find_by_external_id, get, get_all, list_page, lock

__all__ = [
    "Attachment",
    "Customer",
    "PaymentMethod",
    "Tally",
    "at_provider",
    "attachments_of",
    "backfill",
    "detach",
    "find",
    "find_by_external_id",
    "find_for",
    "forget",
    "get",
    "get_all",
    "get_method",
    "list_page",
    "lock",
    "lose",
    "make_default",
    "methods_of",
    "owner_of",
    "push",
    "push_due",
    "remember",
    "sync",
    "sync_method",
    "sync_methods",
    "to_charge",
    "want",
]
