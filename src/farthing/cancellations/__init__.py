"""Cancellations: what somebody calls off before it is sent, by quantity, and the money and the stock that follow."""

from farthing.cancellations.actions import cancel, cancel_order
from farthing.cancellations.model import Cancellation, Party
from farthing.cancellations.store import get, of_order

__all__ = ["Cancellation", "Party", "cancel", "cancel_order", "get", "of_order"]
