"""Seller orders: the part of a paid order that one seller sends, and the parcels it travels in."""

from farthing.seller_orders.actions import (
    cancel_line,
    confirm,
    hold,
    let_go,
    move_shipment,
    reinstate_line,
    release,
    release_again,
    ship,
    take_back_release,
)
from farthing.seller_orders.model import SellerLine, SellerOrder, Shipment
from farthing.seller_orders.store import (
    count_shipments,
    count_to_ship,
    due,
    get,
    get_shipment,
    list_page,
    list_shipments,
    of_order,
    shipments_of,
)

__all__ = [
    "SellerLine",
    "SellerOrder",
    "Shipment",
    "cancel_line",
    "confirm",
    "count_shipments",
    "count_to_ship",
    "due",
    "get",
    "get_shipment",
    "hold",
    "let_go",
    "list_page",
    "list_shipments",
    "move_shipment",
    "of_order",
    "reinstate_line",
    "release",
    "release_again",
    "ship",
    "shipments_of",
    "take_back_release",
]
