"""Subscriptions as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.discounts import Duration
from farthing.http.bodies import MoneyShown, Shown
from farthing.ids import public
from farthing.invoices import Invoice
from farthing.lifecycles import InvoiceStatus, SubscriptionStatus
from farthing.money import Money
from farthing.subscriptions.model import Begun, PlanDiscount, Subscription
from farthing.subscriptions.starting import Quoted


class DiscountShown(Shown):
    """What is taken off at the provider."""

    coupon: str | None = Field(description="Yours; null for one that was made at the provider.")
    name: str | None
    duration: str = Field(description="once: its next invoice; repeating: until ends_at; forever.")
    amount: MoneyShown = Field(description="What it takes off a period.")
    ends_at: datetime | None


class PlanDiscountShown(Shown):
    """What a promotion code takes off a plan."""

    coupon: str
    code: str
    name: str
    amount: MoneyShown = Field(description="What it takes off each period that it counts for, before taxes.")
    duration: Duration = Field(description="once: the first paid invoice; repeating: those of some months; forever.")
    duration_months: int | None

    @classmethod
    def of(cls, found: PlanDiscount, currency: str) -> "PlanDiscountShown":
        return cls(
            coupon=found.coupon,
            code=found.code,
            name=found.name,
            amount=MoneyShown.of(Money(found.off, currency)),
            duration=found.duration,
            duration_months=found.months,
        )


class SubscriptionShown(Shown):
    id: str = Field(examples=["subscription_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["subscription"] = "subscription"
    status: SubscriptionStatus
    customer: str
    plan: str
    price: str | None = Field(description="Its name in the catalog; null for a price that is not of the catalog.")
    group: str
    quantity: int
    unit: MoneyShown
    amount: MoneyShown = Field(description="What a whole period costs, before discounts.")
    discount: MoneyShown = Field(description="What is taken off each period.")
    discounts: list[DiscountShown] = Field(description="By what, and until when; also what is for the next invoice only.")
    interval: str
    interval_count: int
    started_at: datetime
    current_period_start: datetime
    current_period_end: datetime
    trial_end: datetime | None
    paid_until: datetime | None
    access_until: datetime | None = Field(description="Until when it may be used: what is paid, and the grace after it.")
    ends_at: datetime | None = Field(description="When it will be over, or was; null while it goes on.")
    canceled_at: datetime | None
    cancel_reason: str | None
    paused: bool = Field(description="No money is asked for until it is resumed.")
    resume_at: datetime | None = Field(description="When a paused one goes on by itself.")
    duplicate_of: str | None = Field(description="Another live one of the group, which counts instead: end one of them.")

    @classmethod
    def of(cls, found: Subscription) -> "SubscriptionShown":
        return cls(
            id=str(found.id),
            status=found.status,
            customer=str(found.customer_id),
            plan=found.plan,
            price=found.price,
            group=found.plan_group,
            quantity=found.quantity,
            unit=MoneyShown.of(found.unit),
            amount=MoneyShown.of(found.amount),
            discount=MoneyShown.of(Money(found.discount_amount, found.currency)),
            discounts=[
                DiscountShown(
                    coupon=each.coupon,
                    name=each.name,
                    duration=each.duration,
                    amount=MoneyShown.of(Money(each.off, found.currency)),
                    ends_at=each.ends_at,
                )
                for each in found.discounts
            ],
            interval=found.interval,
            interval_count=found.interval_count,
            started_at=found.started_at,
            current_period_start=found.current_period_start,
            current_period_end=found.current_period_end,
            trial_end=found.trial_end,
            paid_until=found.paid_until,
            access_until=found.access_until,
            ends_at=found.ends_at,
            canceled_at=found.canceled_at,
            cancel_reason=found.cancel_reason,
            paused=found.is_paused,
            resume_at=found.resume_at if found.is_paused else None,
            duplicate_of=public(found.duplicate_of),
        )


class BegunShown(Shown):
    id: str = Field(description="The start; the subscription itself is there once it is begun.")
    object: Literal["subscription_start"] = "subscription_start"
    plan: str
    price: str
    quantity: int
    amount: MoneyShown = Field(description="What a whole period costs.")
    discount: PlanDiscountShown | None
    first_amount: MoneyShown = Field(description="What the first paid period costs, before taxes.")
    trial_days: int | None
    url: str | None = Field(description="Send the buyer here; null where it was begun directly.")
    expires_at: datetime | None
    subscription: SubscriptionShown | None
    client_secret: str | None = Field(
        description="For the buyer's browser, which pays or saves a card with it. Not to be kept."
    )
    secret_kind: Literal["payment", "setup"] | None

    @classmethod
    def of(cls, begun: Begun) -> "BegunShown":
        return cls(
            id=str(begun.start_id),
            plan=begun.plan,
            price=begun.price,
            quantity=begun.quantity,
            amount=MoneyShown.of(begun.amount),
            discount=None if begun.discount is None else PlanDiscountShown.of(begun.discount, begun.amount.currency),
            first_amount=MoneyShown.of(begun.first_amount),
            trial_days=begun.trial_days,
            url=begun.url,
            expires_at=begun.expires_at,
            subscription=None if begun.subscription is None else SubscriptionShown.of(begun.subscription),
            client_secret=begun.client_secret,
            secret_kind=begun.secret_kind,
        )


class QuotedShown(Shown):
    """What it would cost to begin a plan."""

    object: Literal["subscription_preview"] = "subscription_preview"
    plan: str
    price: str
    quantity: int
    amount: MoneyShown = Field(description="What a whole period costs.")
    interval: str
    interval_count: int
    discount: PlanDiscountShown | None
    first_amount: MoneyShown = Field(description="What the first paid period costs, before taxes.")
    trial_days: int | None

    @classmethod
    def of(cls, found: Quoted) -> "QuotedShown":
        chosen, amount = found.chosen, found.amount
        return cls(
            plan=chosen.product.key,
            price=chosen.price.key,
            quantity=chosen.quantity,
            amount=MoneyShown.of(amount),
            interval=chosen.price.interval,
            interval_count=chosen.price.interval_count,
            discount=None if found.discount is None else PlanDiscountShown.of(found.discount, amount.currency),
            first_amount=MoneyShown.of(found.first_amount),
            trial_days=found.trial_days,
        )


class InvoiceShown(Shown):
    id: str
    object: Literal["invoice"] = "invoice"
    status: InvoiceStatus
    subscription: str | None
    number: str | None
    reason: str | None
    subtotal: MoneyShown
    discount: MoneyShown
    tax: MoneyShown
    total: MoneyShown
    paid: MoneyShown
    period_start: datetime
    period_end: datetime
    attempt_count: int
    next_payment_attempt_at: datetime | None
    url: str | None = Field(description="The provider's page of it, where it can be paid.")
    pdf_url: str | None
    issued_at: datetime
    paid_at: datetime | None

    @classmethod
    def of(cls, found: Invoice) -> "InvoiceShown":
        def money(amount: int) -> MoneyShown:
            return MoneyShown.of(Money(amount, found.currency))

        return cls(
            id=str(found.id),
            status=found.status,
            subscription=public(found.subscription_id),
            number=found.provider_number,
            reason=found.billing_reason,
            subtotal=money(found.subtotal_amount),
            discount=money(found.discount_amount),
            tax=money(found.tax_amount),
            total=money(found.total_amount),
            paid=money(found.paid_amount),
            period_start=found.period_start,
            period_end=found.period_end,
            attempt_count=found.attempt_count,
            next_payment_attempt_at=found.next_payment_attempt_at,
            url=found.hosted_url,
            pdf_url=found.pdf_url,
            issued_at=found.issued_at,
            paid_at=found.paid_at,
        )
