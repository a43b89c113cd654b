"""Invoices of Stripe in our words: https://docs.stripe.com/api/invoices."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from farthing.providers.stripe import seen
from farthing.providers.stripe.subscription_seen import moment, perhaps
from farthing.providers.subscriptions import SeenInvoice, SeenInvoiceLine, SeenInvoicePayment, SeenTax

Plain = Mapping[str, Any]
Rates = Mapping[str, Plain]
"""Rates of tax by their ids."""

NO_RATES: Final[Rates] = {}


def invoice(found: Plain, rates: Rates = NO_RATES) -> SeenInvoice:
    """`payments` must be expanded: without it nothing says what came in. `rates`: what is known of `rates_in` it."""
    parent = found.get("parent") or {}
    times = found["status_transitions"]
    return SeenInvoice(
        id=found["id"],
        subscription_id=seen.id_of((parent.get("subscription_details") or {}).get("subscription")),
        customer_id=seen.id_of(found.get("customer")),
        number=found.get("number"),
        status=found["status"],
        billing_reason=found.get("billing_reason"),
        currency=found["currency"],
        subtotal=found["subtotal"],
        discount=sum(each["amount"] for each in found.get("total_discount_amounts") or ()),
        taxes=_taxes(found.get("total_taxes"), rates),
        total=found["total"],
        amount_due=found["amount_due"],
        amount_paid=found["amount_paid"],
        amount_remaining=found["amount_remaining"],
        period_start=moment(found["period_start"]),
        period_end=moment(found["period_end"]),
        attempt_count=found["attempt_count"],
        next_attempt_at=perhaps(found.get("next_payment_attempt")),
        hosted_url=found.get("hosted_invoice_url"),
        pdf_url=found.get("invoice_pdf"),
        created_at=moment(found["created"]),
        finalized_at=perhaps(times.get("finalized_at")),
        paid_at=perhaps(times.get("paid_at")),
        voided_at=perhaps(times.get("voided_at")),
        lines=[_line(each, rates) for each in found["lines"]["data"]],
        payments=[paid for each in (found.get("payments") or {}).get("data", ()) if (paid := _payment(each)) is not None],
    )


def _line(line: Plain, rates: Rates) -> SeenInvoiceLine:
    parent = line.get("parent") or {}
    item, added = parent.get("subscription_item_details"), parent.get("invoice_item_details") or {}
    details = (line.get("pricing") or {}).get("price_details") or {}
    return SeenInvoiceLine(
        id=line["id"],
        description=line.get("description"),
        quantity=1 if line.get("quantity") is None else line["quantity"],
        amount=line["amount"],
        discount=sum(each["amount"] for each in line.get("discount_amounts") or ()),
        taxes=_taxes(line.get("taxes"), rates),
        period_start=moment(line["period"]["start"]),
        period_end=moment(line["period"]["end"]),
        proration=bool((item or added).get("proration")),
        # A proration is an item that was added, and says the time it is for.
        of_subscription=item is not None or bool(added.get("proration")),
        product_id=seen.id_of(details.get("product")),
        price_id=seen.id_of(details.get("price")),
    )


def rates_in(found: Plain) -> set[str]:
    """The ids of its rates of tax: an invoice names them, and says nothing of them."""
    said = [found.get("total_taxes"), *(line.get("taxes") for line in found["lines"]["data"])]
    return {id for taxes in said for tax in taxes or () if (id := _rate_of(tax)) is not None}


def percent_of(rate: Plain) -> str | None:
    """As it is printed. A flat fee has no rate."""
    if rate.get("rate_type") == "flat_amount":
        return None
    # What was charged, where a product or a registration made it differ from the rate itself.
    said = rate.get("effective_percentage")
    exact = Decimal(str(rate["percentage"] if said is None else said))
    return f"{exact.normalize():f}"


def _taxes(taxes: Iterable[Plain] | None, rates: Rates) -> list[SeenTax]:
    found = []
    for tax in taxes or ():
        rate = rates.get(_rate_of(tax) or "")
        found.append(
            SeenTax(
                amount=tax["amount"],
                inclusive=tax["tax_behavior"] == "inclusive",
                percent=None if rate is None else percent_of(rate),
                name=None if rate is None else rate.get("display_name"),
                reason=tax.get("taxability_reason"),
            )
        )
    return found


def _rate_of(tax: Plain) -> str | None:
    return seen.id_of((tax.get("tax_rate_details") or {}).get("tax_rate"))


def _payment(paid: Plain) -> SeenInvoicePayment | None:
    intent = seen.id_of((paid.get("payment") or {}).get("payment_intent"))
    if paid["status"] != "paid" or intent is None or not paid.get("amount_paid"):
        return None
    return SeenInvoicePayment(intent, paid["amount_paid"], perhaps((paid.get("status_transitions") or {}).get("paid_at")))
