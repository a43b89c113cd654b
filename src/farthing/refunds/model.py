"""What a request for money back is, and what a refund would do, in figures."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from farthing.ids import LineItemId, OrderId, PaymentId, RefundId, RefundRequestId
from farthing.lifecycles import OrderStatus, RefundRequestStatus
from farthing.money import Money
from farthing.payments.model import RefundReason, WantedLine


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is to go back: an amount, some lines, or all that is left where neither is said."""

    money: Money | None = None
    lines: tuple[WantedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundRequest:
    id: RefundRequestId
    order_id: OrderId
    refund_id: RefundId | None
    status: RefundRequestStatus
    money: Money
    lines: tuple[WantedLine, ...]
    reason: RefundReason
    message: str | None
    """The buyer's own words."""
    note: str | None
    requested_by: str
    needs_second: bool
    first_approver: str | None
    second_approver: str | None
    closed_by: str | None
    requested_at: datetime
    closed_at: datetime | None

    @property
    def waits_for_second(self) -> bool:
        return self.status == RefundRequestStatus.REQUESTED and self.first_approver is not None

    @property
    def wanted(self) -> Wanted:
        return Wanted(lines=self.lines) if self.lines else Wanted(money=self.money)


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """What would go back of one line, in minor units of the order's currency."""

    line: LineItemId
    product: str
    quantity: int
    amount: int
    tax: int
    discount: int
    platform_fee: int
    organization_fee: int
    seller_share: int
    gone: bool
    """Nothing of it would be left with the buyer: what it granted would be revoked."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A line of the books that the refund would write."""

    source: str
    target: str
    money: Money


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would bear what, as things stand."""

    order_id: OrderId
    payment_id: PaymentId
    money: Money
    """What the buyer gets."""
    tax: Money
    platform_fee: Money
    organization_fee: Money
    seller_share: Money
    revenue: Money
    """What the shop gives up: the amount without tax and the others' shares, the platform's fee included."""
    fee_kept: Money | None
    """What the provider keeps of its fee for this part; None where the fee is not known yet."""
    left: Money
    """What could still be given back afterwards."""
    order_becomes: OrderStatus
    revoked: tuple[str, ...]
    """Features the buyer would lose."""
    needs_second: bool
    lines: tuple[PreviewLine, ...]
    postings: tuple[Posting, ...]

    @property
    def figure(self) -> str:
        """Stands for all that would move. A refund that is given it is made at exactly these figures, or not at all."""
        moves = [str(self.order_id), str(self.payment_id), str(self.money), str(self.left), str(self.order_becomes)]
        moves += [repr((str(line.line), *(getattr(line, name) for name in _FIGURES))) for line in self.lines]
        return hashlib.sha256("\n".join(moves).encode()).hexdigest()[:32]


_FIGURES = ("quantity", "amount", "tax", "discount", "platform_fee", "organization_fee", "seller_share", "gone")


def total_of(lines: Sequence[PreviewLine], name: str) -> int:
    return sum(getattr(line, name) for line in lines)
