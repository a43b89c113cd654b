"""The pages of somebody who sells: what to send, what they offer, what they earned. Whoever has not begun is led to begin."""

from typing import Final

from farthing.web.seller import listings, money, orders, returns
from farthing.web.seller.menu import SECTIONS

ROUTES: Final = (*returns.ROUTES, *orders.ROUTES, *listings.ROUTES, *money.ROUTES)

__all__ = ["ROUTES", "SECTIONS"]
