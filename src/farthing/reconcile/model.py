"""What is compared, field by field, and what a difference is. Pure: two records go in, differences come out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from farthing.ids import DiscrepancyId, OrderId, ReconciliationId
from farthing.lifecycles import DiscrepancyStatus, ReconciliationStatus
from farthing.money import Money
from farthing.providers import (
    Listed,
    SeenCheckout,
    SeenDispute,
    SeenInvoice,
    SeenPayment,
    SeenPayout,
    SeenRefund,
    SeenSubscription,
    SeenTransfer,
)

DiscrepancyKind = Literal["missing_here", "missing_there", "differs", "balance"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one object. `ours` or `theirs` is None where that side has no such object."""

    kind: DiscrepancyKind
    subject_kind: str
    subject: str
    """The provider's id of the object; of a balance, our account."""
    field: str
    ours: str | None
    theirs: str | None
    order_id: OrderId | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.subject, self.field


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A difference that we know of: since when, and what became of it."""

    id: DiscrepancyId
    difference: Difference
    status: DiscrepancyStatus
    reason: str | None
    """Why the normal path does not make it right."""
    note: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    closed_by: str | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One comparison with the provider's lists. `since` None: of everything, and of the books as a whole."""

    id: ReconciliationId
    actor: str
    status: ReconciliationStatus
    night: bool
    since: datetime | None
    heals: bool
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    compared: int
    foreign: int
    """Objects there that belong to somebody else: without our mark, and unknown here."""
    found: int
    healed: int
    left_open: int
    failure: str | None
    claimed_until: datetime | None
    """Until when the process that runs it is believed to be alive; None where a job does."""


@dataclass(frozen=True, slots=True)
class OurPayment:
    """Our row, with what its refunds and the books say. Amounts are minor units of `received`."""

    id: str
    order_id: OrderId
    provider_id: str | None
    status: str
    asked: Money
    received: Money | None
    fee: Money | None
    livemode: bool
    refunded: int
    refunds: int
    """The sum of its refunds that succeeded."""
    booked: int
    booked_fee: int
    page_over: bool
    """It belongs to a payment page that nobody can use any more."""


@dataclass(frozen=True, slots=True)
class OurRefund:
    id: str
    order_id: OrderId | None
    provider_id: str | None
    status: str
    money: Money
    livemode: bool
    booked: int


@dataclass(frozen=True, slots=True)
class OurCheckout:
    id: str
    order_id: OrderId
    provider_id: str | None
    status: str
    total: Money
    livemode: bool


@dataclass(frozen=True, slots=True)
class OurDispute:
    id: str
    order_id: OrderId | None
    provider_id: str | None
    status: str
    money: Money
    livemode: bool
    withheld: int
    """Taken and not given back, in minor units of `money`'s currency."""


@dataclass(frozen=True, slots=True)
class OurSubscription:
    id: str
    order_id: None
    provider_id: str | None
    status: str
    money: Money
    """What a whole period costs."""
    quantity: int
    period_end: datetime
    livemode: bool


@dataclass(frozen=True, slots=True)
class OurInvoice:
    id: str
    order_id: None
    provider_id: str | None
    status: str
    total: Money
    tax: Money
    paid: Money
    remaining: Money
    received: Money
    """The sum of the payments that we know of."""
    livemode: bool


@dataclass(frozen=True, slots=True)
class OurTransfer:
    id: str
    order_id: OrderId | None
    provider_id: str | None
    status: str
    money: Money
    reversed: int
    livemode: bool


@dataclass(frozen=True, slots=True)
class OurPayout:
    """Its `provider_id` is of its account and of itself, as the provider's port has it."""

    id: str
    order_id: None
    provider_id: str | None
    status: str
    money: Money
    livemode: bool


Ours = OurPayment | OurRefund | OurCheckout | OurDispute | OurSubscription | OurInvoice | OurTransfer | OurPayout


@dataclass(frozen=True, slots=True)
class Known:
    """What we have of one page: by the provider's id, by our own, and the payments that its refunds give back."""

    by_provider_id: Mapping[str, Ours]
    by_id: Mapping[str, Ours]
    paid: Mapping[str, OrderId | None]
    """What makes an object ours that has no row: of refunds and disputes the payments that were received here, with their
    orders; of subscriptions their starts; of invoices their subscriptions; of transfers and payouts the accounts of sellers."""


THERE: Final[Mapping[str, str]] = {"surplus": "succeeded", "failed": "expired"}
"""Our word for a status, where the provider has another one for the same."""

NOT_OURS: Final = None


def compare_payment(listed: Listed[SeenPayment], known: Known) -> Sequence[Difference] | None:
    """Differences; None where it is not ours to compare."""
    seen = listed.seen
    ours = _ours(seen.id, seen.reference, known, OurPayment)
    if ours is None:
        takes_money = seen.status in ("succeeded", "processing")
        if seen.reference is None or not takes_money:
            return NOT_OURS
        marked = known.by_id.get(seen.reference)
        what = f"{seen.status} {listed.asked if seen.received is None else seen.received}"
        return [_missing("payment", seen.id, what, marked.order_id if marked else None)]
    return list(_payment_fields(ours, listed, known))


def _payment_fields(ours: OurPayment, listed: Listed[SeenPayment], known: Known) -> Iterator[Difference]:
    seen, base = listed.seen, _differs("payment", listed.seen.id, ours.order_id)
    there = THERE.get(ours.status, ours.status)
    if there != seen.status:
        # A bank said no days after the page was left: nobody can pay there, and the provider never calls that canceled.
        if (ours.status, seen.status, ours.page_over) != ("canceled", "open", True):
            yield replace(base, field="status", ours=ours.status, theirs=seen.status)
    elif ours.received is not None and seen.received is not None:
        yield from _money(base, ours.received, seen.received)
        yield from _details(base, ours, listed, seen.received)
    elif listed.asked is not None and seen.status in ("open", "processing"):
        yield from _money(base, ours.asked, listed.asked)
    yield from _mode_and_mark(base, ours, listed.livemode, seen.reference, known)


def _details(base: Difference, ours: OurPayment, listed: Listed[SeenPayment], received: Money) -> Iterator[Difference]:
    """Fee, what went back, and what the books say of both. What a single refund's own comparison shows is not shown twice."""
    fee = listed.seen.fee
    if fee != ours.fee and fee is not None:
        yield replace(base, field="fee", ours=_text(ours.fee), theirs=str(fee))
    if ours.refunded != ours.refunds:
        theirs = Money(listed.refunded, received.currency)
        # Where the payment itself is right, its refunds are not: two equal sums would tell nobody what differs.
        here = ours.refunds if ours.refunded == listed.refunded else ours.refunded
        yield replace(base, field="refunded", ours=str(Money(here, received.currency)), theirs=str(theirs))
    if ours.booked != received.amount:
        yield replace(base, field="books", ours=str(Money(ours.booked, received.currency)), theirs=str(received))
    elif fee is not None and fee == ours.fee and -ours.booked_fee != fee.amount:
        yield replace(base, field="books_fee", ours=str(Money(-ours.booked_fee, fee.currency)), theirs=str(fee))


def compare_refund(listed: Listed[SeenRefund], known: Known) -> Sequence[Difference] | None:
    seen = listed.seen
    ours = _ours(seen.id, seen.reference, known, OurRefund)
    if ours is None:
        if seen.payment_id is None or seen.payment_id not in known.paid:
            return NOT_OURS
        return [_missing("refund", seen.id, f"{seen.status} {seen.money}", known.paid[seen.payment_id])]
    return list(_refund_fields(ours, listed))


def _refund_fields(ours: OurRefund, listed: Listed[SeenRefund]) -> Iterator[Difference]:
    seen, base = listed.seen, _differs("refund", listed.seen.id, ours.order_id)
    if ours.status != seen.status:
        yield replace(base, field="status", ours=ours.status, theirs=seen.status)
    booked = -seen.money.amount if seen.status == "succeeded" else 0
    if ours.money != seen.money:
        yield from _money(base, ours.money, seen.money)
    if ours.status == seen.status and ours.booked != booked:
        currency = seen.money.currency
        yield replace(base, field="books", ours=str(Money(ours.booked, currency)), theirs=str(Money(booked, currency)))


def compare_checkout(listed: Listed[SeenCheckout], known: Known) -> Sequence[Difference] | None:
    seen = listed.seen
    ours = _ours(seen.id, seen.reference, known, OurCheckout)
    if ours is None:
        if seen.status != "open" or seen.reference is None or seen.reference in known.by_id:
            return NOT_OURS
        return [_missing("checkout", seen.id, f"open {seen.total}", None)]
    return list(_checkout_fields(ours, listed, known))


def _checkout_fields(ours: OurCheckout, listed: Listed[SeenCheckout], known: Known) -> Iterator[Difference]:
    seen, base = listed.seen, _differs("checkout", listed.seen.id, ours.order_id)
    if THERE.get(ours.status, ours.status) != seen.status:
        yield replace(base, field="status", ours=ours.status, theirs=seen.status)
    if seen.total is not None and ours.status != "failed":
        yield from _money(base, ours.total, seen.total)
    yield from _mode_and_mark(base, ours, listed.livemode, seen.reference, known)


def compare_dispute(listed: Listed[SeenDispute], known: Known) -> Sequence[Difference] | None:
    seen = listed.seen
    ours = known.by_provider_id.get(seen.id)
    if not isinstance(ours, OurDispute):
        if seen.payment_id is None or seen.payment_id not in known.paid:
            return NOT_OURS
        return [_missing("dispute", seen.id, f"{seen.status} {seen.money}", known.paid[seen.payment_id])]
    return list(_dispute_fields(ours, seen))


def _dispute_fields(ours: OurDispute, seen: SeenDispute) -> Iterator[Difference]:
    base = _differs("dispute", seen.id, ours.order_id)
    if ours.status != seen.status:
        yield replace(base, field="status", ours=ours.status, theirs=seen.status)
    yield from _money(base, ours.money, seen.money)
    withheld = Money(-sum(moved.money.amount for moved in seen.movements), seen.money.currency)
    if ours.withheld != withheld.amount:
        yield replace(base, field="withheld", ours=str(Money(ours.withheld, seen.money.currency)), theirs=str(withheld))


def compare_subscription(listed: Listed[SeenSubscription], known: Known) -> Sequence[Difference] | None:
    seen = listed.seen
    ours = known.by_provider_id.get(seen.id)
    if not isinstance(ours, OurSubscription):
        if seen.reference not in known.paid or seen.status == "incomplete_expired":
            return NOT_OURS
        return [_missing("subscription", seen.id, seen.status, None)]
    return list(_subscription_fields(ours, seen))


def _subscription_fields(ours: OurSubscription, seen: SeenSubscription) -> Iterator[Difference]:
    base = _differs("subscription", seen.id, None)
    if ours.status != seen.status:
        yield replace(base, field="status", ours=ours.status, theirs=seen.status)
    if ours.quantity != seen.quantity:
        yield replace(base, field="quantity", ours=str(ours.quantity), theirs=str(seen.quantity))
    elif seen.unit is not None:
        yield from _money(base, ours.money, seen.unit * seen.quantity)
    if ours.period_end != seen.period_end:
        yield replace(base, field="period_end", ours=ours.period_end.isoformat(), theirs=seen.period_end.isoformat())


def compare_invoice(listed: Listed[SeenInvoice], known: Known) -> Sequence[Difference] | None:
    """A draft still changes: it is compared once it is one."""
    seen = listed.seen
    ours = known.by_provider_id.get(seen.id)
    if not isinstance(ours, OurInvoice):
        if seen.subscription_id not in known.paid or seen.status == "draft":
            return NOT_OURS
        return [_missing("invoice", seen.id, f"{seen.status} {Money(seen.total, seen.currency)}", None)]
    return [] if seen.status == "draft" else list(_invoice_fields(ours, seen))


def _invoice_fields(ours: OurInvoice, seen: SeenInvoice) -> Iterator[Difference]:
    base, currency = _differs("invoice", seen.id, None), seen.currency
    if ours.status != seen.status:
        yield replace(base, field="status", ours=ours.status, theirs=seen.status)
    yield from _money(base, ours.total, Money(seen.total, currency))
    sums = {
        "tax": (ours.tax, seen.tax),
        "paid": (ours.paid, seen.amount_paid),
        "remaining": (ours.remaining, seen.amount_remaining),
        "received": (ours.received, sum(each.amount for each in seen.payments)),
    }
    for field, (here, there) in sums.items():
        if here != Money(there, currency):
            yield replace(base, field=field, ours=str(here), theirs=str(Money(there, currency)))


def compare_transfer(listed: Listed[SeenTransfer], known: Known) -> Sequence[Difference] | None:
    """A transfer to one of our sellers that we know nothing of is somebody's doing, and for somebody to decide."""
    seen = listed.seen
    ours = _ours(seen.id, seen.reference, known, OurTransfer)
    if ours is None:
        return [_missing("transfer", seen.id, str(seen.money), None)] if seen.account_id in known.paid else NOT_OURS
    return list(_transfer_fields(ours, seen))


def _transfer_fields(ours: OurTransfer, seen: SeenTransfer) -> Iterator[Difference]:
    base = _differs("transfer", seen.id, ours.order_id)
    if ours.status != "sent":
        yield replace(base, field="status", ours=ours.status, theirs="sent")
    yield from _money(base, ours.money, seen.money)
    if ours.reversed != seen.reversed_amount:
        here, there = (Money(amount, seen.money.currency) for amount in (ours.reversed, seen.reversed_amount))
        yield replace(base, field="reversed", ours=str(here), theirs=str(there))


def compare_payout(listed: Listed[SeenPayout], known: Known) -> Sequence[Difference] | None:
    seen = listed.seen
    ours = _ours(seen.id, seen.reference, known, OurPayout)
    if ours is None:
        return [_missing("payout", seen.id, f"{seen.status} {seen.money}", None)] if seen.account_id in known.paid else NOT_OURS
    return list(_payout_fields(ours, seen))


def _payout_fields(ours: OurPayout, seen: SeenPayout) -> Iterator[Difference]:
    base = _differs("payout", seen.id, None)
    if ours.status != seen.status:
        yield replace(base, field="status", ours=ours.status, theirs=seen.status)
    yield from _money(base, ours.money, seen.money)


def missing_there(subject_kind: str, subject: str, ours: Ours | None) -> Sequence[Difference]:
    """We have it, and the provider says there is no such thing."""
    if ours is None:
        return []
    return [Difference("missing_there", subject_kind, subject, subject_kind, ours.status, None, ours.order_id)]


def compare_balances(account: str, ours: Mapping[str, int], theirs: Mapping[str, int]) -> Sequence[Difference]:
    """What the books say the provider holds, against its own movements, in each currency."""
    return [
        Difference("balance", "balance", account, currency, str(Money(booked, currency)), str(Money(moved, currency)))
        for currency in sorted({*ours, *theirs})
        if (booked := ours.get(currency, 0)) != (moved := theirs.get(currency, 0))
    ]


def _ours(id: str, reference: str | None, known: Known, kind: type[Ours]):  # type: ignore[no-untyped-def]
    """Our row of it: the one that has its id, or the one it carries the mark of and that has no other."""
    if (found := known.by_provider_id.get(id)) is not None:
        return found
    marked = None if reference is None else known.by_id.get(reference)
    return marked if marked is not None and marked.provider_id is None else None


def _missing(subject_kind: str, subject: str, theirs: str, order: OrderId | None) -> Difference:
    return Difference("missing_here", subject_kind, subject, subject_kind, None, theirs, order)


def _differs(subject_kind: str, subject: str, order: OrderId | None) -> Difference:
    return Difference("differs", subject_kind, subject, "", None, None, order)


def _money(base: Difference, ours: Money, theirs: Money) -> Iterator[Difference]:
    if ours.currency != theirs.currency:
        yield replace(base, field="currency", ours=ours.currency, theirs=theirs.currency)
    elif ours != theirs:
        yield replace(base, field="amount", ours=str(ours), theirs=str(theirs))


def _mode_and_mark(base: Difference, ours: Ours, livemode: bool, reference: str | None, known: Known) -> Iterator[Difference]:
    """The mark of a second payment of an order is that of the first: whose order it is, is what counts."""
    if ours.livemode != livemode:
        yield replace(base, field="livemode", ours=str(ours.livemode).lower(), theirs=str(livemode).lower())
    marked = None if reference is None else known.by_id.get(reference)
    if marked is None or marked.order_id != ours.order_id:
        yield replace(base, field="mark", ours=ours.id, theirs=reference)


def _text(money: Money | None) -> str | None:
    return None if money is None else str(money)
