"""Listings: what sellers offer, at their own price and of their own stock."""

from farthing.listings.actions import Wanted, archive, change, create, pause, publish
from farthing.listings.model import CATEGORY, DESCRIPTION_MAX, SKU_MAX, TITLE_MAX, Listing
from farthing.listings.offers import offers
from farthing.listings.store import counts, find_all, get, list_page

__all__ = [
    "CATEGORY",
    "DESCRIPTION_MAX",
    "SKU_MAX",
    "TITLE_MAX",
    "Listing",
    "Wanted",
    "archive",
    "change",
    "counts",
    "create",
    "find_all",
    "get",
    "list_page",
    "offers",
    "pause",
    "publish",
]
