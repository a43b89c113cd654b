"""The customer's own pages, and how they are known here."""

from typing import Final

from farthing.web.account import holdings, methods, orders, papers, plan_changes, refund_requests, seller, subscriptions
from farthing.web.account.menu import sections
from farthing.web.account.visitor import DEMO_ROUTES, Visitor, visitor_of, who_are_you

ROUTES: Final = (
    *orders.ROUTES,
    *refund_requests.ROUTES,
    *holdings.ROUTES,
    *methods.ROUTES,
    *subscriptions.ROUTES,
    *plan_changes.ROUTES,
    *seller.ROUTES,
    *papers.ROUTES,
)

__all__ = ["DEMO_ROUTES", "ROUTES", "Visitor", "sections", "visitor_of", "who_are_you"]
