"""Seller orders: the part of a paid order that one seller sends, and the parcels it travels in."""

from farthing.seller_orders.actions import cancel_line, confirm, move_shipment, reinstate_line, ship
from farthing.seller_orders.model import SellerLine, SellerOrder, Shipment
from farthing.seller_orders.store import get, get_shipment, list_page, of_order, shipments_of

__all__ = [
    "SellerLine",
    "SellerOrder",
    "Shipment",
    "cancel_line",
    "confirm",
    "get",
    "get_shipment",
    "list_page",
    "move_shipment",
    "of_order",
    "reinstate_line",
    "ship",
    "shipments_of",
]
