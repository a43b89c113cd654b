"""What a subscription is, until when it may be used, and what is new about it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from farthing.discounts.model import Duration
from farthing.ids import CustomerId, SubscriptionId, SubscriptionStartId
from farthing.lifecycles import LIVE_SUBSCRIPTION, CheckoutStatus, SubscriptionStatus
from farthing.money import Money
from farthing.providers import SeenDiscount, SubscriptionRequest

NEWS_EXPECTED: Final = timedelta(hours=2)
"""After the end of a period: a renewal's invoice is charged an hour after it, https://docs.stripe.com/billing/invoices/subscription."""

LOOK_AGAIN: Final = timedelta(hours=6)
LOOK_DAILY: Final = timedelta(days=1)

WAITED_FOR: Final = frozenset(
    {SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING, SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID}
)
"""Of these we expect the money for the next period."""

USABLE: Final = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING})

Way = Literal["page", "direct"]


@dataclass(frozen=True, slots=True)
class PlanDiscount:
    """What a promotion code takes off a plan: `off`, in minor units, off each period that it counts for, before taxes."""

    coupon: str
    code: str
    name: str
    off: int
    duration: Duration
    months: int | None


@dataclass(frozen=True, slots=True)
class Start:
    """The intention to begin a subscription. `way`: on the provider's page, or directly."""

    id: SubscriptionStartId
    customer_id: CustomerId
    provider: str
    livemode: bool
    plan: str
    price: str
    plan_group: str
    quantity: int
    unit: Money
    interval: str
    interval_count: int
    trial_days: int | None
    trial_given: bool
    """Somebody of the shop said so: nobody asks who tried before."""
    discount: PlanDiscount | None
    way: Way
    status: CheckoutStatus
    provider_checkout_id: str | None
    url: str | None
    request: SubscriptionRequest
    success_url: str | None
    cancel_url: str | None
    metadata: Mapping[str, str]
    failure: str | None
    started_at: datetime
    expires_at: datetime

    @property
    def is_open(self) -> bool:
        return self.status in (CheckoutStatus.STARTING, CheckoutStatus.OPEN)

    def wants_the_same(self, other: "Start") -> bool:
        """Whether whoever wants the other can be given this one."""
        mine = (self.plan, self.price, self.quantity, self.unit, self.trial_days, self.discount, self.way)
        theirs = (other.plan, other.price, other.quantity, other.unit, other.trial_days, other.discount, other.way)
        urls = (self.success_url, self.cancel_url) == (other.success_url, other.cancel_url)
        method = self.request.method == other.request.method
        return mine == theirs and urls and method and self.metadata == other.metadata


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as we saw it last at the provider. What may be used follows from `paid_until`, and from no status."""

    id: SubscriptionId
    customer_id: CustomerId
    start_id: SubscriptionStartId | None
    provider: str
    livemode: bool
    provider_subscription_id: str
    provider_item_id: str
    provider_price_id: str
    plan: str
    price: str | None
    plan_group: str
    quantity: int
    unit_amount: int
    currency: str
    interval: str
    interval_count: int
    discount_amount: int
    status: SubscriptionStatus
    started_at: datetime
    current_period_start: datetime
    current_period_end: datetime
    trial_start: datetime | None
    trial_end: datetime | None
    trial_told_of: datetime | None
    cancel_at: datetime | None
    cancel_at_period_end: bool
    canceled_at: datetime | None
    ended_at: datetime | None
    cancel_reason: str | None
    cancel_comment: str | None
    pause_behavior: str | None
    pause_resumes_at: datetime | None
    has_method: bool
    paid_until: datetime | None
    grace_until: datetime | None
    duplicate_of: SubscriptionId | None
    look: int
    seen_at: datetime
    news_due_at: datetime | None
    created_at: datetime
    resume_at: datetime | None = None
    """When a paused one goes on by itself: ours, the provider knows nothing of it."""
    trial_refused_at: datetime | None = None
    """Since when its trial is known to be a second one: it is being ended, and may not be used."""
    discounts: tuple[SeenDiscount, ...] = ()
    """What is taken off at the provider, also what is for its next invoice only."""

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_SUBSCRIPTION

    @property
    def unit(self) -> Money:
        return Money(self.unit_amount, self.currency)

    @property
    def amount(self) -> Money:
        """What a whole period costs, before anything is taken off."""
        return self.unit * self.quantity

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)

    @property
    def ends_at(self) -> datetime | None:
        """When it will be over, or was: the portal says so by a moment alone, the API by both."""
        if self.ended_at is not None:
            return self.ended_at
        return self.cancel_at or (self.current_period_end if self.cancel_at_period_end else None)

    @property
    def is_paused(self) -> bool:
        """No money is asked for."""
        return self.is_live and (self.pause_behavior is not None or self.status == SubscriptionStatus.PAUSED)

    @property
    def access_until(self) -> datetime | None:
        """None: nothing was paid yet."""
        return self.grace_until or self.paid_until


@dataclass(frozen=True, slots=True)
class Begun:
    """What a caller gets who begins a subscription: a page to send the buyer to, or the subscription itself.

    `client_secret` is there where the buyer's browser has something to do: pay the first invoice ("payment", also where the
    bank wants to see the buyer), or save a card for the trial ("setup").
    """

    start_id: SubscriptionStartId
    plan: str
    price: str
    quantity: int
    amount: Money
    trial_days: int | None
    discount: PlanDiscount | None = None
    url: str | None = None
    expires_at: datetime | None = None
    subscription: Subscription | None = None
    client_secret: str | None = field(default=None, repr=False)
    secret_kind: Literal["payment", "setup"] | None = None
    replayed: bool = False

    @property
    def first_amount(self) -> Money:
        """What the first paid period costs, before taxes."""
        return self.amount - Money(0 if self.discount is None else self.discount.off, self.amount.currency)


def mailbox(address: str) -> str:
    """Where mail to it arrives, by whatever alias: case and what follows a plus count nowhere, dots not at Gmail."""
    local, _, domain = address.strip().casefold().rpartition("@")
    name = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}"


def grace_of(
    status: SubscriptionStatus, paid_until: datetime | None, cancel_at: datetime | None, grace: timedelta
) -> datetime | None:
    """Until when it may be used beyond what is paid: as long as we wait for money, and the end was not asked for."""
    if paid_until is None or status not in WAITED_FOR or not grace:
        return None
    if cancel_at is not None and cancel_at <= paid_until:
        return None
    return paid_until + grace


def paused_grace(found: Subscription, paid_until: datetime | None, access: str, grace: timedelta) -> datetime | None:
    """Nobody waits for money of a paused one: what is paid can be used, and more only where the shop wants it so."""
    if access == "paid" or paid_until is None:
        return None
    return max(paid_until, found.current_period_end) + grace


def news_due(subscription: Subscription, now: datetime) -> datetime | None:
    """When something should have been heard of it."""
    if not subscription.is_live:
        return None
    match subscription.status:
        case SubscriptionStatus.INCOMPLETE:
            return now + LOOK_AGAIN
        case SubscriptionStatus.ACTIVE | SubscriptionStatus.TRIALING:
            ends = [end for end in (subscription.current_period_end, subscription.ends_at) if end is not None]
            expected = min(ends) + NEWS_EXPECTED
            return expected if expected > now else now + LOOK_AGAIN
        case _:
            return now + LOOK_DAILY


def changes(before: Subscription | None, after: Subscription) -> list[str]:
    """What is new, in the words of a fact; nothing where nothing is that a fact tells."""
    if before is None:
        return ["started"]
    told = {
        "status": (before.status, after.status),
        "price": _priced(before, after),
        "quantity": (before.quantity, after.quantity),
        "discount": (before.discount_amount, after.discount_amount),
        "canceling": (before.ends_at, after.ends_at),
        "paused": (before.is_paused, after.is_paused),
        "duplicate": (before.duplicate_of is None, after.duplicate_of is None),
    }
    return [name for name, (old, new) in told.items() if old != new]


def _priced(before: Subscription, after: Subscription) -> tuple[object, object]:
    def of(each: Subscription) -> object:
        return (each.plan, each.price, each.unit_amount, each.currency, each.interval, each.interval_count)

    return of(before), of(after)


def happened_at(before: Subscription | None, after: Subscription, new: list[str], now: datetime) -> datetime:
    """Since when what is new is so, as far as the provider says; else since we saw it."""
    if before is None:
        return min(after.started_at, now)
    if after.ended_at is not None and before.ended_at is None:
        return min(after.ended_at, now)
    if before.status == SubscriptionStatus.TRIALING and "status" in new and after.trial_end is not None:
        return min(after.trial_end, now)
    if new == ["canceling"] and after.canceled_at is not None and before.canceled_at != after.canceled_at:
        return min(after.canceled_at, now)
    return now


def request_to_json(request: SubscriptionRequest) -> dict[str, Any]:
    fields = {name: getattr(request, name) for name in SubscriptionRequest.__dataclass_fields__}
    return fields | {"expires_at": None if request.expires_at is None else request.expires_at.isoformat()}


def request_from_json(stored: Mapping[str, Any]) -> SubscriptionRequest:
    expires = stored.get("expires_at")
    return SubscriptionRequest(**{**stored, "expires_at": None if expires is None else datetime.fromisoformat(expires)})


def discounts_to_json(found: Sequence[SeenDiscount]) -> list[dict[str, Any]]:
    return [asdict(each) | {"ends_at": None if each.ends_at is None else each.ends_at.isoformat()} for each in found]


def discounts_from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[SeenDiscount, ...]:
    def at(written: str | None) -> datetime | None:
        return None if written is None else datetime.fromisoformat(written)

    return tuple(SeenDiscount(**{**each, "ends_at": at(each["ends_at"])}) for each in stored)
