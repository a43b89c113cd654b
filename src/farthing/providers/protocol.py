"""What we ask of a payment company, in our words. Only its own module knows its words.

Every method may raise ProviderError (it refused: an answer) or ProviderUnavailable (no answer: what happened is unknown, and
the same call with the same key must be made again). None of them is ever called with a transaction open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from farthing.money import Money
from farthing.providers.accounts import AccountProvider
from farthing.providers.customers import CustomerProvider
from farthing.providers.disputes import DisputeProvider
from farthing.providers.intents import CaptureMethod, IntentProvider
from farthing.providers.listing import ListingProvider
from farthing.providers.payouts import PayoutProvider
from farthing.providers.refunds import RefundProvider
from farthing.providers.subscriptions import SubscriptionProvider
from farthing.providers.transfers import TransferProvider

SubjectKind = Literal[
    "checkout",
    "payment",
    "refund",
    "customer",
    "payment_method",
    "dispute",
    "fraud_warning",
    "subscription",
    "subscription_checkout",
    "account",
    "payout",
    "transfer",
    "tracker",
]


@dataclass(frozen=True, slots=True)
class RequestedItem:
    """One line of the provider's page. With `price_id` the provider's own price is used, else name and amount as given."""

    name: str
    quantity: int
    unit: Money
    price_id: str | None = None
    description: str | None = None
    """Why it costs what it costs, where that is not plain: what was taken off."""


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What a payment page is asked for. Stored before the call, so that a repetition is word for word the same."""

    items: Sequence[RequestedItem]
    total: Money
    success_url: str
    cancel_url: str
    expires_at: datetime
    reference: str
    payment_reference: str
    order_number: str
    email: str | None = None
    customer_id: str | None = None
    customer_reference: str | None = None
    """Our id of a signed-in customer: the page is opened for them once the provider has them. None for a guest."""
    save_method: bool = False
    """Whether what pays is kept with the customer, to be charged later while they are away."""
    capture_method: CaptureMethod = "automatic"
    metadata: Mapping[str, str] = field(default_factory=dict)
    """For those who read the session or the payment at the provider. Our own marks go above it."""


@dataclass(frozen=True, slots=True)
class SeenCheckout:
    """A payment page as the provider has it now."""

    id: str
    status: Literal["open", "complete", "expired"]
    paid: bool
    url: str | None
    total: Money | None
    payment_id: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A refund as the provider has it now. `reference` is our refund's id where we asked for it."""

    id: str
    payment_id: str | None
    status: Literal["pending", "succeeded", "failed", "canceled"]
    money: Money
    reference: str | None
    failure_reason: str | None = None
    pending_reason: str | None = None


@dataclass(frozen=True, slots=True)
class SeenPayment:
    """A payment as the provider has it now. `reference` is our payment's id; None means the payment is not ours."""

    id: str
    status: Literal["open", "processing", "authorized", "succeeded", "canceled"]
    received: Money | None
    reference: str | None
    charge_id: str | None = None
    fee: Money | None = None
    card_brand: str | None = None
    card_last4: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    held: Money | None = None
    """What the bank keeps for us until it is captured, where it is authorized."""
    capture_before: datetime | None = None
    """Until when it can be captured, where the provider says so."""
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified event of the provider: what it is about, and perhaps what it says."""

    id: str
    type: str
    livemode: bool
    account: str
    api_version: str | None
    occurred_at: datetime | None
    subject_kind: SubjectKind | None
    subject_id: str | None
    reason: str | None
    """Why nothing follows from it, where nothing does."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """After so many days, weeks, months or years."""

    interval: str
    count: int = 1

    def __str__(self) -> str:
        return f"every {self.interval}" if self.count == 1 else f"every {self.count} {self.interval}s"


@dataclass(frozen=True, slots=True)
class CatalogPrice:
    """A price as the catalog wants it."""

    lookup_key: str
    unit: Money
    recurring: Recurring | None = None
    """After what it is paid again; None for what is paid once."""
    name: str | None = None
    """Of a recurring price: its name in farthing.toml, which the provider keeps with it."""


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """A product as the catalog wants it. `key` is its name in farthing.toml, and ties theirs to ours."""

    key: str
    name: str
    description: str | None
    active: bool
    prices: Sequence[CatalogPrice]


@dataclass(frozen=True, slots=True)
class SeenPrice:
    id: str
    lookup_key: str | None
    unit: Money | None
    active: bool
    product_id: str
    recurring: Recurring | None = None


@dataclass(frozen=True, slots=True)
class SeenProduct:
    """A product at the provider that carries our mark. `key` is the product of farthing.toml it stands for."""

    id: str
    key: str
    name: str
    description: str | None
    active: bool
    prices: Sequence[SeenPrice] = field(default_factory=tuple)


class PaymentProvider(
    AccountProvider,
    CustomerProvider,
    DisputeProvider,
    ListingProvider,
    RefundProvider,
    IntentProvider,
    SubscriptionProvider,
    TransferProvider,
    PayoutProvider,
    Protocol,
):
    """A payment company. `name` is the word in our tables; `livemode` says whether its money is real."""

    name: str
    livemode: bool

    async def create_checkout(self, request: CheckoutRequest, *, key: str) -> SeenCheckout:
        """Open a payment page. The same key returns the same page."""

    async def checkout(self, id: str) -> SeenCheckout: ...

    async def expire_checkout(self, id: str) -> SeenCheckout:
        """Close the page if it is still open; the answer says how it really stands."""

    async def payment(self, id: str) -> SeenPayment:
        """The payment with its fee, where that is known already."""

    async def refunds(self, payment_id: str) -> list[SeenRefund]: ...

    async def create_refund(self, payment_id: str, money: Money, *, reference: str, reason: str, key: str) -> SeenRefund:
        """Give money back. The same key returns the same refund."""

    async def refund(self, id: str) -> SeenRefund: ...

    def verify(self, body: bytes, signature: str | None, *, now: float) -> Notice:
        """Read a delivery. Raises Malformed for everything that is not signed, fresh and well formed."""

    def conclusive_payment(self, body: bytes) -> SeenPayment | None:
        """The payment in a verified body, where no later look could contradict it; else None."""

    # What is for sale.
    async def catalog(self) -> list[SeenProduct]:
        """All products that carry our mark, archived ones too, with all their prices."""

    async def create_product(self, item: CatalogItem, *, key: str) -> SeenProduct: ...

    async def update_product(self, id: str, item: CatalogItem, *, key: str) -> SeenProduct: ...

    async def archive_product(self, id: str, *, key: str) -> SeenProduct: ...

    async def create_price(self, product_id: str, price: CatalogPrice, *, key: str) -> SeenPrice:
        """Make a price and move the lookup key to it."""

    async def archive_price(self, id: str, *, key: str) -> SeenPrice: ...

    async def close(self) -> None: ...
