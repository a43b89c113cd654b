"""`of_order`: five records of one order, merged by time: our events, the provider's, the books, hooks and emails."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from farthing import emails, events, invoices, ledger, webhooks
from farthing.db import Transaction
from farthing.emails import Email
from farthing.ids import OrderId
from farthing.ledger import Entry as LedgerEntry
from farthing.lifecycles import EmailStatus
from farthing.sellers import Seller
from farthing.subscriptions import Subscription
from farthing.timeline import hook_runs, words
from farthing.timeline.entry import Entry, EntryKind
from farthing.timeline.hook_runs import HookRun
from farthing.webhooks import StoredNotice

_RANK: Final[dict[EntryKind, int]] = {"notice": 0, "event": 1, "ledger": 2, "hook": 3, "email": 4}
"""What one transaction wrote has one time: then cause comes before effect."""


async def of_order(tx: Transaction, order: OrderId) -> list[Entry]:
    """All that is known of the order, oldest first."""
    entries = [
        *(_from_notice(notice) for notice in await webhooks.of_order(tx, order)),
        *(words.of_event(event) for event in await events.of_order(tx, order)),
        *_from_ledger(await ledger.entries_of_order(tx, order)),
        *(_from_hook(run) for run in await hook_runs.of_order(tx, order) if not run.is_told_elsewhere),
        *(_from_email(email) for email in await emails.of_order(tx, order) if email.status == EmailStatus.WAITING),
    ]
    return _sorted(entries)


async def of_subscription(tx: Transaction, subscription: Subscription) -> list[Entry]:
    """The same of a subscription, with the money of its invoices."""
    billed = await invoices.of_subscription(tx, subscription.id)
    paid = [payment for invoice in billed for payment in await invoices.payments_of(tx, invoice.id)]
    back = [refund for payment in paid for refund in await invoices.refunds_of(tx, payment.id)]
    notices = await webhooks.of_subject(tx, "subscription", subscription.provider_subscription_id)
    entries = [
        *(_from_notice(notice) for notice in notices),
        *(words.of_event(event) for event in await events.of_subscription(tx, subscription.id)),
        *_from_ledger(await ledger.entries_of(tx, [str(payment.id) for payment in paid] + [str(refund.id) for refund in back])),
        *(_from_hook(run) for run in await hook_runs.of_subscription(tx, subscription.id) if not run.is_told_elsewhere),
    ]
    return _sorted(entries)


async def of_seller(tx: Transaction, seller: Seller) -> list[Entry]:
    """The same of a seller, with what the provider told of their accounts."""
    ids = [id for id in (seller.provider_account_id, *seller.former_account_ids) if id is not None]
    notices = [notice for id in ids for notice in await webhooks.of_subject(tx, "account", id)]
    entries = [
        *(_from_notice(notice) for notice in notices),
        *(words.of_event(event) for event in await events.of_seller(tx, seller.id)),
    ]
    return _sorted(entries)


def _sorted(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.at, _RANK[entry.kind]))


def _from_notice(notice: StoredNotice) -> Entry:
    detail = notice.provider_event_id if notice.reason is None else f"{notice.provider_event_id}: {notice.reason}"
    return Entry(
        at=notice.received_at,
        kind="notice",
        name=notice.type,
        title=_reported(notice),
        actor=f"{notice.source}:{notice.provider}",
        detail=f"{detail} ({notice.status})",
        ref=str(notice.id),
    )


def _reported(notice: StoredNotice) -> str:
    if notice.source == "sweep":
        return f"Found in {notice.provider.capitalize()}'s list, never delivered: {notice.type}"
    return f"{notice.provider.capitalize()} reported {notice.type}"


def _from_ledger(entries: Sequence[LedgerEntry]) -> Iterator[Entry]:
    """One entry for each fact. Most facts move one amount from one account to another."""
    for (kind, reference), found in groupby(entries, key=lambda entry: (entry.kind, entry.reference)):
        legs = list(found)
        into = [leg for leg in legs if leg.money.amount > 0]
        out_of = [leg for leg in legs if leg.money.amount < 0]
        yield Entry(
            at=legs[0].posted_at,
            kind="ledger",
            name=kind,
            title=f"Posted: {kind.replace('_', ' ')}",
            actor="ledger",
            detail=f"from {_accounts(out_of)} to {_accounts(into)}",
            money=into[0].money if len(into) == 1 else None,
            ref=reference,
        )


def _accounts(legs: Sequence[LedgerEntry]) -> str:
    return ", ".join(dict.fromkeys(leg.account for leg in legs))


def _from_hook(run: HookRun) -> Entry:
    ended = {"done": "ran", "failed": "failed", "waiting": "is waiting"}[run.status]
    times = f" after {run.attempts} attempts" if run.attempts > 1 else ""
    return Entry(
        at=run.updated_at,
        kind="hook",
        name=f"hook.{run.status}",
        title=f"{run.words} {ended}{times}",
        actor="worker",
        detail=run.last_error or f"told of {run.event_type}",
        ref=str(run.event_id),
    )


def _from_email(email: Email) -> Entry:
    """A sent one is an event of ours; what only waits is nowhere else."""
    return Entry(
        at=email.written_at,
        kind="email",
        name=f"email.{email.status}",
        title=f"Email waiting to be sent: {email.subject}",
        actor="worker",
        ref=str(email.id),
    )
