"""The demo shop, and the pages a buyer comes back to."""

from farthing.web.shop.progress import ROUTES as PROGRESS_ROUTES
from farthing.web.shop.recovery import ROUTES as RECOVERY_ROUTES
from farthing.web.shop.renewal import ROUTES as RENEWAL_ROUTES
from farthing.web.shop.returning import ROUTES as RETURN_ROUTES
from farthing.web.shop.selling import ROUTES as SHOP_ROUTES

__all__ = ["PROGRESS_ROUTES", "RECOVERY_ROUTES", "RENEWAL_ROUTES", "RETURN_ROUTES", "SHOP_ROUTES"]
