"""What a tax invoice says. Pure: whole minor units, and every sum exact."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.in_ import gstin

from farthing.errors import Invalid
from farthing.ids import CustomerId, InvoiceId, InvoiceRefundId, OrderId, RefundId, SubscriptionId, TaxDocumentId
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
class LineTax:
    """One tax of a line. `percent` is as it was told, such as "19" or "9.975"; None where nobody said it."""

    amount: int
    percent: str | None = None
    name: str | None = None

    @property
    def label(self) -> str:
        """Such as "GST 5 %"; "Tax" where nothing is known of it."""
        rate = None if self.percent is None else f"{self.percent} %"
        return " ".join(each for each in (self.name or "Tax", rate) if each)


@dataclass(frozen=True, slots=True)
class TaxLine:
    """`net` is without the taxes, wherever the price stood with them."""

    description: str
    quantity: int
    net: int
    taxes: tuple[LineTax, ...] = ()
    group: str = ""
    """What a credit note gives back in one: the line item of an order, the taxes that lines of an invoice have in common."""

    @property
    def tax(self) -> int:
        return sum(each.amount for each in self.taxes)

    @property
    def total(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Source:
    """What a document is about: an invoice of a subscription, or an order; of a credit note also what went back of it."""

    invoice_id: InvoiceId | None = None
    order_id: OrderId | None = None
    invoice_refund_id: InvoiceRefundId | None = None
    refund_id: RefundId | None = None
    subscription_id: SubscriptionId | None = None
    """Whose timeline tells of it. Not kept with the document."""


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
    source: Source
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

    @property
    def taxes(self) -> list[tuple[LineTax, int]]:
        """Each rate by itself: what it comes to, and of how much."""
        rates = {(each.name, each.percent): each for line in self.lines for each in line.taxes}
        return [_of_rate(self.lines, *key) for key in sorted(rates, key=lambda key: (key[0] or "", len(key[1] or ""), key))]


def _of_rate(lines: Iterable[TaxLine], name: str | None, percent: str | None) -> tuple[LineTax, int]:
    found = [(each, line.net) for line in lines for each in line.taxes if (each.name, each.percent) == (name, percent)]
    return LineTax(sum(each.amount for each, _ in found), percent, name), sum(net for _, net in found)


def included(total: int, percent: str | None) -> tuple[LineTax, ...]:
    """The tax that is in a price, rounded to the nearest unit; none where no rate is known."""
    if percent is None:
        return ()
    whole, _, part = percent.partition(".")
    rate = int(whole + part.ljust(4, "0"))
    return (LineTax((2 * total * rate + 1_000_000 + rate) // (2 * (1_000_000 + rate)), percent),)


def notes_of(seller_country: str | None, buyer: Party, tax: int, *, reverse: bool = False) -> tuple[str, ...]:
    """What the law wants to be read where a business in another country of the EU pays without tax.

    `reverse`: whoever computed the tax said so.
    """
    abroad = buyer.country != seller_country and buyer.country in EU and seller_country in EU
    return (REVERSE_CHARGE,) if not tax and (reverse or (abroad and buyer.tax_id)) else ()


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
