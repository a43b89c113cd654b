"""Tax documents, and whom they are made out to, as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.http.bodies import MoneyShown, Shown
from farthing.ids import public
from farthing.money import Money
from farthing.tax.model import Party, TaxDetails, TaxDocument


class PartyShown(Shown):
    name: str
    address: list[str]
    country: str | None
    tax_id: str | None

    @classmethod
    def of(cls, party: Party) -> "PartyShown":
        return cls(name=party.name, address=list(party.address), country=party.country, tax_id=party.tax_id)


class LineTaxShown(Shown):
    amount: MoneyShown
    percent: str | None = Field(description="The rate as it was told; null where nobody said it.", examples=["19", "9.975"])
    name: str | None = Field(examples=["VAT"])


class TaxLineShown(Shown):
    description: str
    quantity: int
    net: MoneyShown
    tax: MoneyShown
    taxes: list[LineTaxShown] = Field(description="Each tax of it by itself.")


class TaxDocumentShown(Shown):
    id: str
    object: Literal["tax_document"] = "tax_document"
    kind: Literal["invoice", "credit_note"]
    number: str = Field(examples=["INV-2026-000001"])
    invoice: str | None = Field(description="The subscription's invoice that it is about.")
    order: str | None = Field(description="The order that it is about.")
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
            invoice=public(document.source.invoice_id),
            order=public(document.source.order_id),
            corrects=public(document.corrects),
            seller=PartyShown.of(document.seller),
            buyer=PartyShown.of(document.buyer),
            lines=[
                TaxLineShown(
                    description=line.description,
                    quantity=line.quantity,
                    net=money(line.net),
                    tax=money(line.tax),
                    taxes=[LineTaxShown(amount=money(t.amount), percent=t.percent, name=t.name) for t in line.taxes],
                )
                for line in document.lines
            ],
            net=MoneyShown.of(document.net),
            tax=MoneyShown.of(document.tax),
            total=MoneyShown.of(document.total),
            notes=list(document.notes),
            issued_at=document.issued_at,
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
