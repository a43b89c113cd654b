"""Invoices as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.http.bodies import MoneyShown, Shown
from farthing.ids import public
from farthing.invoices.disputes import InvoiceDispute
from farthing.invoices.model import Invoice, InvoiceLine
from farthing.lifecycles import DisputeStatus, InvoiceStatus
from farthing.money import Money
from farthing.tax import TaxDocument, TaxDocumentShown


class InvoiceLineShown(Shown):
    description: str | None
    quantity: int
    amount: MoneyShown
    discount: MoneyShown
    tax: MoneyShown
    period_start: datetime
    period_end: datetime


class InvoiceDisputeShown(Shown):
    id: str
    object: Literal["invoice_dispute"] = "invoice_dispute"
    status: DisputeStatus
    amount: MoneyShown
    reason: str
    evidence_due_by: datetime | None


class InvoiceDetailShown(Shown):
    id: str
    object: Literal["invoice"] = "invoice"
    status: InvoiceStatus
    subscription: str | None
    reason: str | None
    lines: list[InvoiceLineShown]
    total: MoneyShown
    tax: MoneyShown
    paid: MoneyShown
    remaining: MoneyShown
    url: str | None = Field(description="The provider's page of it, where it can be paid.")
    issued_at: datetime
    paid_at: datetime | None
    documents: list[TaxDocumentShown] = Field(description="Our tax invoice of it, and its credit notes.")
    disputes: list[InvoiceDisputeShown] = Field(description="Of what paid for it. For servers.")

    @classmethod
    def of(
        cls, found: Invoice, lines: list[InvoiceLine], documents: list[TaxDocument], disputes: list[InvoiceDispute]
    ) -> "InvoiceDetailShown":
        def money(amount: int) -> MoneyShown:
            return MoneyShown.of(Money(amount, found.currency))

        return cls(
            id=str(found.id),
            status=found.status,
            subscription=public(found.subscription_id),
            reason=found.billing_reason,
            lines=[
                InvoiceLineShown(
                    description=line.description,
                    quantity=line.quantity,
                    amount=money(line.amount),
                    discount=money(line.discount_amount),
                    tax=money(line.tax_amount),
                    period_start=line.period_start,
                    period_end=line.period_end,
                )
                for line in lines
            ],
            total=money(found.total_amount),
            tax=money(found.tax_amount),
            paid=money(found.paid_amount),
            remaining=money(found.remaining_amount),
            url=found.hosted_url,
            issued_at=found.issued_at,
            paid_at=found.paid_at,
            documents=[TaxDocumentShown.of(each) for each in documents],
            disputes=[
                InvoiceDisputeShown(
                    id=str(each.id),
                    status=each.status,
                    amount=MoneyShown.of(each.money),
                    reason=each.reason,
                    evidence_due_by=each.evidence_due_by,
                )
                for each in disputes
            ],
        )
