"""Invoices: drafts that become a demand for money. How the money comes in is `invoice_collection`."""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import invalid, missing_parameter
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import compared, cut, equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import (
    balance,
    billing_shares,
    customers,
    discounts,
    invoice_lines,
    invoice_parameters,
    tax_rates,
)
from farthing.sandbox.searching import search
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

LIFECYCLE = Lifecycle(
    "Invoice",
    {
        "draft": {"finalize": "open"},
        "open": {"pay": "paid", "void": "void", "give_up": "uncollectible"},
        "uncollectible": {"pay": "paid", "void": "void"},
        "paid": {},
        "void": {},
    },
)
FINALIZES_AFTER_SECONDS = 3_600
NOT_HERE = invoice_parameters.NOT_HERE


def create(account: Account, params: Json) -> Record:
    invoice_parameters.refuse_what_is_not_here(params)
    if "customer" not in params:
        raise missing_parameter("customer")
    customer = customers.living(account, params["customer"], param="customer")
    subscription = None
    if id := params.get("subscription"):
        subscription = account.get("subscription", id, param="subscription")
        if subscription["customer"] != customer.id:
            raise invalid("This subscription belongs to another customer.", param="subscription")
    included = params.get("pending_invoice_items_behavior", "exclude") == "include"
    items = pending_items(account, customer.id, subscription.id if subscription else None) if included or subscription else []
    currency = money.currency(params.get("currency") or (items[0]["currency"] if items else customer["currency"] or "usd"))
    items = [each for each in items if each["currency"] == currency]
    invoice_parameters.check_collection(account, params)
    invoice = draft(
        account,
        customer,
        currency,
        [invoice_lines.of_invoice_item(each) for each in items],
        reason="manual",
        subscription=subscription,
        rates=tax_rates.chosen(account, params.get("default_tax_rates"), "default_tax_rates"),
        collection_method=params.get("collection_method", "charge_automatically"),
        days_until_due=params.get("days_until_due"),
        due_date=params.get("due_date"),
        auto_advance=params.get("auto_advance", False),
        metadata=merge_metadata({}, params.get("metadata")),
        default_payment_method=invoice_parameters.own_method(account, customer.id, params.get("default_payment_method")),
        wanted_discounts=params.get("discounts"),
        texts=invoice_parameters.texts(account, params),
        shares=billing_shares.of_invoice(account, params),
    )
    claim_items(account, items, invoice)
    return invoice


def pending_items(account: Account, customer: str, subscription: str | None) -> list[Record]:
    """Those that wait for the next invoice of this subscription, or of the customer."""
    found = account.select(
        "invoiceitem",
        "json_extract(body, '$.customer') = ? AND json_extract(body, '$.invoice') IS NULL ORDER BY seq",
        customer,
    )
    details = [(each["parent"] or {}).get("subscription_details") or {} for each in found]
    return [item for item, parent in zip(found, details, strict=True) if parent.get("subscription") in (None, subscription)]


def claim_items(account: Account, items: list[Record], invoice: Record) -> None:
    for item in items:
        item["invoice"] = invoice.id
        account.save(item)


def draft(
    account: Account,
    customer: Record,
    currency: str,
    lines: list[Json],
    *,
    reason: str,
    subscription: Record | None = None,
    period: tuple[int, int] | None = None,
    given: list[Record] | None = None,
    rates: list[Json] | None = None,
    collection_method: str = "charge_automatically",
    days_until_due: int | None = None,
    due_date: int | None = None,
    auto_advance: bool = True,
    metadata: Json | None = None,
    default_payment_method: str | None = None,
    proration_date: int | None = None,
    wanted_discounts: list[Json] | None = None,
    texts: Json | None = None,
    shares: Json | None = None,
) -> Record:
    now = account.clock.seconds()
    start, end = period or (now, now)
    due = due_date or (now + days_until_due * DAY if days_until_due is not None else None)
    said = _said(customer, subscription) | (texts or {})
    invoice = account.add(
        "invoice",
        "in",
        _blank(account, customer, currency)
        | {
            "auto_advance": auto_advance,
            "automatically_finalizes_at": now + FINALIZES_AFTER_SECONDS if auto_advance else None,
            "billing_reason": reason,
            "collection_method": collection_method,
            "default_payment_method": default_payment_method,
            "default_tax_rates": rates or [],
            "due_date": due if collection_method == "send_invoice" else None,
            "metadata": metadata or {},
            "parent": _parent(subscription, proration_date),
            "period_end": end,
            "period_start": start,
        }
        | said,
        lines=lines,
        intent=None,
        request=account.request.id,
        shares=shares or {},
    )
    given = list(given or [])
    if not given and subscription is None and wanted_discounts is None and customer["discount"]:
        given = discounts.running(account, [customer["discount"]["id"]])
    given += discounts.granted(
        account,
        wanted_discounts,
        "discounts",
        customer=customer.id,
        amount=sum(line["amount"] for line in lines),
        currency=currency,
        invoice=invoice.id,
    )
    recalculate(account, invoice, customer, given)
    if invoice["auto_advance"]:
        account.at(invoice["automatically_finalizes_at"], "invoices.advance", invoice)
    account.emit("invoice.created", invoice)
    return invoice


def _said(customer: Record, subscription: Record | None) -> Json:
    """What the customer, and then the subscription, want on every invoice."""
    settings = customer.body.get("invoice_settings") or {}
    said: Json = {name: settings.get(name) for name in ("custom_fields", "footer")}
    if subscription is not None:
        wanted = subscription["invoice_settings"]
        said |= {name: wanted[name] for name in ("custom_fields", "description", "footer") if wanted.get(name)}
        said["on_behalf_of"] = subscription["on_behalf_of"]
    return said


def _parent(subscription: Record | None, proration_date: int | None) -> Json | None:
    if subscription is None:
        return None
    details = {"metadata": subscription["metadata"], "subscription": subscription.id}
    if proration_date is not None:
        details["subscription_proration_date"] = proration_date
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def _blank(account: Account, customer: Record, currency: str) -> Json:
    nothing = (
        "account_tax_ids amount_paid_off_stripe application custom_fields customer_account default_source description "
        "effective_at ending_balance footer from_invoice hosted_invoice_url invoice_pdf last_finalization_error "
        "latest_revision next_payment_attempt number on_behalf_of receipt_number rendering shipping_cost shipping_details "
        "statement_descriptor"
    ).split()
    platform = account.platform()
    return dict.fromkeys(nothing) | {
        "application": balance.application_of(platform) if platform else None,
        "account_country": "US",
        "account_name": "Farthing sandbox",
        "amount_overpaid": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None},
        "currency": currency,
        "customer": customer.id,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [],
        "issuer": {"type": "self"},
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "status": "draft",
        "status_details": None,
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": account.test_clock,
    }


def recalculate(account: Account, invoice: Record, customer: Record, given: list[Record] | None = None) -> None:
    """Everything that follows from the lines, while the invoice is a draft."""
    if given is None:
        given = [account.get("discount", id) for id in invoice["discounts"]]
    lines = invoice.inner["lines"]
    rates, exempt = invoice["default_tax_rates"], customer.body.get("tax_exempt") or "none"
    invoice.body |= invoice_lines.sums(account, lines, given, rates, exempt)
    due, _ = balanced(customer.body.get("balance") or 0, invoice["total"], invoice["currency"])
    invoice.body |= {
        "amount_due": due,
        "amount_paid": 0,
        "amount_remaining": due,
        "lines": cut(invoice_lines.shown(lines, invoice.id), f"/v1/invoices/{invoice.id}/lines", {}),
        "starting_balance": customer["balance"] or 0,
    }
    account.save(invoice)


def balanced(balance: int, total: int, currency: str) -> tuple[int, int]:
    """What is to be paid, and the customer's balance afterwards. Too little to charge is carried to the next invoice."""
    due = max(total + balance, 0)
    after = min(total + balance, 0) if total >= 0 or balance <= 0 else total + balance - due
    return (0, due) if 0 < due < money.minimum(currency) else (due, after)


# Its lines, while it is a draft


def not_editable() -> Exception:
    return invalid("Finalized invoices can't be updated in this way", code="invoice_not_editable")


def add_item(account: Account, invoice: Record, item: Record) -> None:
    if invoice["status"] != "draft":
        raise not_editable()
    invoice.inner["lines"].append(invoice_lines.of_invoice_item(item))
    refresh(account, invoice)


def refresh(account: Account, invoice: Record) -> None:
    before = dict(invoice.body)
    recalculate(account, invoice, account.get("customer", invoice["customer"]))
    account.emit("invoice.updated", invoice, before=before)


# Looking


def subscription_of(account: Account, invoice: Record) -> Record | None:
    details = (invoice["parent"] or {}).get("subscription_details")
    return account.find("subscription", details["subscription"]) if details else None


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("invoice", id)


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "customer", "status", "collection_method")
    if "subscription" in params:
        where = f"{where} AND json_extract(body, '$.parent.subscription_details.subscription') = ?"
        values = [*values, params["subscription"]]
    if "due_date" in params:
        clause, moments = compared("$.due_date", params["due_date"])
        where, values = f"{where} AND {clause}", [*values, *moments]
    return page(account, "invoice", "/v1/invoices", params, where, *values)


def lines_of(account: Account, id: str, params: Json) -> Json:
    invoice = account.get("invoice", id)
    return cut(invoice_lines.shown(invoice.inner["lines"], id), f"/v1/invoices/{id}/lines", params)


def find(account: Account, params: Json) -> Json:
    return search(account, "invoice", "/v1/invoices/search", params)


OPERATIONS = (
    Operation("POST", "/v1/invoices", "InvoiceCreateParams", create),
    Operation("GET", "/v1/invoices", "InvoiceListParams", list_),
    Operation("GET", "/v1/invoices/search", "InvoiceSearchParams", find),
    Operation("GET", "/v1/invoices/{id}", "InvoiceRetrieveParams", retrieve),
    Operation("GET", "/v1/invoices/{id}/lines", "InvoiceLineItemListParams", lines_of),
)
