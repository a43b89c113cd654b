"""Invoices: drafts that become a demand for money. How the money comes in is `invoice_collection`."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, missing_parameter, not_here_yet
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import cut, equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import customers, discounts, invoice_lines, tax_rates
from farthing.sandbox.searching import search
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
NOT_HERE = {
    "application_fee_amount": "Connect fees on invoices",
    "transfer_data": "Connect transfers of invoices",
    "on_behalf_of": "Connect accounts on invoices",
    "from_invoice": "revisions of invoices",
    "shipping_cost": "shipping on invoices",
    "rendering": "invoice templates",
    "account_tax_ids": "tax ids of the account",
    "customer_account": "version 2 accounts",
    "default_source": "the Sources API",
    "automatically_finalizes_at": "a moment of finalization chosen by the caller",
}
TEXTS = ("description", "footer", "statement_descriptor")


def create(account: Account, params: Json) -> Record:
    _refuse_what_is_not_here(params)
    if "customer" not in params:
        raise missing_parameter("customer")
    customer = customers.living(account, params["customer"], param="customer")
    subscription = None
    if id := params.get("subscription"):
        subscription = account.get("subscription", id, param="subscription")
    included = params.get("pending_invoice_items_behavior", "exclude") == "include"
    items = pending_items(account, customer.id, subscription.id if subscription else None) if included or subscription else []
    currency = money.currency(params.get("currency") or (items[0]["currency"] if items else customer["currency"] or "usd"))
    invoice = draft(
        account,
        customer,
        currency,
        [invoice_lines.of_invoice_item(each) for each in items if each["currency"] == currency],
        reason="manual",
        subscription=subscription,
        rates=tax_rates.chosen(account, params.get("default_tax_rates"), "default_tax_rates"),
        collection_method=params.get("collection_method", "charge_automatically"),
        days_until_due=params.get("days_until_due"),
        due_date=params.get("due_date"),
        auto_advance=params.get("auto_advance", False),
        metadata=merge_metadata({}, params.get("metadata")),
        default_payment_method=params.get("default_payment_method"),
        wanted_discounts=params.get("discounts") or [],
        texts={name: blank_as_none(params.get(name)) for name in TEXTS} | {"number": params.get("number")},
    )
    claim_items(account, items, invoice)
    return invoice


def _refuse_what_is_not_here(params: Json) -> None:
    for name, what in NOT_HERE.items():
        if params.get(name):
            raise not_here_yet(name, what)
    if (params.get("automatic_tax") or {}).get("enabled"):
        raise not_here_yet("automatic_tax", "Stripe Tax")
    if params.get("collection_method") == "send_invoice" and not {"days_until_due", "due_date"} & params.keys():
        raise missing_parameter("days_until_due")


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
) -> Record:
    now = account.clock.seconds()
    start, end = period or (now, now)
    due = due_date or (now + days_until_due * 86_400 if days_until_due is not None else None)
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
        | (texts or {}),
        lines=lines,
        intent=None,
    )
    given = list(given or [])
    if not given and subscription is None and wanted_discounts is None and customer["discount"]:
        given = discounts.running(account, [customer["discount"]["id"]])
    for place, each in enumerate(wanted_discounts or []):
        whole = sum(line["amount"] for line in lines)
        discount = discounts.grant(
            account, each, f"discounts[{place}]", customer=customer.id, amount=whole, currency=currency, invoice=invoice.id
        )
        given.append(discount)
    recalculate(account, invoice, customer, given)
    if auto_advance:
        account.at(now + FINALIZES_AFTER_SECONDS, "invoices.advance", invoice)
    account.emit("invoice.created", invoice)
    return invoice


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
    return dict.fromkeys(nothing) | {
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
    rates, exempt = invoice["default_tax_rates"], customer["tax_exempt"] or "none"
    invoice.body |= invoice_lines.sums(account, lines, given, rates, exempt)
    due, _ = balanced(customer["balance"] or 0, invoice["total"], invoice["currency"])
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


# Changing a draft


def update(account: Account, id: str, params: Json) -> Record:
    _refuse_what_is_not_here({name: value for name, value in params.items() if name != "collection_method"})
    invoice = account.get("invoice", id)
    free = {"metadata", "auto_advance", "default_payment_method", "description"}
    if invoice["status"] != "draft" and params.keys() - free:
        raise not_editable()
    changed: dict[str, Any] = {"metadata": merge_metadata(invoice["metadata"] or {}, params.get("metadata"))}
    changed |= {name: blank_as_none(params[name]) for name in (*TEXTS, "number", "default_payment_method") if name in params}
    changed |= {name: params[name] for name in ("auto_advance", "collection_method", "due_date") if name in params}
    if "days_until_due" in params:
        changed["due_date"] = invoice["created"] + params["days_until_due"] * 86_400
    if "default_tax_rates" in params:
        changed["default_tax_rates"] = tax_rates.chosen(account, params["default_tax_rates"], "default_tax_rates")
    if params.get("auto_advance") and invoice["status"] == "draft" and not invoice["auto_advance"]:
        moment = account.clock.seconds() + FINALIZES_AFTER_SECONDS
        changed["automatically_finalizes_at"] = moment
        account.at(moment, "invoices.advance", invoice)
    before = dict(invoice.body)
    invoice.body |= changed
    if invoice["status"] == "draft":
        customer = account.get("customer", invoice["customer"])
        recalculate(account, invoice, customer, _rediscounted(account, invoice, params))
    account.save(invoice)
    account.emit("invoice.updated", invoice, before=before)
    return invoice


def _rediscounted(account: Account, invoice: Record, params: Json) -> list[Record] | None:
    if "discounts" not in params:
        return None
    owner = {"customer": invoice["customer"], "amount": invoice["subtotal"], "currency": invoice["currency"]}
    return [
        discounts.grant(account, each, f"discounts[{place}]", **owner, invoice=invoice.id)
        for place, each in enumerate(params["discounts"] or [])
    ]


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


def delete(account: Account, id: str, params: Json) -> Json:
    del params
    invoice = account.get("invoice", id)
    if invoice["status"] != "draft":
        raise invalid(
            "You can only delete draft invoices. To void an invoice that has been finalized, use the void endpoint.",
            code="invoice_not_editable",
        )
    if invoice["parent"]:
        raise invalid("Draft invoices of a subscription cannot be deleted. Finalize and void it instead.")
    for item in account.select("invoiceitem", "json_extract(body, '$.invoice') = ?", id):
        account.store.remove(account.id, item.id)
    account.emit("invoice.deleted", invoice)
    account.store.remove(account.id, id)
    return {"id": id, "object": "invoice", "deleted": True}


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
        raise not_here_yet("due_date", "lists by due date")
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
    Operation("POST", "/v1/invoices/{id}", "InvoiceUpdateParams", update),
    Operation("DELETE", "/v1/invoices/{id}", "InvoiceDeleteParams", delete),
    Operation("GET", "/v1/invoices/{id}/lines", "InvoiceLineItemListParams", lines_of),
)
