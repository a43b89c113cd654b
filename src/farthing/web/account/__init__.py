"""The customer's own pages, and how they are known here."""

from farthing.web.account.orders import ROUTES
from farthing.web.account.visitor import DEMO_ROUTES, Visitor, visitor_of

__all__ = ["DEMO_ROUTES", "ROUTES", "Visitor", "visitor_of"]
