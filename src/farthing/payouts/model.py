"""What goes from the platform to a seller, and back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a seller's money is, in one currency. Nothing is in two of these, but what is owed."""

    due: Money
    """Its time has come: it goes out with the next run."""
    holding: Money
    """Delivered, and held until a date."""
    undelivered: Money
    held: Money
    """Somebody wants it held for longer."""
    disputed: Money
    """The buyer's bank asks about it."""
    in_transit: Money
    """On its way to their account."""
    with_seller: Money
    """Sent to their account, less what was taken back."""
    owed: Money
    """They had it, it went back to a buyer, and it is not taken back yet."""

    @property
    def on_hold(self) -> Money:
        """Earned, and not to be had now, whatever the reason."""
        return self.holding + self.undelivered + self.held + self.disputed


Why = Literal["undelivered", "holding", "held", "disputed", "due"]


@dataclass(frozen=True, slots=True)
class Held:
    """What of a seller order its seller earned and does not have yet."""

    seller_order_id: SellerOrderId
    number: str
    money: Money
    why: Why
    because: str | None
    """What somebody said who wants it held."""
    release_at: datetime | None
    """Known from its delivery on."""


def taken_from(owed: Sequence[Money], due: Money) -> list[Money]:
    """How much of each debt is kept of what is due, the oldest first; no more than is due."""
    left, parts = due, []
    for each in owed:
        part = min(each, left)
        parts.append(part)
        left -= part
    return parts
