"""Payouts, statements and balances as answers over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.http.bodies import MoneyShown, Shown
from farthing.lifecycles import PayoutStatus
from farthing.payouts.model import Balance, Payout, Statement, StatementLine


class PayoutShown(Shown):
    id: str
    object: Literal["payout"] = "payout"
    seller: str = Field(description="The host's own id of the seller.")
    status: PayoutStatus
    amount: MoneyShown
    automatic: bool = Field(description="Whether the provider's calendar made it.")
    provider_payout_id: str | None
    last4: str | None = Field(description="The end of the bank account's number.")
    requested_at: datetime
    arrives_at: datetime | None
    paid_at: datetime | None
    failure_code: str | None
    failure_message: str | None
    retry_of: str | None

    @classmethod
    def of(cls, payout: Payout, seller: str) -> "PayoutShown":
        return cls(
            id=str(payout.id),
            seller=seller,
            status=payout.status,
            amount=MoneyShown.of(payout.money),
            automatic=payout.automatic,
            provider_payout_id=payout.provider_payout_id,
            last4=payout.last4,
            requested_at=payout.requested_at,
            arrives_at=payout.arrives_at,
            paid_at=payout.paid_at,
            failure_code=payout.failure_code,
            failure_message=payout.failure_message,
            retry_of=None if payout.retry_of is None else str(payout.retry_of),
        )


class StatementLineShown(Shown):
    at: datetime
    kind: str = Field(examples=["sale", "platform_fee", "refund", "dispute", "debt", "reversal"])
    amount: MoneyShown
    seller_order: str | None = Field(description="Its number, for people.")
    name: str | None
    reference: str | None

    @classmethod
    def of(cls, line: StatementLine) -> "StatementLineShown":
        return cls(
            at=line.at,
            kind=line.kind,
            amount=MoneyShown.of(line.money),
            seller_order=line.number,
            name=line.name,
            reference=line.reference,
        )


class StatementShown(Shown):
    """`opening` and the lines, less `closing`, are the amount of the payout."""

    object: Literal["payout_statement"] = "payout_statement"
    payout: PayoutShown
    opening: MoneyShown
    lines: list[StatementLineShown]
    closing: MoneyShown

    @classmethod
    def of(cls, statement: Statement, seller: str) -> "StatementShown":
        return cls(
            payout=PayoutShown.of(statement.payout, seller),
            opening=MoneyShown.of(statement.opening),
            lines=[StatementLineShown.of(line) for line in statement.lines],
            closing=MoneyShown.of(statement.closing),
        )


class BalanceShown(Shown):
    """Where a seller's money is, in one currency."""

    object: Literal["balance"] = "balance"
    due: MoneyShown
    on_hold: MoneyShown
    in_transit: MoneyShown
    with_seller: MoneyShown = Field(description="On their account.")
    early: MoneyShown = Field(description="What of it is there before its time, and does not go on to their bank yet.")
    to_bank: MoneyShown
    paid_out: MoneyShown
    owed: MoneyShown

    @classmethod
    def of(cls, balance: Balance) -> "BalanceShown":
        return cls(
            due=MoneyShown.of(balance.due),
            on_hold=MoneyShown.of(balance.on_hold),
            in_transit=MoneyShown.of(balance.in_transit),
            with_seller=MoneyShown.of(balance.with_seller),
            early=MoneyShown.of(balance.early),
            to_bank=MoneyShown.of(balance.to_bank),
            paid_out=MoneyShown.of(balance.paid_out),
            owed=MoneyShown.of(balance.owed),
        )
