"""What our tax invoice says of the provider's invoice: its own amounts and rates of tax, line by line. Pure, and exact."""

from collections.abc import Iterable
from typing import Final

from farthing.providers import SeenInvoice, SeenTax
from farthing.tax import LineTax, TaxLine

REVERSE_CHARGE: Final = "reverse_charge"
"""https://docs.stripe.com/api/invoices/object: `taxability_reason`."""


def tax_lines(seen: SeenInvoice) -> tuple[TaxLine, ...]:
    """They add up to the invoice's total, and the tax of each rate to what the provider says of it.

    Where taxes are rounded for the whole invoice, what its lines do not say stands on a line of its own.
    """
    found = [
        _line(line.description or "Subscription", line.quantity, line.amount - line.discount - _inside(line.taxes), line.taxes)
        for line in seen.lines
    ]
    missing = _by_rate(seen.taxes)
    for (name, percent), amount in _by_rate(tax for line in seen.lines for tax in line.taxes).items():
        missing[name, percent] = missing.get((name, percent), 0) - amount
    taxes = tuple(LineTax(amount, percent, name) for (name, percent), amount in missing.items() if amount)
    net = seen.total - sum(line.total for line in found) - sum(each.amount for each in taxes)
    if net or taxes:
        found.append(TaxLine("Adjustment", 1, net, taxes, _group(taxes)))
    return tuple(found)


def is_reverse_charge(seen: SeenInvoice) -> bool:
    return any(tax.reason == REVERSE_CHARGE for tax in seen.taxes)


def _line(description: str, quantity: int, net: int, seen: Iterable[SeenTax]) -> TaxLine:
    taxes = tuple(LineTax(amount, percent, name) for (name, percent), amount in _by_rate(seen).items())
    # What is taxed at one rate is not also free of tax: a rate of nothing is said where there is no other.
    taxes = tuple(each for each in taxes if each.amount) or taxes[:1]
    return TaxLine(description, quantity, net, taxes, _group(taxes))


def _inside(taxes: Iterable[SeenTax]) -> int:
    return sum(tax.amount for tax in taxes if tax.inclusive)


def _by_rate(taxes: Iterable[SeenTax]) -> dict[tuple[str | None, str | None], int]:
    sums: dict[tuple[str | None, str | None], int] = {}
    for tax in taxes:
        sums[tax.name, tax.percent] = sums.get((tax.name, tax.percent), 0) + tax.amount
    return sums


def _group(taxes: Iterable[LineTax]) -> str:
    return " + ".join(each.label for each in taxes)
