"""How an order stands when all is said and done, as one value: what the script expects, compared with what is found."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from farthing import emails, entitlements, events, invariants, ledger, orders, payments
from farthing.db import Transaction
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus, PaymentStatus, RefundStatus
from farthing.money import Money

PROMISED: Final = {RefundStatus.PROMISED, RefundStatus.PENDING}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`refunds`, `emails` and `features` are in order of their names or amounts, each as often as it is there."""

    status: OrderStatus
    total: Money
    received: Money | None = None
    fee: Money | None = None
    refunds: tuple[str, ...] = ()
    declines: int = 0
    payments: tuple[PaymentStatus, ...] = (PaymentStatus.SUCCEEDED,)
    emails: tuple[str, ...] = ("order_confirmation sent",)
    features: tuple[str, ...] = ()


async def of_order(tx: Transaction, id: OrderId) -> Outcome:
    order = await orders.get(tx, id)
    collected = await payments.of_order(tx, id)
    paid = next((payment for payment in collected if payment.settles), None)
    happened = await events.of_order(tx, id)
    return Outcome(
        status=order.status,
        total=order.total,
        received=paid.received if paid else None,
        fee=paid.fee if paid else None,
        refunds=tuple(sorted(f"{each.money} {each.status}" for each in await payments.refunds_of_order(tx, id))),
        declines=sum(event.type == "payment.failed" for event in happened),
        payments=tuple(sorted(payment.status for payment in collected)),
        emails=tuple(sorted(f"{each.kind} {each.status}" for each in await emails.of_order(tx, id))),
        features=tuple(sorted(e.feature for e in await entitlements.of_order(tx, id) if e.revoked_at is None)),
    )


def differences(name: str, expected: Outcome, found: Outcome) -> list[str]:
    """A sentence for each thing that is not as it should be."""
    return [
        f"{name}: {field.name} should be {_said(getattr(expected, field.name))}, and is {_said(getattr(found, field.name))}."
        for field in fields(Outcome)
        if getattr(expected, field.name) != getattr(found, field.name)
    ]


def balance(outcomes: list[Outcome]) -> dict[tuple[str, str], int]:
    """The trial balance that follows from these orders alone: account and currency → minor units."""
    books: dict[tuple[str, str], int] = {}

    def post(account: ledger.Account, currency: str, amount: int) -> None:
        books[account.name, currency] = books.get((account.name, currency), 0) + amount

    bank = ledger.provider("stripe")
    for outcome in outcomes:
        if outcome.received is None:
            continue
        received = outcome.received
        post(bank, received.currency, received.amount)
        post(ledger.SALES, received.currency, -received.amount)
        if outcome.fee is not None:
            post(bank, outcome.fee.currency, -outcome.fee.amount)
            post(ledger.FEES, outcome.fee.currency, outcome.fee.amount)
        for refund in outcome.refunds:
            back = Money.parse(refund.split()[0], received.currency)
            post(bank, received.currency, -back.amount)
            post(ledger.REFUNDS, received.currency, back.amount)
    return books


async def books(tx: Transaction, expected: dict[tuple[str, str], int]) -> tuple[list[ledger.Balance], list[str]]:
    """The trial balance as it is, and what is wrong with it."""
    found = await ledger.trial_balance(tx)
    amounts = {(each.account, each.money.currency): each.money.amount for each in found}
    wrong = []
    for account, currency in sorted(amounts.keys() | expected.keys()):
        should, holds = (Money(side.get((account, currency), 0), currency) for side in (expected, amounts))
        if should != holds:
            wrong.append(f"The account {account} should hold {should}, and holds {holds}.")
    return found, wrong


async def rules(tx: Transaction) -> list[str]:
    """The broken rules, each as a sentence."""
    return [f"Broken in {v.count} cases: {v.rule.sentence}" for v in await invariants.check_all(tx)]


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value) or "nothing"
    return "nothing" if value is None else str(value)
