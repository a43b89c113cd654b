"""Quotes, and the changes they become, in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import SubscriptionChangeId, SubscriptionId
from farthing.lifecycles import SUBSCRIPTION_CHANGE, ChangeStatus
from farthing.money import Money
from farthing.providers import ChangeRequest
from farthing.subscriptions.model import Subscription
from farthing.subscriptions.targets import Effective, Kind

SELECT: LiteralString = """
    SELECT id, subscription_id, status, kind, effective, plan, price, quantity, unit_amount, currency, interval, interval_count,
        coupon, promotion_code, version, request, prorated_at, total_amount, tax_amount, due_amount, lines, renewal_amount,
        renewal_tax_amount, renewal_at, quoted_at, expires_at, due_at, committed_at, asked_at, answered_look, waits_until,
        settled_at, failure
    FROM subscription_changes
"""
FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line of the invoice that would come now. `amount` is less than nothing for time that is given back."""

    description: str | None
    quantity: int
    amount: int
    tax: int
    period_start: str
    period_end: str
    proration: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A quote, and what became of it. All that it says about money is what the provider computed for it."""

    id: SubscriptionChangeId
    subscription_id: SubscriptionId
    status: ChangeStatus
    kind: Kind
    effective: Effective
    plan: str
    price: str | None
    quantity: int
    unit: Money
    interval: str
    interval_count: int
    coupon: str | None
    """The provider's: also its copy of one of ours, which then had `promotion_code`."""
    version: str
    """Of which state of the subscription."""
    request: ChangeRequest
    prorated_at: datetime | None
    total: Money
    """Of the invoice that comes now; less than nothing becomes credit of the customer."""
    tax: Money
    due: Money
    """What of it is to be paid now."""
    lines: tuple[QuotedLine, ...]
    renewal: Money
    """What each whole period costs from then on, with its tax."""
    renewal_tax: Money
    renewal_at: datetime
    quoted_at: datetime
    expires_at: datetime
    due_at: datetime | None = None
    committed_at: datetime | None = None
    asked_at: datetime | None = None
    answered_look: int | None = None
    waits_until: datetime | None = None
    settled_at: datetime | None = None
    failure: str | None = None
    promotion_code: str | None = None

    def says_the_same(self, other: "Change") -> bool:
        """Whether both quote the same change at the same figures."""
        figures = (self.total, self.tax, self.due, self.renewal, self.renewal_tax)
        others = (other.total, other.tax, other.due, other.renewal, other.renewal_tax)
        return figures == others and self.version == other.version and self.request == other.request


def version_of(found: Subscription) -> str:
    """Of a state that a quote is for: a renewal, another price, quantity or discount makes another one."""
    start = int(found.current_period_start.timestamp())
    fields = (found.provider_item_id, found.provider_price_id, found.quantity, found.status, start, found.discount_amount)
    return ":".join(str(each) for each in fields)


async def get(tx: Transaction, id: SubscriptionChangeId, *, of: SubscriptionId | None = None) -> Change:
    """Raises NotFound, also for one of another subscription."""
    found = await tx.find(_change, SELECT + " WHERE id = %(id)s", id=id)
    if found is None or (of is not None and found.subscription_id != of):
        raise NotFound(f"There is no change {id}.")
    return found


async def lock(tx: Transaction, id: SubscriptionChangeId) -> Change:
    """Held until the commit. The caller holds the lock of the subscription already."""
    found = await tx.find(_change, SELECT + " WHERE id = %(id)s FOR UPDATE", id=id)
    if found is None:
        raise NotFound(f"There is no change {id}.")
    return found


async def pending_of(tx: Transaction, subscription: SubscriptionId) -> Change | None:
    return await tx.find(
        _change,
        SELECT + " WHERE subscription_id = %(id)s AND status IN ('scheduled', 'asked', 'waiting')",
        id=subscription,
    )


async def of_subscription(tx: Transaction, subscription: SubscriptionId) -> list[Change]:
    """Those that somebody committed to, newest first."""
    return await tx.all(
        _change,
        SELECT + " WHERE subscription_id = %(id)s AND committed_at IS NOT NULL ORDER BY id DESC LIMIT 100",
        id=subscription,
    )


async def committed_since(tx: Transaction, subscription: SubscriptionId, since: datetime) -> int:
    """How many were committed to since then that may have made an invoice."""
    found: int = await tx.value(
        """
        SELECT count(*) AS rows FROM subscription_changes
        WHERE subscription_id = %(id)s AND asked_at >= %(since)s AND effective = 'now'
        """,
        id=subscription,
        since=since,
    )
    return found


async def early_until(tx: Transaction, subscription: SubscriptionId) -> datetime | None:
    """Where a change that was planned for the end of the period is made already: that end."""
    until: datetime | None = await tx.value(
        """
        SELECT max(renewal_at) FROM subscription_changes
        WHERE subscription_id = %(id)s AND effective = 'period_end' AND status IN ('asked', 'waiting', 'done')
            AND due_at IS NOT NULL AND renewal_at > %(now)s
        """,
        id=subscription,
        now=tx.now,
    )
    return until


async def insert(tx: Transaction, change: Change) -> None:
    await tx.run(
        """
        INSERT INTO subscription_changes (id, subscription_id, status, kind, effective, plan, price, quantity, unit_amount,
            currency, interval, interval_count, coupon, promotion_code, version, request, prorated_at, total_amount, tax_amount,
            due_amount, lines, renewal_amount, renewal_tax_amount, renewal_at, quoted_at, expires_at)
        VALUES (%(id)s, %(subscription)s, 'quoted', %(kind)s, %(effective)s, %(plan)s, %(price)s, %(quantity)s, %(unit)s,
            %(currency)s, %(interval)s, %(count)s, %(coupon)s, %(code)s, %(version)s, %(request)s, %(prorated_at)s, %(total)s,
            %(tax)s, %(due)s, %(lines)s, %(renewal)s, %(renewal_tax)s, %(renewal_at)s, %(quoted_at)s, %(expires_at)s)
        """,
        id=change.id,
        subscription=change.subscription_id,
        kind=change.kind,
        effective=change.effective,
        plan=change.plan,
        price=change.price,
        quantity=change.quantity,
        unit=change.unit.amount,
        currency=change.unit.currency,
        interval=change.interval,
        count=change.interval_count,
        coupon=change.coupon,
        code=change.promotion_code,
        version=change.version,
        request=_json(change.request),
        prorated_at=change.prorated_at,
        total=change.total.amount,
        tax=change.tax.amount,
        due=change.due.amount,
        lines=orjson.dumps([asdict(each) for each in change.lines]).decode(),
        renewal=change.renewal.amount,
        renewal_tax=change.renewal_tax.amount,
        renewal_at=change.renewal_at,
        quoted_at=change.quoted_at,
        expires_at=change.expires_at,
    )


async def schedule(tx: Transaction, change: Change, due_at: datetime) -> None:
    await _move(tx, change, "schedule", "due_at = %(due)s, committed_at = %(now)s", due=due_at)


async def ask(tx: Transaction, change: Change, *, request: ChangeRequest | None = None) -> None:
    """From now on it is the intention, with what is asked for: its id is the key."""
    await _move(
        tx,
        change,
        "ask",
        """
        asked_at = %(now)s, committed_at = coalesce(committed_at, %(now)s), prorated_at = %(prorated_at)s, request = %(request)s
        """,
        request=_json(request or change.request),
        prorated_at=(request or change.request).prorated_at,
    )


async def answer(tx: Transaction, change: Change, look: int) -> None:
    await _move(tx, change, "answer", "answered_look = %(look)s", look=look)


async def wait(tx: Transaction, change: Change, until: datetime) -> None:
    await tx.run(
        "UPDATE subscription_changes SET waits_until = %(until)s WHERE id = %(id)s AND status = 'waiting'",
        id=change.id,
        until=until,
    )


async def finish(tx: Transaction, change: Change) -> None:
    await _move(tx, change, "finish", "settled_at = %(now)s")


async def fail(tx: Transaction, change: Change, reason: str) -> None:
    await _move(tx, change, "fail", "settled_at = %(now)s, failure = %(reason)s", reason=reason)


async def drop(tx: Transaction, change: Change, reason: str) -> None:
    await _move(tx, change, "drop", "settled_at = %(now)s, failure = %(reason)s", reason=reason)


async def put_off(tx: Transaction, change: SubscriptionChangeId, until: datetime) -> None:
    await tx.run(
        "UPDATE subscription_changes SET due_at = %(until)s WHERE id = %(id)s AND status = 'scheduled'", id=change, until=until
    )


async def due(tx: Transaction, *, unanswered: datetime, limit: int) -> list[Change]:
    """Those that are to be asked for: planned ones whose time has come, and those whose answer was lost."""
    return await tx.all(
        _change,
        SELECT
        + """
        WHERE (status = 'scheduled' AND due_at <= %(now)s)
            OR (status IN ('asked', 'waiting') AND waits_until IS NULL AND asked_at <= %(unanswered)s)
            OR (status = 'waiting' AND waits_until <= %(now)s)
        ORDER BY random() LIMIT %(limit)s
        """,
        now=tx.now,
        unanswered=unanswered,
        limit=limit,
    )


async def forget_quotes(tx: Transaction) -> None:
    """Those that nobody committed to, a day after they expired."""
    await tx.run(
        "DELETE FROM subscription_changes WHERE status = 'quoted' AND expires_at < %(before)s", before=tx.now - FORGOTTEN_AFTER
    )


async def _move(tx: Transaction, change: Change, verb: str, sets: LiteralString, **params: object) -> None:
    status = SUBSCRIPTION_CHANGE.move(change.status, verb)
    await tx.run(
        "UPDATE subscription_changes SET status = %(status)s, " + sets + " WHERE id = %(id)s AND status = ANY(%(sources)s)",  # noqa: S608 - literals
        **params,
        id=change.id,
        status=status,
        sources=SUBSCRIPTION_CHANGE.sources(verb),
        now=tx.now,
    )


def _json(request: ChangeRequest) -> str:
    return orjson.dumps(asdict(request)).decode()


def _request(stored: Mapping[str, Any]) -> ChangeRequest:
    at = stored.get("prorated_at")
    return ChangeRequest(**{**stored, "prorated_at": None if at is None else datetime.fromisoformat(at)})


def _change(row: Row) -> Change:
    fields, currency = dict(row), row["currency"]
    lines: Sequence[Mapping[str, Any]] = fields.pop("lines")
    for column in ("unit_amount", "total_amount", "tax_amount", "due_amount", "renewal_amount", "renewal_tax_amount"):
        fields[column.removesuffix("_amount")] = Money(fields.pop(column), currency)
    del fields["currency"]
    return Change(
        **{
            **fields,
            "id": SubscriptionChangeId.of(row["id"]),
            "subscription_id": SubscriptionId.of(row["subscription_id"]),
            "status": ChangeStatus(row["status"]),
            "request": _request(row["request"]),
            "lines": tuple(QuotedLine(**line) for line in lines),
        }
    )
