"""What goes from the platform to a seller, and back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from farthing.earnings.model import Earning
from farthing.ids import LineItemId, OrderId, PayoutId, SellerId, SellerOrderId, TransferId, TransferReversalId
from farthing.lifecycles import PayoutStatus, TransferReversalStatus, TransferStatus
from farthing.money import Money
from farthing.providers import Funds, PayoutWanted


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
class Payout:
    """Money that goes on from a seller's account to their bank."""

    id: PayoutId
    seller_id: SellerId
    provider: str
    livemode: bool
    provider_account_id: str
    provider_payout_id: str | None
    money: Money
    """Below zero where one that had arrived was brought back."""
    status: PayoutStatus
    automatic: bool
    requested_by: str | None
    """None where nobody here asked for it."""
    retry_of: PayoutId | None
    requested_at: datetime
    asked_at: datetime | None
    sent_at: datetime | None
    arrives_at: datetime | None
    paid_at: datetime | None
    closed_at: datetime | None
    last4: str | None
    failure_code: str | None
    failure_message: str | None

    @property
    def name_there(self) -> str:
        """By which the provider is asked for it."""
        return f"{self.provider_account_id}/{self.provider_payout_id}"

    def wanted(self) -> PayoutWanted:
        return PayoutWanted(self.provider_account_id, self.money, reference=str(self.id))


StatedKind = Literal[
    "opening",
    "sale",
    "platform_fee",
    "organization_fee",
    "refund",
    "dispute",
    "sent_before",
    "debt",
    "dispute_fee",
    "transfer",
    "reversal",
    "returned",
    "payout",
    "closing",
]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """`transfer`: one that does not say what it is made of; `payout`: another one, between this and the one before."""

    at: datetime
    kind: StatedKind
    money: Money
    number: str | None = None
    """Of the seller order."""
    name: str | None = None
    """What was sold."""
    reference: str | None = None
    """The refund or dispute."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a payout is made of. What was there and the lines, less what stays, are what went to the bank."""

    payout: Payout
    since: datetime | None
    opening: Money
    lines: Sequence[StatementLine]

    @property
    def closing(self) -> Money:
        """Not there yet, or still held."""
        return sum((line.money for line in self.lines), start=self.opening) - self.payout.money

    @property
    def all_lines(self) -> Sequence[StatementLine]:
        """Their sum is what went to the bank."""
        until = self.payout.sent_at or self.payout.requested_at
        found = [
            StatementLine(self.since or until, "opening", self.opening),
            *self.lines,
            StatementLine(until, "closing", -self.closing),
        ]
        return [line for line in found if line.money]


def payable(funds: Funds, held: Money | None) -> Money:
    """What of it may go to the bank: no more than is there, and nothing that is still held."""
    there = funds.available if held is None else min(funds.available, funds.available + funds.pending - held)
    return max(there, Money.zero(there.currency))


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
    """On their account: sent there, less what was taken back and what went on to their bank."""
    early: Money
    """What of it is there before its time, and does not go on to their bank yet."""
    to_bank: Money
    """On its way to their bank."""
    paid_out: Money
    """With their bank."""
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


LineKind = Literal["sale", "platform_fee", "organization_fee", "refund", "dispute", "sent_before", "debt", "dispute_fee"]


@dataclass(frozen=True, slots=True)
class TransferLine:
    """A part of what a transfer comes to: what was sold, less what others had of it, what went back, and what was owed."""

    kind: LineKind
    line_id: LineItemId
    money: Money
    reference: str | None = None
    """The refund or dispute that took it."""


def lines_of(earning: Earning, reversals: Sequence[tuple[str, Money]]) -> list[TransferLine]:
    """What is pending of an earning, part by part; what went back is told as the seller's share of it."""
    shares = earning.shares
    found = [
        TransferLine("sale", earning.line_id, shares.total),
        TransferLine("platform_fee", earning.line_id, -shares.platform_fee),
        TransferLine("organization_fee", earning.line_id, -shares.organization_fee),
        *(TransferLine(_kind(name), earning.line_id, -share, name) for name, share in reversals),
        TransferLine("sent_before", earning.line_id, -earning.transferred),
    ]
    return [each for each in found if each.money] if earning.pending else []


def _kind(reference: str) -> LineKind:
    return "dispute" if reference.startswith("dispute_") else "refund"


def taken_from(owed: Sequence[Money], due: Money) -> list[Money]:
    """How much of each debt is kept of what is due, the oldest first; no more than is due."""
    left, parts = due, []
    for each in owed:
        part = min(each, left)
        parts.append(part)
        left -= part
    return parts
