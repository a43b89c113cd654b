"""What a payment company has, page by page: its events, and the objects that our rows are compared with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from farthing.money import Money

if TYPE_CHECKING:
    from farthing.providers.disputes import SeenDispute
    from farthing.providers.payouts import SeenPayout
    from farthing.providers.protocol import Notice, SeenCheckout, SeenPayment, SeenRefund
    from farthing.providers.subscriptions import SeenInvoice, SeenSubscription
    from farthing.providers.transfers import SeenTransfer

Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event as its list has it. It is not signed: that it came from the provider is known by who was asked."""

    notice: Notice
    body: bytes


@dataclass(frozen=True, slots=True)
class Listed(Generic[Seen]):
    """An object as its list has it. `asked` and `refunded` are a payment's; refunded counts what is on its way as well."""

    seen: Seen
    livemode: bool
    created_at: datetime
    asked: Money | None = None
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of the money that the provider holds for us, before its fee, in the currency of the object behind it.

    `payment_id`, `refund_id`, `dispute_id`, `transfer_id` and `reversal_id` are the provider's; with none of them it is about
    something else: a payout to the shop's own bank.
    """

    id: str
    money: Money
    fee: Money
    payment_id: str | None
    refund_id: str | None
    dispute_id: str | None
    transfer_id: str | None = None
    reversal_id: str | None = None
    returned: bool = False
    """Whether a refund came back from the bank."""


class ListingProvider(Protocol):
    """Lists come in pages, newest first. `since` and `before` are moments by the provider's own clock.

    Nothing is held in memory but one page. Where the provider says we ask too often, we wait and ask again.
    """

    def events(self, *, since: datetime, before: datetime | None = None) -> AsyncIterator[Sequence[ListedEvent]]:
        """What happened, for as long as the provider remembers it: 30 days at Stripe."""

    def list_payments(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenPayment]]]: ...

    def list_refunds(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenRefund]]]: ...

    def list_checkouts(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenCheckout]]]: ...

    def list_disputes(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenDispute]]]: ...

    def list_subscriptions(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenSubscription]]]: ...

    def list_invoices(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenInvoice]]]: ...

    def list_transfers(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenTransfer]]]: ...

    def list_payouts(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenPayout]]]:
        """Of all accounts of sellers, one after the other."""

    def list_movements(self) -> AsyncIterator[Sequence[Movement]]: ...

    async def find_payment(self, id: str) -> Listed[SeenPayment] | None:
        """As the list would have it; None where the provider has none of this id."""

    async def find_refund(self, id: str) -> Listed[SeenRefund] | None: ...

    async def find_checkout(self, id: str) -> Listed[SeenCheckout] | None: ...

    async def find_dispute(self, id: str) -> Listed[SeenDispute] | None: ...

    async def find_subscription(self, id: str) -> Listed[SeenSubscription] | None: ...

    async def find_invoice(self, id: str) -> Listed[SeenInvoice] | None: ...

    async def find_listed_transfer(self, id: str) -> Listed[SeenTransfer] | None: ...

    async def find_payout(self, id: str) -> Listed[SeenPayout] | None: ...
