"""What a job posting is: a job of the host's that somebody bought time on the board for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from farthing.ids import CustomerId, JobPostingId, LineItemId, OrderId
from farthing.lifecycles import JobPostingStatus
from farthing.money import Money


@dataclass(frozen=True, slots=True)
class PostingLine:
    """Time that was bought, with one line item."""

    line_id: LineItemId
    order_id: OrderId
    length: timedelta
    approval: bool
    """Whether somebody must look at the job first."""
    paid: Money
    granted_at: datetime
    revoked_at: datetime | None
    held: timedelta | None
    """What was left of it when it was taken back."""


@dataclass(frozen=True, slots=True)
class PostingAddon:
    line_id: LineItemId
    product: str
    quantity: int
    added_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobPosting:
    id: JobPostingId
    job: str
    """The host's own id of the job."""
    customer_id: CustomerId
    """Who bought it first."""
    status: JobPostingStatus
    waiting: timedelta
    """Bought, and not running before the job is published."""
    remind_before: timedelta | None
    created_at: datetime
    approved_at: datetime | None
    published_at: datetime | None
    expires_at: datetime | None
    remind_at: datetime | None
    rejected_reason: str | None
    lines: Sequence[PostingLine]
    """All that was ever bought for it, oldest first."""
    addons: Sequence[PostingAddon]

    @property
    def live_lines(self) -> tuple[PostingLine, ...]:
        return tuple(line for line in self.lines if line.revoked_at is None)

    @property
    def paid(self) -> tuple[Money, ...]:
        """What was paid for the time that it has or had, one sum for each currency."""
        sums: dict[str, Money] = {}
        for line in self.live_lines:
            sums[line.paid.currency] = sums.get(line.paid.currency, Money.zero(line.paid.currency)) + line.paid
        return tuple(sums.values())

    @property
    def selected(self) -> tuple[str, ...]:
        """The products of its add-ons, once each."""
        return tuple(dict.fromkeys(addon.product for addon in self.addons if addon.removed_at is None))

    @property
    def order_id(self) -> OrderId | None:
        """The order that it was bought with last."""
        bought = self.live_lines or tuple(self.lines)
        return bought[-1].order_id if bought else None

    def remaining(self, now: datetime) -> timedelta:
        """How long it still has on the board."""
        if self.status != JobPostingStatus.PUBLISHED or self.expires_at is None:
            return self.waiting
        return max(self.expires_at - now, timedelta(0))

    def described(self) -> dict[str, object]:
        """What an event tells of it: enough for a host to publish its own row."""
        return {
            "job_posting": self.id,
            "job": self.job,
            "customer": self.customer_id,
            "status": str(self.status),
            "published_at": None if self.published_at is None else self.published_at.isoformat(),
            "expires_at": None if self.expires_at is None else self.expires_at.isoformat(),
            "addons": list(self.selected),
            "paid": [{"amount": money.amount, "currency": money.currency} for money in self.paid],
        }


def used_of(line: PostingLine, posting: JobPosting, now: datetime) -> Money:
    """The share of a line's price whose time on the board is over: exact, and rounded up to a whole minor unit.

    What was bought last is used last.
    """
    if line.revoked_at is not None or posting.status in (JobPostingStatus.PENDING_APPROVAL, JobPostingStatus.REJECTED):
        return Money.zero(line.paid.currency)
    left = posting.remaining(now)
    for later in reversed(posting.live_lines):
        own = min(left, later.length)
        if later.line_id == line.line_id:
            second = timedelta(microseconds=1)
            over, whole = (line.length - own) // second, line.length // second
            return Money(-(-line.paid.amount * over // whole), line.paid.currency)
        left -= own
    return line.paid
