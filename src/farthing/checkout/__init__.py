"""From cart to the provider's page and back, and every other way to pay an order."""

from farthing.checkout.actions import Buyer
from farthing.checkout.asking import RETURN_PATH
from farthing.checkout.bodies import NewCustomer, NewItem, buyer_of
from farthing.checkout.calling_off import call_off
from farthing.checkout.charges import of_order as charges_of_order
from farthing.checkout.door import come_back, come_back_from_bank
from farthing.checkout.exchanging import exchange
from farthing.checkout.flow import answer, close_due, start, sync, sync_order
from farthing.checkout.lapsing import let_stock_go
from farthing.checkout.model import Checkout, Started
from farthing.checkout.off_session import NOBODY_ASKED, Charged, ask_again, charge
from farthing.checkout.pages import portal_page, setup_page
from farthing.checkout.placing import place_order
from farthing.checkout.preview import preview
from farthing.checkout.progress import order_of_progress, progress_url
from farthing.checkout.recovery import open_recovery_page, order_of, recovery_url
from farthing.checkout.store import find_by_provider_id, get, of_order
from farthing.checkout.tidying import tidy
from farthing.checkout.ways import cancel_order, close_payment, open_intent, open_page

__all__ = [
    "NOBODY_ASKED",
    "RETURN_PATH",
    "Buyer",
    "Charged",
    "Checkout",
    "NewCustomer",
    "NewItem",
    "Started",
    "answer",
    "ask_again",
    "buyer_of",
    "call_off",
    "cancel_order",
    "charge",
    "charges_of_order",
    "close_due",
    "close_payment",
    "come_back",
    "come_back_from_bank",
    "exchange",
    "find_by_provider_id",
    "get",
    "let_stock_go",
    "of_order",
    "open_intent",
    "open_page",
    "open_recovery_page",
    "order_of",
    "order_of_progress",
    "place_order",
    "portal_page",
    "preview",
    "progress_url",
    "recovery_url",
    "setup_page",
    "start",
    "sync",
    "sync_order",
    "tidy",
]
