"""Credits that come with a plan: for each period that is paid, and in the middle of one by what a change charges."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from farthing import credits, invoices
from farthing.catalog import Catalog
from farthing.db import Transaction
from farthing.invoices import Invoice, InvoiceLine
from farthing.subscriptions.model import Subscription

PERIODS: Final = frozenset({"subscription_create", "subscription_cycle"})
"""Why an invoice is for a whole period."""

CHANGE: Final = "subscription_update"


async def give_credits(tx: Transaction, sells: Catalog, found: Subscription, paid: Sequence[invoices.Outcome]) -> None:
    """Once for each invoice that is newly paid; a trial brings none. Whoever gets money back for time keeps what they used."""
    for each in paid:
        invoice = each.invoice
        if not each.newly_paid or await credits.find_given(tx, found.customer_id, str(invoice.id)) is not None:
            continue
        if invoice.billing_reason in PERIODS and invoice.total_amount > 0:
            await _vest(tx, sells, found, invoice, share=(1, 1))
        elif invoice.billing_reason == CHANGE:
            billed = [line for line in await invoices.lines_of(tx, invoice.id) if line.of_subscription]
            lines = [line for line in billed if line.proration]
            await _claw_back(tx, found, invoice, -sum(_price(line) for line in lines if line.amount < 0))
            charged, whole = sum(_price(line) for line in lines if line.amount > 0), found.amount.amount
            # Another interval, or going on after a pause, begins a period of its own.
            begins = any(line.amount > 0 and not line.proration for line in billed)
            await _vest(tx, sells, found, invoice, share=(1, 1) if begins else (min(charged, whole), whole))


async def _vest(tx: Transaction, sells: Catalog, found: Subscription, invoice: Invoice, *, share: tuple[int, int]) -> None:
    """The share is rounded down: what is not paid for does not come."""
    product, (part, whole) = sells.products.get(found.plan), share
    plan = None if product is None else product.plan
    amount = 0 if plan is None or plan.credits is None or not whole else plan.credits * found.quantity * part // whole
    if plan is None or amount <= 0:
        return
    until = found.access_until
    if plan.credits_days is not None:
        until = tx.now + timedelta(days=plan.credits_days)
    elif until is None or until <= tx.now:
        until = tx.now + timedelta(days=1)
    await credits.give(tx, found.customer_id, amount, reference=str(invoice.id), expires_at=until)


async def _claw_back(tx: Transaction, found: Subscription, change: Invoice, back: int) -> None:
    """What is given back of this period's price takes its share of this period's credits, as far as they are there."""
    billed = [each for each in await invoices.of_subscription(tx, found.id) if each.id != change.id]
    period: list[Invoice] = []
    for each in (each for each in billed if each.status == "paid" and each.issued_at <= change.issued_at):
        period.append(each)
        if each.billing_reason in PERIODS:
            break
    lines = [line for each in period for line in await invoices.lines_of(tx, each.id) if line.of_subscription]
    references = [str(each.id) for each in period]
    if back > 0:
        total = max(sum(_price(line) for line in lines), back)
        await credits.hold_given(tx, found.customer_id, references, str(change.id), back, total)


def _price(line: InvoiceLine) -> int:
    return line.amount - line.discount_amount if line.amount > 0 else line.amount + line.discount_amount
