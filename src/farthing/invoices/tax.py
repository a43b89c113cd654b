"""What a tax invoice says, and how it follows from an invoice. Pure: whole minor units, and every sum exact."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.in_ import gstin

from farthing.errors import Invalid
from farthing.ids import CustomerId, InvoiceId, InvoiceRefundId, TaxDocumentId
from farthing.invoices.model import Invoice, InvoiceLine
from farthing.money import Money

Kind = Literal["invoice", "credit_note"]

EU: Final = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
REVERSE_CHARGE: Final = "Reverse charge: the recipient owes the tax (Article 196 of Directive 2006/112/EC)."
LINES_MAX: Final = 8
TEXT_MAX: Final = 300
COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer, as printed."""

    name: str
    address: tuple[str, ...] = ()
    country: str | None = None
    tax_id: str | None = None


@dataclass(frozen=True, slots=True)
class TaxDetails:
    """Whom a customer's documents are made out to. `tax_id` is as its country writes it."""

    name: str
    country: str
    address: tuple[str, ...] = ()
    tax_id: str | None = None
    tax_id_kind: str | None = None


@dataclass(frozen=True, slots=True)
class TaxLine:
    """`rate` is in basis points; None where the amounts do not say it."""

    description: str
    quantity: int
    net: int
    tax: int
    rate: int | None


@dataclass(frozen=True, slots=True)
class TaxDocument:
    """A tax invoice, or a credit note that corrects one. As it was issued, for good."""

    id: TaxDocumentId
    kind: Kind
    entity: str
    series: str
    year: int
    number: int
    livemode: bool
    customer_id: CustomerId
    invoice_id: InvoiceId
    invoice_refund_id: InvoiceRefundId | None
    corrects: TaxDocumentId | None
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[TaxLine, ...]
    notes: tuple[str, ...]
    issued_at: datetime
    credit_series: str = "CN"
    footer: str | None = None

    @property
    def name(self) -> str:
        """INV-2026-000001; what is no real money says so."""
        return f"{'' if self.livemode else 'TEST-'}{self.series}-{self.year}-{self.number:06d}"

    @property
    def net(self) -> Money:
        return Money(sum(line.net for line in self.lines), self.currency)

    @property
    def tax(self) -> Money:
        return Money(sum(line.tax for line in self.lines), self.currency)

    @property
    def total(self) -> Money:
        return self.net + self.tax


def tax_lines(invoice: Invoice, lines: Sequence[InvoiceLine]) -> tuple[TaxLine, ...]:
    """Net and tax of each. Where the total is without the tax's sum, the prices include it. They add up to the total."""
    included = invoice.tax_amount > 0 and invoice.total_amount == invoice.subtotal_amount - invoice.discount_amount
    found = []
    for line in lines:
        net = line.amount - line.discount_amount - (line.tax_amount if included else 0)
        found.append(
            TaxLine(line.description or "Subscription", line.quantity, net, line.tax_amount, rate(net, line.tax_amount))
        )
    left = invoice.total_amount - sum(line.net + line.tax for line in found)
    missing = invoice.tax_amount - sum(line.tax for line in found)
    if left or missing:
        found.append(TaxLine("Adjustment", 1, left - missing, missing, None))
    return tuple(found)


def rate(net: int, tax: int) -> int | None:
    """The rate that gives this tax of this net: the simplest of those that round to it. Providers tell amounts."""
    if tax == 0:
        return 0
    if net <= 0 or tax < 0:
        return None
    for step in (100, 50, 10, 25, 5, 1):
        near = (tax * 10_000 // net) // step * step
        for basis_points in (near, near + step):
            if basis_points and (net * basis_points * 2 + 10_000) // 20_000 == tax:
                return basis_points
    return None


def notes_of(seller_country: str | None, buyer: Party, tax: int) -> tuple[str, ...]:
    """What the law wants to be read where a business in another country of the EU pays without tax."""
    abroad = buyer.country != seller_country and buyer.country in EU and seller_country in EU
    return (REVERSE_CHARGE,) if abroad and buyer.tax_id and not tax else ()


def checked_details(name: str, country: str, address: Sequence[str] = (), tax_id: str | None = None) -> TaxDetails:
    """Raises Invalid for what no document could show, and for a tax id that its country does not write so.

    Whether an id is in use is known to its tax office alone.
    """
    for text, param in ((name, "name"), *((line, "address") for line in address)):
        if not text.strip() or len(text) > TEXT_MAX or not text.isprintable():
            raise Invalid(f"The {param} is made of lines of 1 to {TEXT_MAX} printable characters.", param=param)
    if len(address) > LINES_MAX:
        raise Invalid(f"An address has at most {LINES_MAX} lines.", param="address")
    country = country.strip().upper()
    if not COUNTRY.fullmatch(country):
        raise Invalid("A country is two letters, such as AT.", param="country")
    kind, id = (None, None) if not (tax_id or "").strip() else checked_tax_id(country, tax_id or "")
    return TaxDetails(name.strip(), country, tuple(line.strip() for line in address), id, kind)


def checked_tax_id(country: str, typed: str) -> tuple[str, str]:
    """Its kind, and the id in the usual form. Raises Invalid."""
    typed = typed.strip()
    kind = "eu_vat" if country in EU else "in_gst" if country == "IN" else f"{country.lower()}_vat"
    check = eu_vat if country in EU else gstin if country == "IN" else get_cc_module(country.lower(), "vat")
    if check is None:
        if not 2 <= len(typed) <= 40 or not typed.isprintable():
            raise Invalid("A tax id has 2 to 40 printable characters.", param="tax_id")
        return "other", typed
    prefix = "EL" if country == "GR" else country
    given = typed if country not in EU or typed[:2].upper() == prefix else prefix + typed
    try:
        return kind, str(check.validate(given))
    except ValidationError:
        raise Invalid(f"{typed[:40]!r} is no tax id of {country}: look at it again.", param="tax_id") from None
