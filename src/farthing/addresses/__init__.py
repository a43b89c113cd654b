"""Shipping addresses: checked as their country writes them, kept with the order, gone with the buyer."""

from farthing.addresses.model import Address, checked, known, written
from farthing.addresses.shown import AddressIn, AddressShown
from farthing.addresses.store import find, keep

__all__ = ["Address", "AddressIn", "AddressShown", "checked", "find", "keep", "known", "written"]
