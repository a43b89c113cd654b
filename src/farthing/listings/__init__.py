"""Listings: what sellers offer, at their own price and of their own stock."""

from farthing.listings.actions import Wanted, archive, change, create, pause, publish
from farthing.listings.model import Listing
from farthing.listings.offers import offers
from farthing.listings.store import get, list_page

__all__ = ["Listing", "Wanted", "archive", "change", "create", "get", "list_page", "offers", "pause", "publish"]
