"""Invoices and tax documents as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.http.bodies import MoneyShown, Shown
from farthing.ids import public
from farthing.invoices.disputes import InvoiceDispute
from farthing.invoices.model import Invoice, InvoiceLine
from farthing.invoices.tax import Party, TaxDetails, TaxDocument
from farthing.lifecycles import DisputeStatus, InvoiceStatus
from farthing.money import Money


class PartyShown(Shown):
    name: str
    address: list[str]
    country: str | None
    tax_id: str | None

    @classmethod
    def of(cls, party: Party) -> "PartyShown":
        return cls(name=party.name, address=list(party.address), country=party.country, tax_id=party.tax_id)


class TaxLineShown(Shown):
    description: str
    quantity: int
    net: MoneyShown
    tax: MoneyShown
    tax_rate_basis_points: int | None = Field(description="1900 is 19 %; null where the amounts do not say it.")


class TaxDocumentShown(Shown):
    id: str
    object: Literal["tax_document"] = "tax_document"
    kind: Literal["invoice", "credit_note"]
    number: str = Field(examples=["INV-2026-000001"])
    invoice: str
    corrects: str | None
    seller: PartyShown
    buyer: PartyShown
    lines: list[TaxLineShown]
    net: MoneyShown
    tax: MoneyShown
    total: MoneyShown
    notes: list[str]
    issued_at: datetime

    @classmethod
    def of(cls, document: TaxDocument) -> "TaxDocumentShown":
        def money(amount: int) -> MoneyShown:
            return MoneyShown.of(Money(amount, document.currency))

        return cls(
            id=str(document.id),
            kind=document.kind,
            number=document.name,
            invoice=str(document.invoice_id),
            corrects=public(document.corrects),
            seller=PartyShown.of(document.seller),
            buyer=PartyShown.of(document.buyer),
            lines=[
                TaxLineShown(
                    description=line.description,
                    quantity=line.quantity,
                    net=money(line.net),
                    tax=money(line.tax),
                    tax_rate_basis_points=line.rate,
                )
                for line in document.lines
            ],
            net=MoneyShown.of(document.net),
            tax=MoneyShown.of(document.tax),
            total=MoneyShown.of(document.total),
            notes=list(document.notes),
            issued_at=document.issued_at,
        )


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


class TaxDetailsShown(Shown):
    object: Literal["tax_details"] = "tax_details"
    name: str
    address: list[str]
    country: str
    tax_id: str | None
    tax_id_kind: str | None

    @classmethod
    def of(cls, details: TaxDetails) -> "TaxDetailsShown":
        return cls(
            name=details.name,
            address=list(details.address),
            country=details.country,
            tax_id=details.tax_id,
            tax_id_kind=details.tax_id_kind,
        )
