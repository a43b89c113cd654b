"""Disputes, our answers to them and fraud warnings in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.disputes.model import UNANSWERED, Answer, Dispute
from farthing.errors import NotFound
from farthing.ids import DisputeAnswerId, DisputeId, FraudWarningId, OrderId, PaymentId
from farthing.lifecycles import AnswerStatus, DisputeStatus
from farthing.money import Money
from farthing.paging import Page, checked_limit
from farthing.payments import Payment
from farthing.providers import SeenFraudWarning

SELECT: LiteralString = """
    SELECT disputes.id, payment_id, order_id, orders.number AS order_number, provider, disputes.livemode, provider_dispute_id,
        disputes.status, amount, disputes.currency, reason, network_reason_code, evidence_due_by, submission_count,
        withdrawn_amount, reinstated_amount, fee_amount, fee_currency, lost_amount, lost_to, losses_posted, access,
        reminded_days, paid_twice_told_at, look, looked_at, opened_at, submitted_at, disputes.closed_at
    FROM disputes JOIN orders ON orders.id = disputes.order_id
"""

ANSWER: LiteralString = """
    SELECT id, dispute_id, kind, status, evidence, written_by, drafted_at, promised_at, asked_at, sent_at, refusal
    FROM dispute_answers
"""


async def next_look(tx: Transaction) -> int:
    """The number of a look that begins now: greater than that of every look that began before."""
    number: int = await tx.value("SELECT nextval('dispute_looks')")
    return number


async def get(tx: Transaction, id: DisputeId) -> Dispute:
    found = await tx.find(_dispute, SELECT + " WHERE disputes.id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no dispute {id}.")
    return found


async def lock(tx: Transaction, id: DisputeId) -> Dispute:
    """Held until the commit. Whoever needs the order as well has locked that before."""
    found = await tx.find(_dispute, SELECT + " WHERE disputes.id = %(id)s FOR UPDATE OF disputes", id=id)
    if found is None:
        raise NotFound(f"There is no dispute {id}.")
    return found


async def find_by_provider_id(tx: Transaction, provider: str, livemode: bool, id: str) -> Dispute | None:
    return await tx.find(
        _dispute,
        SELECT
        + """
        WHERE provider = %(provider)s AND disputes.livemode = %(livemode)s AND provider_dispute_id = %(id)s
        FOR UPDATE OF disputes
        """,
        provider=provider,
        livemode=livemode,
        id=id,
    )


async def of_order(tx: Transaction, order: OrderId) -> list[Dispute]:
    return await tx.all(_dispute, SELECT + " WHERE order_id = %(order)s ORDER BY disputes.id", order=order)


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: DisputeId | None = None,
    status: DisputeStatus | None = None,
    unanswered: bool = False,
    order: OrderId | None = None,
) -> Page[Dispute]:
    """Newest first. `unanswered`: only those that wait for us."""
    rows = await tx.all(
        _dispute,
        SELECT
        + """
        WHERE (%(cursor)s::uuid IS NULL OR disputes.id < %(cursor)s)
            AND (%(statuses)s::text[] IS NULL OR disputes.status = ANY(%(statuses)s))
            AND (%(order)s::uuid IS NULL OR order_id = %(order)s)
        ORDER BY disputes.id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        statuses=[str(status)] if status else [str(each) for each in UNANSWERED] if unanswered else None,
        order=order,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda dispute: dispute.id)


async def by_deadline(tx: Transaction, *, limit: int) -> list[Dispute]:
    """Those that wait for us; what is due first comes first."""
    return await tx.all(
        _dispute,
        SELECT + " WHERE disputes.status = ANY(%(statuses)s) ORDER BY evidence_due_by NULLS LAST, disputes.id LIMIT %(limit)s",
        statuses=[str(each) for each in UNANSWERED],
        limit=checked_limit(limit),
    )


async def counts(tx: Transaction) -> dict[str, int]:
    """How many there are of each status."""
    rows = await tx.all(
        lambda row: (str(row["status"]), int(row["count"])), "SELECT status, count(*) AS count FROM disputes GROUP BY status"
    )
    return dict(rows)


async def save(tx: Transaction, dispute: Dispute) -> None:
    """Insert it, or bring its row to this."""
    await tx.run(
        """
        INSERT INTO disputes (id, payment_id, order_id, provider, livemode, provider_dispute_id, status, amount, currency,
            reason, network_reason_code, evidence_due_by, submission_count, withdrawn_amount, reinstated_amount, fee_amount,
            fee_currency, lost_amount, lost_to, losses_posted, access, reminded_days, paid_twice_told_at, look, looked_at,
            opened_at, submitted_at, closed_at)
        VALUES (%(id)s, %(payment)s, %(order)s, %(provider)s, %(livemode)s, %(provider_dispute_id)s, %(status)s, %(amount)s,
            %(currency)s, %(reason)s, %(code)s, %(due_by)s, %(submissions)s, %(withdrawn)s, %(reinstated)s, %(fee)s,
            %(fee_currency)s, %(lost)s, %(lost_to)s, %(losses)s, %(access)s, %(reminded)s, %(twice)s, %(look)s, %(looked_at)s,
            %(opened_at)s, %(submitted_at)s, %(closed_at)s)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount = excluded.amount, reason = excluded.reason,
            network_reason_code = excluded.network_reason_code, evidence_due_by = excluded.evidence_due_by,
            submission_count = excluded.submission_count, withdrawn_amount = excluded.withdrawn_amount,
            reinstated_amount = excluded.reinstated_amount, fee_amount = excluded.fee_amount,
            fee_currency = excluded.fee_currency, lost_amount = excluded.lost_amount, lost_to = excluded.lost_to,
            losses_posted = excluded.losses_posted, access = excluded.access, reminded_days = excluded.reminded_days,
            paid_twice_told_at = excluded.paid_twice_told_at, look = excluded.look, looked_at = excluded.looked_at,
            submitted_at = excluded.submitted_at, closed_at = excluded.closed_at
        """,
        id=dispute.id,
        payment=dispute.payment_id,
        order=dispute.order_id,
        provider=dispute.provider,
        livemode=dispute.livemode,
        provider_dispute_id=dispute.provider_dispute_id,
        status=dispute.status,
        amount=dispute.money.amount,
        currency=dispute.money.currency,
        reason=dispute.reason,
        code=dispute.network_reason_code,
        due_by=dispute.evidence_due_by,
        submissions=dispute.submission_count,
        withdrawn=dispute.withdrawn_amount,
        reinstated=dispute.reinstated_amount,
        fee=0 if dispute.fee is None else dispute.fee.amount,
        fee_currency=None if dispute.fee is None else dispute.fee.currency,
        lost=dispute.lost_amount,
        lost_to=dispute.lost_to,
        losses=dispute.losses_posted,
        access=dispute.access,
        reminded=dispute.reminded_days,
        twice=dispute.paid_twice_told_at,
        look=dispute.look,
        looked_at=dispute.looked_at,
        opened_at=dispute.opened_at,
        submitted_at=dispute.submitted_at,
        closed_at=dispute.closed_at,
    )


async def holding(tx: Transaction, order: OrderId) -> bool:
    """Whether any dispute of the order keeps its buyer from what it granted."""
    return bool(await tx.value("SELECT count(*) FROM disputes WHERE order_id = %(order)s AND access <> 'kept'", order=order))


async def due_for_reminder(tx: Transaction, *, until: datetime, limit: int) -> Sequence[DisputeId]:
    """Unanswered ones with a deadline from now until then. Those that were told of all reminders are left out."""
    return await tx.all(
        lambda row: DisputeId.of(row["id"]),
        """
        SELECT id FROM disputes
        WHERE status IN ('warning_needs_response', 'needs_response', 'appeal_needs_response')
            AND evidence_due_by BETWEEN %(now)s AND %(until)s AND reminded_days IS DISTINCT FROM 1
        ORDER BY evidence_due_by LIMIT %(limit)s
        """,
        now=tx.now,
        until=until,
        limit=limit,
    )


async def paid_twice(tx: Transaction, *, limit: int) -> Sequence[DisputeId]:
    """Disputes of payments that went back by refund as well, and of which nobody was told."""
    return await tx.all(
        lambda row: DisputeId.of(row["id"]),
        """
        SELECT disputes.id FROM disputes JOIN payments ON payments.id = disputes.payment_id
        WHERE payments.withheld_amount > payments.disputed_amount AND payments.refunding_amount = 0
            AND disputes.withdrawn_amount > disputes.reinstated_amount AND disputes.paid_twice_told_at IS NULL
        ORDER BY disputes.id LIMIT %(limit)s
        """,
        limit=limit,
    )


async def to_look_at(tx: Transaction, *, before: datetime, limit: int) -> Sequence[str]:
    """The provider's ids of undecided disputes that nobody looked at since then, or since their deadline passed."""
    return await tx.all(
        lambda row: str(row["provider_dispute_id"]),
        """
        SELECT provider_dispute_id FROM disputes WHERE closed_at IS NULL
            AND (looked_at < %(before)s OR (evidence_due_by < %(now)s AND looked_at < evidence_due_by))
        ORDER BY random() LIMIT %(limit)s
        """,
        before=before,
        now=tx.now,
        limit=limit,
    )


# Answers


async def insert_answer(tx: Transaction, answer: Answer) -> None:
    await tx.run(
        """
        INSERT INTO dispute_answers (id, dispute_id, kind, status, evidence, written_by, drafted_at, promised_at)
        VALUES (%(id)s, %(dispute)s, %(kind)s, %(status)s, %(evidence)s, %(by)s, %(drafted_at)s, %(promised_at)s)
        """,
        id=answer.id,
        dispute=answer.dispute_id,
        kind=answer.kind,
        status=answer.status,
        evidence=orjson.dumps(dict(answer.evidence)).decode(),
        by=answer.written_by,
        drafted_at=answer.drafted_at,
        promised_at=answer.promised_at,
    )


async def save_answer(tx: Transaction, answer: Answer) -> None:
    await tx.run(
        """
        UPDATE dispute_answers SET kind = %(kind)s, status = %(status)s, evidence = %(evidence)s, written_by = %(by)s,
            promised_at = %(promised_at)s, asked_at = %(asked_at)s, sent_at = %(sent_at)s, refusal = %(refusal)s
        WHERE id = %(id)s
        """,
        id=answer.id,
        kind=answer.kind,
        status=answer.status,
        evidence=orjson.dumps(dict(answer.evidence)).decode(),
        by=answer.written_by,
        promised_at=answer.promised_at,
        asked_at=answer.asked_at,
        sent_at=answer.sent_at,
        refusal=answer.refusal,
    )


async def get_answer(tx: Transaction, id: DisputeAnswerId) -> Answer:
    found = await tx.find(_answer, ANSWER + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no answer {id}.")
    return found


async def answers_of(tx: Transaction, dispute: DisputeId) -> list[Answer]:
    """Oldest first."""
    return await tx.all(_answer, ANSWER + " WHERE dispute_id = %(dispute)s ORDER BY id", dispute=dispute)


# Fraud warnings


async def insert_warning(tx: Transaction, payment: Payment, seen: SeenFraudWarning) -> bool:
    """Whether this call is the one that wrote it down."""
    return bool(
        await tx.run(
            """
            INSERT INTO fraud_warnings (id, payment_id, order_id, provider, livemode, provider_warning_id, fraud_type,
                actionable, warned_at)
            VALUES (%(id)s, %(payment)s, %(order)s, %(provider)s, %(livemode)s, %(seen)s, %(type)s, %(actionable)s, %(now)s)
            ON CONFLICT (provider, livemode, provider_warning_id) DO NOTHING
            """,
            id=FraudWarningId.new(),
            payment=payment.id,
            order=payment.order_id,
            provider=payment.provider,
            livemode=payment.livemode,
            seen=seen.id,
            type=seen.fraud_type,
            actionable=seen.actionable,
            now=tx.now,
        )
    )


async def save_warning(tx: Transaction, payment: Payment, seen: SeenFraudWarning) -> None:
    """Once it is refunded or disputed, a refund avoids nothing any more."""
    await tx.run(
        """
        UPDATE fraud_warnings SET actionable = actionable AND %(actionable)s
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_warning_id = %(seen)s
        """,
        actionable=seen.actionable,
        provider=payment.provider,
        livemode=payment.livemode,
        seen=seen.id,
    )


async def warnings_of_order(tx: Transaction, order: OrderId) -> list[str]:
    """The kinds of fraud that banks suspect."""
    return await tx.all(
        lambda row: str(row["fraud_type"]),
        "SELECT fraud_type FROM fraud_warnings WHERE order_id = %(order)s ORDER BY id",
        order=order,
    )


def _dispute(row: Row) -> Dispute:
    fee = row["fee_currency"]
    return Dispute(
        id=DisputeId.of(row["id"]),
        payment_id=PaymentId.of(row["payment_id"]),
        order_id=OrderId.of(row["order_id"]),
        order_number=row["order_number"],
        provider=row["provider"],
        livemode=row["livemode"],
        provider_dispute_id=row["provider_dispute_id"],
        status=DisputeStatus(row["status"]),
        money=Money(row["amount"], row["currency"]),
        reason=row["reason"],
        network_reason_code=row["network_reason_code"],
        evidence_due_by=row["evidence_due_by"],
        submission_count=row["submission_count"],
        withdrawn_amount=row["withdrawn_amount"],
        reinstated_amount=row["reinstated_amount"],
        fee=None if fee is None else Money(row["fee_amount"], fee),
        lost_amount=row["lost_amount"],
        lost_to=row["lost_to"],
        losses_posted=row["losses_posted"],
        access=row["access"],
        reminded_days=row["reminded_days"],
        paid_twice_told_at=row["paid_twice_told_at"],
        look=row["look"],
        looked_at=row["looked_at"],
        opened_at=row["opened_at"],
        submitted_at=row["submitted_at"],
        closed_at=row["closed_at"],
    )


def _answer(row: Row) -> Answer:
    return Answer(
        id=DisputeAnswerId.of(row["id"]),
        dispute_id=DisputeId.of(row["dispute_id"]),
        kind=row["kind"],
        status=AnswerStatus(row["status"]),
        evidence=row["evidence"],
        written_by=row["written_by"],
        drafted_at=row["drafted_at"],
        promised_at=row["promised_at"],
        asked_at=row["asked_at"],
        sent_at=row["sent_at"],
        refusal=row["refusal"],
    )
