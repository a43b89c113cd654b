"""What we ask of a payment company about subscriptions and their invoices, in our words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from farthing.money import Money
    from farthing.providers.customers import SeenMethod


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """What a subscription is asked for with. Stored before the call, so that a repetition is word for word the same.

    With `success_url` a payment page is opened for it; with `method` a saved way to pay is charged; with neither the buyer's
    browser pays its first invoice by a client secret.
    """

    reference: str
    price_id: str
    quantity: int
    customer_reference: str
    """Our id of the customer: asked for once the provider has them."""
    customer_id: str | None = None
    trial_days: int | None = None
    trial_needs_card: bool = True
    coupon_id: str | None = None
    method: str | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    expires_at: datetime | None = None
    automatic_tax: bool = False
    """The provider computes the tax; on a page it asks for the address and the tax id."""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CouponRequest:
    """A copy of one of our coupons, for the provider to take it off invoices. `id` is ours, and another rule has another id.

    Either `percent`, such as "12.5", or `off` in minor units of `currency`. With `products` it is taken off these only.
    """

    id: str
    coupon: str
    """Our key of it."""
    name: str
    duration: Literal["once", "repeating", "forever"]
    months: int | None = None
    percent: str | None = None
    off: int | None = None
    currency: str | None = None
    products: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SeenDiscount:
    """What is taken off a subscription: by which coupon of the provider, and which of ours that is a copy of.

    `off` is what it takes off one period. `ends_at` None: it goes on, or is for one invoice only.
    """

    coupon_id: str
    coupon: str | None
    name: str | None
    duration: str
    off: int
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What a change of a subscription is asked for with. Stored before the call, and the same for its preview.

    With `prorated_at` what is left of the running period is settled from that moment on, at once; without, nothing is.
    `coupon_id` is put on instead of those there are; "" takes them off; with either, price and quantity stay.
    """

    item_id: str
    price_id: str
    quantity: int
    prorated_at: datetime | None = None
    coupon_id: str | None = None
    keeps_price: bool = False
    """The price that was bought stays, and is not named: the provider refuses one that is sold no more."""


@dataclass(frozen=True, slots=True)
class SeenSubscriptionCheckout:
    """A payment page as the provider has it now. `subscription_id` is there once it is paid."""

    id: str
    status: Literal["open", "complete", "expired"]
    url: str | None
    reference: str | None
    subscription_id: str | None


@dataclass(frozen=True, slots=True)
class SubscriptionSecret:
    """What the buyer's browser needs to pay the first invoice, or to save a card for a trial. For it alone: never stored."""

    subscription_id: str
    client_secret: str | None = field(repr=False)
    kind: Literal["payment", "setup"] | None


@dataclass(frozen=True, slots=True)
class SeenSubscription:
    """A subscription as the provider has it now. Of one with several items, the first that is ours counts.

    `unit` is None where a price is not one amount. `reference` is the id of our start of it, where there was one.
    """

    id: str
    status: str
    customer_id: str
    reference: str | None
    created_at: datetime
    started_at: datetime
    item_id: str
    product_id: str
    price_id: str
    price_name: str | None
    unit: Money | None
    currency: str
    interval: str
    interval_count: int
    quantity: int
    period_start: datetime
    period_end: datetime
    trial_start: datetime | None
    trial_end: datetime | None
    cancel_at: datetime | None
    cancel_at_period_end: bool
    canceled_at: datetime | None
    ended_at: datetime | None
    cancel_reason: str | None
    cancel_comment: str | None
    pause_behavior: str | None
    pause_resumes_at: datetime | None
    discounts: Sequence[SeenDiscount]
    has_method: bool
    pending_until: datetime | None = None
    """A change waits for its money until then."""
    card_fingerprint: str | None = None
    """Of the card that pays for it: the same for the same card, whoever shows it."""

    @property
    def discount(self) -> int:
        """What is taken off each period for longer than once."""
        return sum(each.off for each in self.discounts if each.duration != "once")


@dataclass(frozen=True, slots=True)
class SeenTax:
    """A tax of a line or of an invoice. `percent` is written as "19" or "9.975"; None where the provider does not say it."""

    amount: int
    inclusive: bool
    percent: str | None
    name: str | None
    reason: str | None
    """Why so much, in the provider's word."""


@dataclass(frozen=True, slots=True)
class SeenInvoiceLine:
    """`of_subscription`: a stretch of the subscription itself, and nothing that was added once."""

    id: str
    description: str | None
    quantity: int
    amount: int
    discount: int
    taxes: Sequence[SeenTax]
    period_start: datetime
    period_end: datetime
    proration: bool
    of_subscription: bool
    product_id: str | None
    price_id: str | None

    @property
    def tax(self) -> int:
        return sum(each.amount for each in self.taxes)


@dataclass(frozen=True, slots=True)
class SeenInvoicePayment:
    """Money that came in for an invoice, by one payment of the provider."""

    payment_id: str
    amount: int
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeenInvoice:
    """An invoice as the provider has it now. Amounts are minor units of its currency; `paid` are payments that came in."""

    id: str
    subscription_id: str | None
    customer_id: str | None
    number: str | None
    status: str
    billing_reason: str | None
    currency: str
    subtotal: int
    discount: int
    taxes: Sequence[SeenTax]
    total: int
    amount_due: int
    amount_paid: int
    amount_remaining: int
    period_start: datetime
    period_end: datetime
    attempt_count: int
    next_attempt_at: datetime | None
    hosted_url: str | None
    pdf_url: str | None
    created_at: datetime
    finalized_at: datetime | None
    paid_at: datetime | None
    voided_at: datetime | None
    lines: Sequence[SeenInvoiceLine]
    payments: Sequence[SeenInvoicePayment]

    @property
    def tax(self) -> int:
        return sum(each.amount for each in self.taxes)


@dataclass(frozen=True, slots=True)
class SavedOnPage:
    """What came of a page for saving a way to pay: whose it is, and what was saved, once it was."""

    customer_id: str | None
    method_id: str | None


class SubscriptionProvider(Protocol):
    async def create_coupon(self, request: CouponRequest, *, key: str) -> None:
        """Make the copy of a coupon, or find that it is there. Raises ProviderError where its id is that of another rule."""

    async def create_subscription_checkout(self, request: SubscriptionRequest, *, key: str) -> SeenSubscriptionCheckout:
        """Open a payment page for it. The same key returns the same page."""

    async def subscription_checkout(self, id: str) -> SeenSubscriptionCheckout: ...

    async def create_subscription(self, request: SubscriptionRequest, *, key: str) -> SubscriptionSecret:
        """Begin it without a page. The same key returns the same one. A decline leaves it incomplete: the answer says so."""

    async def subscription_secret(self, id: str) -> SubscriptionSecret:
        """Of one that waits for the buyer; without a secret where it does not."""

    async def subscription(self, id: str) -> SeenSubscription: ...

    async def subscriptions_of(self, customer_id: str) -> Sequence[SeenSubscription]:
        """All of one customer, ended ones too."""

    async def invoices_of(self, subscription_id: str, *, since: datetime | None = None) -> Sequence[SeenInvoice]:
        """All that were made since then, newest first."""

    async def subscription_paid_by(self, payment_id: str) -> str | None:
        """The subscription whose invoice a payment is for; None where it is for none."""

    async def cancel_subscription(self, id: str, *, comment: str | None, key: str) -> None:
        """End it now. Nothing is given back. Ending what has ended changes nothing."""

    async def cancel_subscription_at_end(self, id: str, *, comment: str | None, key: str) -> None:
        """Let it end with the period that is paid."""

    async def keep_subscription(self, id: str, *, key: str) -> None:
        """Let it not end after all."""

    async def pay_invoice(self, id: str, *, method: str | None, key: str) -> str | None:
        """Charge it now, while its owner is away: None where it is paid, else why not, in the provider's word. The same key
        returns the same answer."""

    async def invoice_trouble(self, id: str) -> str | None:
        """Why the last payment of it failed, in the provider's word."""

    async def pay_with(self, subscription_id: str, method: str, *, key: str) -> None:
        """From now on this pays for it."""

    async def paying_method(self, subscription_id: str) -> SeenMethod | None:
        """What its next period will be charged to."""

    async def saved_on_page(self, setup_id: str) -> SavedOnPage:
        """What a customer saved on a page that was made for that."""

    async def preview_change(self, id: str, request: ChangeRequest, *, recurring: bool) -> SeenInvoice:
        """The invoice that would come of it: the next one, or `recurring` what each period costs from then on."""

    async def change_subscription(self, id: str, request: ChangeRequest, *, key: str) -> None:
        """Change it if its money comes at once; otherwise the change waits for the money, and all stays as it is."""

    async def pause_subscription(self, id: str, *, key: str) -> None:
        """Ask for no money any more until it goes on."""

    async def unpause_subscription(self, id: str, *, anew: bool, key: str) -> None:
        """Go on. `anew`: with a new period from now on, paid now. Of one that is not paused, nothing."""
