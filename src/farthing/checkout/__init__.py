"""From cart to the provider's page and back."""

from farthing.checkout.actions import RETURN_PATH, Buyer
from farthing.checkout.door import come_back
from farthing.checkout.flow import answer, cancel_order, close_due, start, sync, sync_order
from farthing.checkout.model import Checkout, Started
from farthing.checkout.pages import portal_page, setup_page
from farthing.checkout.preview import preview
from farthing.checkout.store import find_by_provider_id, get, of_order

__all__ = [
    "RETURN_PATH",
    "Buyer",
    "Checkout",
    "Started",
    "answer",
    "cancel_order",
    "close_due",
    "come_back",
    "find_by_provider_id",
    "get",
    "of_order",
    "portal_page",
    "preview",
    "setup_page",
    "start",
    "sync",
    "sync_order",
]
