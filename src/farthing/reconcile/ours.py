"""What we have of the objects on a page of the provider's: read together, in one look, with what the books say of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import LiteralString, TypeVar

from farthing import ledger
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import (
    CheckoutId,
    DisputeId,
    Id,
    InvoiceDisputeId,
    InvoiceId,
    InvoicePaymentId,
    InvoiceRefundId,
    OrderId,
    PaymentId,
    PayoutId,
    RefundId,
    SubscriptionId,
    SubscriptionStartId,
    TransferId,
    TransferReversalId,
)
from farthing.money import Money
from farthing.reconcile.model import (
    Known,
    OurCheckout,
    OurDispute,
    OurInvoice,
    OurPayment,
    OurPayout,
    OurRefund,
    Ours,
    OurSubscription,
    OurTransfer,
)

I = TypeVar("I", bound=Id)  # noqa: E741


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which objects: the provider's ids, the marks they carry, and the payments they hang on."""

    provider: str
    livemode: bool
    ids: Sequence[str]
    references: Sequence[str]
    payments: Sequence[str] = ()
    subscriptions: Sequence[str] = ()
    accounts: Sequence[str] = ()


async def payments(tx: Transaction, wanted: Wanted) -> Known:
    rows = await tx.all(
        dict,
        """
        SELECT id, order_id, provider_payment_id, status, amount, currency, received_amount, received_currency, fee_amount,
            fee_currency, livemode, refunded_amount, coalesce((
                SELECT sum(amount) FROM refunds WHERE payment_id = payments.id AND status = 'succeeded'
            ), 0)::bigint AS refunds,
            EXISTS (SELECT 1 FROM checkouts WHERE checkouts.payment_id = payments.id AND status = 'complete') AS page_over
        FROM payments
        WHERE (provider = %(provider)s AND livemode = %(livemode)s AND provider_payment_id = ANY(%(ids)s))
            OR id = ANY(%(marks)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=list(wanted.ids),
        marks=_marks(PaymentId, wanted.references),
    )
    names = {row["id"]: str(PaymentId.of(row["id"])) for row in rows}
    booked = await booked_at(tx, wanted.provider, ["payment", "fee"], list(names.values()))
    return _known([_payment(row, names[row["id"]], booked) for row in rows])


async def refunds(tx: Transaction, wanted: Wanted) -> Known:
    rows = await tx.all(
        dict,
        """
        SELECT id, order_id, provider_refund_id, status, amount, currency, livemode FROM refunds
        WHERE (provider = %(provider)s AND livemode = %(livemode)s AND provider_refund_id = ANY(%(ids)s))
            OR id = ANY(%(marks)s)
        UNION ALL
        SELECT id, NULL, provider_refund_id, status, amount, currency, livemode FROM invoice_refunds
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_refund_id = ANY(%(ids)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=list(wanted.ids),
        marks=_marks(RefundId, wanted.references),
    )
    names = {row["id"]: str((InvoiceRefundId if row["order_id"] is None else RefundId).of(row["id"])) for row in rows}
    booked = await booked_at(tx, wanted.provider, ["refund", "refund_returned"], list(names.values()))
    return _known([_refund(row, names[row["id"]], booked) for row in rows], await _paid(tx, wanted))


async def checkouts(tx: Transaction, wanted: Wanted) -> Known:
    rows = await tx.all(
        _checkout,
        """
        SELECT id, order_id, provider_checkout_id, status, (request ->> 'total')::bigint AS total,
            request ->> 'currency' AS currency, livemode
        FROM checkouts
        WHERE (provider = %(provider)s AND livemode = %(livemode)s AND provider_checkout_id = ANY(%(ids)s))
            OR id = ANY(%(marks)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=list(wanted.ids),
        marks=_marks(CheckoutId, wanted.references),
    )
    return _known(rows)


async def disputes(tx: Transaction, wanted: Wanted) -> Known:
    rows = await tx.all(
        _dispute,
        """
        SELECT id, order_id, provider_dispute_id, status, amount, currency, livemode,
            withdrawn_amount - reinstated_amount AS withheld
        FROM disputes
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_dispute_id = ANY(%(ids)s)
        UNION ALL
        SELECT id, NULL, provider_dispute_id, status, amount, currency, livemode, withdrawn_amount - reinstated_amount
        FROM invoice_disputes
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_dispute_id = ANY(%(ids)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=list(wanted.ids),
    )
    return _known(rows, await _paid(tx, wanted))


async def subscriptions(tx: Transaction, wanted: Wanted) -> Known:
    rows = await tx.all(
        _subscription,
        """
        SELECT id, provider_subscription_id, status, quantity, unit_amount, currency, current_period_end, livemode
        FROM subscriptions
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_subscription_id = ANY(%(ids)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=list(wanted.ids),
    )
    starts = await tx.all(
        lambda row: str(SubscriptionStartId.of(row["id"])),
        "SELECT id FROM subscription_starts WHERE id = ANY(%(marks)s)",
        marks=_marks(SubscriptionStartId, wanted.references),
    )
    return replace(_known(rows), paid=dict.fromkeys(starts))


async def invoices(tx: Transaction, wanted: Wanted) -> Known:
    rows = await tx.all(
        _invoice,
        """
        SELECT id, provider_invoice_id, status, total_amount, tax_amount, paid_amount, remaining_amount, currency, livemode,
            coalesce((SELECT sum(amount) FROM invoice_payments WHERE invoice_id = invoices.id), 0)::bigint AS received
        FROM invoices
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_invoice_id = ANY(%(ids)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=list(wanted.ids),
    )
    held = await tx.all(
        lambda row: str(row["provider_subscription_id"]),
        """
        SELECT provider_subscription_id FROM subscriptions
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_subscription_id = ANY(%(ids)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=list(wanted.subscriptions),
    )
    return replace(_known(rows), paid=dict.fromkeys(held))


async def transfers(tx: Transaction, wanted: Wanted) -> Known:
    rows = await tx.all(
        _transfer,
        """
        SELECT id, order_id, provider_transfer_id, status, amount, currency, reversed_amount, livemode FROM transfers
        WHERE (provider = %(provider)s AND livemode = %(livemode)s AND provider_transfer_id = ANY(%(ids)s))
            OR id = ANY(%(marks)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=list(wanted.ids),
        marks=_marks(TransferId, wanted.references),
    )
    return _known(rows, await _accounts(tx, wanted))


async def payouts(tx: Transaction, wanted: Wanted) -> Known:
    rows = await tx.all(
        _payout,
        """
        SELECT id, provider_account_id || '/' || provider_payout_id AS subject, status, amount, currency, livemode FROM payouts
        WHERE (provider = %(provider)s AND livemode = %(livemode)s AND provider_payout_id = ANY(%(ids)s))
            OR id = ANY(%(marks)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=[id.partition("/")[2] for id in wanted.ids],
        marks=_marks(PayoutId, wanted.references),
    )
    return _known(rows, await _accounts(tx, wanted))


async def _accounts(tx: Transaction, wanted: Wanted) -> dict[str, OrderId | None]:
    """Which of the accounts are, or were, our sellers'."""
    found = await tx.all(
        lambda row: str(row["account"]),
        """
        SELECT account FROM unnest(%(accounts)s::text[]) AS account WHERE EXISTS (
            SELECT 1 FROM sellers WHERE provider = %(provider)s AND livemode = %(livemode)s
                AND (provider_account_id = account OR former_account_ids @> ARRAY[account])
        )
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        accounts=list(set(wanted.accounts)),
    )
    return dict.fromkeys(found)


async def _paid(tx: Transaction, wanted: Wanted) -> dict[str, OrderId | None]:
    """Which of the payments are ours; those for invoices have no order."""
    found = await tx.all(
        lambda row: (str(row["provider_payment_id"]), None if row["order_id"] is None else OrderId.of(row["order_id"])),
        """
        SELECT provider_payment_id, order_id FROM payments
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_payment_id = ANY(%(ids)s)
        UNION ALL
        SELECT provider_payment_id, NULL FROM invoice_payments
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_payment_id = ANY(%(ids)s)
        """,
        provider=wanted.provider,
        livemode=wanted.livemode,
        ids=list(wanted.payments),
    )
    return dict(found)


async def payment_ids(tx: Transaction, provider: str, livemode: bool, ids: Sequence[str]) -> dict[str, str]:
    """The provider's id → ours, of those that are."""
    found = await tx.all(
        lambda row: (
            str(row["subject"]),
            str(InvoicePaymentId.of(row["id"]) if row["of_invoice"] else PaymentId.of(row["id"])),
        ),
        """
        SELECT provider_payment_id AS subject, id, false AS of_invoice FROM payments
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_payment_id = ANY(%(ids)s)
        UNION ALL
        SELECT provider_payment_id, id, true FROM invoice_payments
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_payment_id = ANY(%(ids)s)
        """,
        provider=provider,
        livemode=livemode,
        ids=list(ids),
    )
    return dict(found)


async def refund_ids(tx: Transaction, provider: str, livemode: bool, ids: Sequence[str]) -> dict[str, str]:
    """The same of refunds."""
    found = await tx.all(
        lambda row: (
            str(row["subject"]),
            str(InvoiceRefundId.of(row["id"]) if row["of_invoice"] else RefundId.of(row["id"])),
        ),
        """
        SELECT provider_refund_id AS subject, id, false AS of_invoice FROM refunds
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_refund_id = ANY(%(ids)s)
        UNION ALL
        SELECT provider_refund_id, id, true FROM invoice_refunds
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_refund_id = ANY(%(ids)s)
        """,
        provider=provider,
        livemode=livemode,
        ids=list(ids),
    )
    return dict(found)


async def transfer_ids(tx: Transaction, provider: str, livemode: bool, ids: Sequence[str]) -> dict[str, str]:
    """The same of transfers."""
    found = await tx.all(
        lambda row: (str(row["provider_transfer_id"]), str(TransferId.of(row["id"]))),
        """
        SELECT provider_transfer_id, id FROM transfers
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_transfer_id = ANY(%(ids)s)
        """,
        provider=provider,
        livemode=livemode,
        ids=list(ids),
    )
    return dict(found)


async def reversal_ids(tx: Transaction, provider: str, livemode: bool, ids: Sequence[str]) -> dict[str, str]:
    """The same of their reversals."""
    found = await tx.all(
        lambda row: (str(row["provider_reversal_id"]), str(TransferReversalId.of(row["id"]))),
        """
        SELECT reversal.provider_reversal_id, reversal.id FROM transfer_reversals reversal
            JOIN transfers ON transfers.id = reversal.transfer_id
        WHERE transfers.provider = %(provider)s AND transfers.livemode = %(livemode)s
            AND reversal.provider_reversal_id = ANY(%(ids)s)
        """,
        provider=provider,
        livemode=livemode,
        ids=list(ids),
    )
    return dict(found)


async def booked_at(
    tx: Transaction, provider: str, kinds: Sequence[str], references: Sequence[str], *, before: datetime | None = None
) -> dict[tuple[str, str, str], int]:
    """What the books moved in and out of the provider's account: (kind, reference, currency) → signed minor units."""
    rows = await tx.all(
        lambda row: ((str(row["kind"]), str(row["reference"]), str(row["currency"])), int(row["amount"])),
        """
        SELECT fact.kind, fact.reference, entry.currency, sum(entry.amount) AS amount
        FROM ledger_transactions fact JOIN ledger_entries entry ON entry.transaction_id = fact.id
        WHERE fact.kind = ANY(%(kinds)s) AND fact.reference = ANY(%(references)s) AND entry.account = %(account)s
            AND (%(before)s::timestamptz IS NULL OR fact.posted_at < %(before)s)
        GROUP BY fact.kind, fact.reference, entry.currency
        """,
        kinds=list(kinds),
        references=list(references),
        account=ledger.provider(provider).name,
        before=before,
    )
    return dict(rows)


async def balance(tx: Transaction, provider: str, kinds: Sequence[str], *, before: datetime) -> dict[str, int]:
    """What the books say the provider holds, without what was posted since."""
    rows = await tx.all(
        lambda row: (str(row["currency"]), int(row["amount"])),
        """
        SELECT entry.currency, sum(entry.amount) AS amount
        FROM ledger_entries entry JOIN ledger_transactions fact ON fact.id = entry.transaction_id
        WHERE entry.account = %(account)s AND fact.kind = ANY(%(kinds)s) AND fact.posted_at < %(before)s
        GROUP BY entry.currency HAVING sum(entry.amount) <> 0
        """,
        kinds=list(kinds),
        account=ledger.provider(provider).name,
        before=before,
    )
    return dict(rows)


GONE: dict[str, LiteralString] = {
    "payment": """
        SELECT provider_payment_id AS subject FROM payments WHERE provider_payment_id IS NOT NULL
            AND provider = %(provider)s AND livemode = %(livemode)s AND opened_at < %(until)s
            AND (%(since)s::timestamptz IS NULL OR opened_at >= %(since)s)
    """,
    "refund": """
        SELECT provider_refund_id AS subject FROM refunds WHERE provider_refund_id IS NOT NULL
            AND provider = %(provider)s AND livemode = %(livemode)s AND promised_at < %(until)s
            AND (%(since)s::timestamptz IS NULL OR promised_at >= %(since)s)
    """,
    "checkout": """
        SELECT provider_checkout_id AS subject FROM checkouts WHERE provider_checkout_id IS NOT NULL
            AND provider = %(provider)s AND livemode = %(livemode)s AND started_at < %(until)s
            AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
    """,
    "dispute": """
        SELECT provider_dispute_id AS subject FROM disputes
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND opened_at < %(until)s
            AND (%(since)s::timestamptz IS NULL OR opened_at >= %(since)s)
    """,
    "transfer": """
        SELECT provider_transfer_id AS subject FROM transfers WHERE provider_transfer_id IS NOT NULL
            AND provider = %(provider)s AND livemode = %(livemode)s AND requested_at < %(until)s
            AND (%(since)s::timestamptz IS NULL OR requested_at >= %(since)s)
    """,
    "payout": """
        SELECT provider_account_id || '/' || provider_payout_id AS subject FROM payouts WHERE provider_payout_id IS NOT NULL
            AND provider = %(provider)s AND livemode = %(livemode)s AND requested_at < %(until)s
            AND (%(since)s::timestamptz IS NULL OR requested_at >= %(since)s)
    """,
    "subscription": """
        SELECT provider_subscription_id AS subject FROM subscriptions
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND created_at < %(until)s
            AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
    """,
    "invoice": """
        SELECT provider_invoice_id AS subject FROM invoices
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND issued_at < %(until)s
            AND (%(since)s::timestamptz IS NULL OR issued_at >= %(since)s)
    """,
}
"""Kind → the provider's ids of ours from a stretch of time."""


async def remember_seen(tx: Transaction, run: Id, kind: str, subjects: Sequence[str]) -> None:
    await tx.run(
        """
        INSERT INTO reconciliation_seen (reconciliation_id, subject_kind, subject)
        SELECT %(run)s, %(kind)s, unnest(%(subjects)s::text[]) ON CONFLICT DO NOTHING
        """,
        run=run,
        kind=kind,
        subjects=list(subjects),
    )


async def not_seen(
    tx: Transaction, run: Id, kind: str, wanted: Wanted, *, since: datetime | None, until: datetime, after: str, limit: int
) -> list[str]:
    """The provider's ids of ours that its list did not show, in their order, from `after` on."""
    return await tx.all(
        lambda row: str(row["subject"]),
        "SELECT subject FROM ("  # noqa: S608 - of literals alone
        + GONE[kind]
        + """) ours
        WHERE subject > %(after)s AND NOT EXISTS (
            SELECT 1 FROM reconciliation_seen seen
            WHERE seen.reconciliation_id = %(run)s AND seen.subject_kind = %(kind)s AND seen.subject = ours.subject
        ) ORDER BY subject LIMIT %(limit)s
        """,
        run=run,
        kind=kind,
        provider=wanted.provider,
        livemode=wanted.livemode,
        since=since,
        until=until,
        after=after,
        limit=limit,
    )


async def forget_seen(tx: Transaction, run: Id) -> None:
    await tx.run("DELETE FROM reconciliation_seen WHERE reconciliation_id = %(run)s", run=run)


def _known(found: Sequence[Ours], paid: dict[str, OrderId | None] | None = None) -> Known:
    return Known(
        by_provider_id={ours.provider_id: ours for ours in found if ours.provider_id is not None},
        by_id={ours.id: ours for ours in found},
        paid=paid or {},
    )


def _marks(kind: type[I], references: Sequence[str]) -> list[I]:
    found = []
    for reference in references:
        try:
            found.append(kind.parse(reference))
        except NotFound:
            continue
    return found


def _payment(row: Row, name: str, booked: dict[tuple[str, str, str], int]) -> OurPayment:
    received, fee = row["received_amount"], row["fee_amount"]
    return OurPayment(
        id=name,
        order_id=OrderId.of(row["order_id"]),
        provider_id=row["provider_payment_id"],
        status=row["status"],
        asked=Money(row["amount"], row["currency"]),
        received=None if received is None else Money(received, row["received_currency"]),
        fee=None if fee is None else Money(fee, row["fee_currency"]),
        livemode=row["livemode"],
        refunded=row["refunded_amount"],
        refunds=row["refunds"],
        booked=booked.get(("payment", name, row["received_currency"]), 0),
        booked_fee=booked.get(("fee", name, row["fee_currency"]), 0),
        page_over=row["page_over"],
    )


def _refund(row: Row, name: str, booked: dict[tuple[str, str, str], int]) -> OurRefund:
    money = Money(row["amount"], row["currency"])
    return OurRefund(
        id=name,
        order_id=None if row["order_id"] is None else OrderId.of(row["order_id"]),
        provider_id=row["provider_refund_id"],
        status=row["status"],
        money=money,
        livemode=row["livemode"],
        booked=sum(booked.get((kind, name, money.currency), 0) for kind in ("refund", "refund_returned")),
    )


def _checkout(row: Row) -> OurCheckout:
    return OurCheckout(
        id=str(CheckoutId.of(row["id"])),
        order_id=OrderId.of(row["order_id"]),
        provider_id=row["provider_checkout_id"],
        status=row["status"],
        total=Money(row["total"], row["currency"]),
        livemode=row["livemode"],
    )


def _dispute(row: Row) -> OurDispute:
    of_invoice = row["order_id"] is None
    return OurDispute(
        id=str((InvoiceDisputeId if of_invoice else DisputeId).of(row["id"])),
        order_id=None if of_invoice else OrderId.of(row["order_id"]),
        provider_id=row["provider_dispute_id"],
        status=row["status"],
        money=Money(row["amount"], row["currency"]),
        livemode=row["livemode"],
        withheld=row["withheld"],
    )


def _transfer(row: Row) -> OurTransfer:
    return OurTransfer(
        id=str(TransferId.of(row["id"])),
        order_id=OrderId.of(row["order_id"]),
        provider_id=row["provider_transfer_id"],
        status=row["status"],
        money=Money(row["amount"], row["currency"]),
        reversed=row["reversed_amount"],
        livemode=row["livemode"],
    )


def _payout(row: Row) -> OurPayout:
    return OurPayout(
        id=str(PayoutId.of(row["id"])),
        order_id=None,
        provider_id=row["subject"],
        status=row["status"],
        money=Money(row["amount"], row["currency"]),
        livemode=row["livemode"],
    )


def _subscription(row: Row) -> OurSubscription:
    return OurSubscription(
        id=str(SubscriptionId.of(row["id"])),
        order_id=None,
        provider_id=row["provider_subscription_id"],
        status=row["status"],
        money=Money(row["unit_amount"] * row["quantity"], row["currency"]),
        quantity=row["quantity"],
        period_end=row["current_period_end"],
        livemode=row["livemode"],
    )


def _invoice(row: Row) -> OurInvoice:
    currency = row["currency"]
    return OurInvoice(
        id=str(InvoiceId.of(row["id"])),
        order_id=None,
        provider_id=row["provider_invoice_id"],
        status=row["status"],
        total=Money(row["total_amount"], currency),
        tax=Money(row["tax_amount"], currency),
        paid=Money(row["paid_amount"], currency),
        remaining=Money(row["remaining_amount"], currency),
        received=Money(row["received"], currency),
        livemode=row["livemode"],
    )
