"""`[returns]`: what a buyer may call off and send back, and on what terms."""

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from farthing.catalog.values import Table

DAYS_MAX: Final = 3650
SEND_DAYS_MAX: Final = 365

RefundAt = Literal["receipt", "approval"]
WayBack = Literal["buyer", "seller"]


@dataclass(frozen=True, slots=True)
class ReturnPolicy:
    """Without the table: fourteen days, decided by a person, paid back when it has come, and the buyer pays for the way."""

    days: int = 14
    """After its delivery; 0: nothing is taken back, unless its product says otherwise."""
    auto_approve: bool = False
    refund_at: RefundAt = "receipt"
    restocking_basis_points: int = 0
    way_back: WayBack = "buyer"
    send_days: int = 14
    buyer_cancels: bool = True


class ReturnsTable(Table):
    """What a buyer may call off before it is sent, and send back after it arrived. What arrived damaged or wrong costs the
    buyer nothing, whatever stands here."""

    days: int = Field(
        default=14, ge=0, le=DAYS_MAX, description="How many days after its delivery something may be sent back; 0: not at all."
    )
    auto_approve: bool = Field(default=False, description="true: what is asked for in time is approved by itself.")
    refund_at: RefundAt = Field(
        default="receipt", description='When the money goes back: at the "receipt" of the things, or at the "approval".'
    )
    restocking_basis_points: int = Field(
        default=0, ge=0, le=10_000, description="What is kept of the price, in hundredths of a percent: 1000 is 10 %."
    )
    way_back: WayBack = Field(default="buyer", description="Who pays the carrier for the way back.")
    send_days: int = Field(
        default=14, ge=1, le=SEND_DAYS_MAX, description="How many days after the approval it must be on its way."
    )
    buyer_cancels: bool = Field(default=True, description="false: what is paid is called off by its seller or by you alone.")


def returns_of(table: ReturnsTable) -> ReturnPolicy:
    return ReturnPolicy(
        days=table.days,
        auto_approve=table.auto_approve,
        refund_at=table.refund_at,
        restocking_basis_points=table.restocking_basis_points,
        way_back=table.way_back,
        send_days=table.send_days,
        buyer_cancels=table.buyer_cancels,
    )
