"""What goes from the platform to a seller, and back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from farthing.ids import OrderId, SellerId, SellerOrderId, TransferId, TransferReversalId
from farthing.lifecycles import TransferReversalStatus, TransferStatus
from farthing.money import Money


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a seller earned with their part of an order, on its way to their account or there."""

    id: TransferId
    seller_id: SellerId
    seller_order_id: SellerOrderId
    order_id: OrderId
    provider: str
    livemode: bool
    money: Money
    netted: Money
    """What the seller owed of other sales and was kept of this one."""
    reversed: Money
    status: TransferStatus
    provider_account_id: str
    provider_charge_id: str | None
    provider_transfer_id: str | None
    requested_at: datetime
    asked_at: datetime | None
    sent_at: datetime | None
    refused_because: str | None


@dataclass(frozen=True, slots=True)
class Reversal:
    """What of a transfer is taken back."""

    id: TransferReversalId
    transfer_id: TransferId
    money: Money
    status: TransferReversalStatus
    provider_reversal_id: str | None
    requested_at: datetime
    asked_at: datetime | None
    refused_because: str | None


def taken_from(owed: Sequence[Money], due: Money) -> list[Money]:
    """How much of each debt is kept of what is due, the oldest first; no more than is due."""
    left, parts = due, []
    for each in owed:
        part = min(each, left)
        parts.append(part)
        left -= part
    return parts
