"""What was called off, by whom and why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from farthing.errors import Invalid
from farthing.ids import CancellationId, LineItemId, OrderId, RefundId, SellerOrderId

REASON_MAX: Final = 500

Party = Literal["buyer", "seller", "platform"]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """So many units of a seller order that are not sent."""

    id: CancellationId
    seller_order_id: SellerOrderId
    order_id: OrderId
    party: Party
    actor: str
    reason: str | None
    refund_id: RefundId | None
    """None where nothing of it was paid, or all of that went back before."""
    canceled_at: datetime
    lines: Sequence[tuple[LineItemId, int]]


def checked_reason(reason: str | None, party: Party) -> str | None:
    """Raises Invalid for none, where a seller lets a buyer down."""
    said = (reason or "").strip()
    if len(said) > REASON_MAX or "\0" in said:
        raise Invalid(f"A reason has at most {REASON_MAX} characters.", param="reason")
    if not said and party == "seller":
        raise Invalid("Say why: the buyer waits for it.", param="reason")
    return said or None
