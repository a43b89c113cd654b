"""Invoice items: what is to stand on the next invoice, or on this draft."""

from __future__ import annotations

from decimal import Decimal

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, missing_parameter, not_here_yet
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import customers, discounts, invoice_lines, invoices, prices, tax_rates
from farthing.sandbox.store import Json, Record

NOT_HERE = {
    "discounts": "discounts of single invoice items",
    "quantity_decimal": "fractions of a quantity",
    "tax_behavior": "Stripe Tax",
    "tax_code": "Stripe Tax",
    "customer_account": "version 2 accounts",
}


def create(account: Account, params: Json) -> Record:
    for name, what in NOT_HERE.items():
        if params.get(name):
            raise not_here_yet(name, what)
    if "customer" not in params:
        raise missing_parameter("customer")
    customer = customers.living(account, params["customer"], param="customer")
    invoice = account.get("invoice", params["invoice"], param="invoice") if "invoice" in params else None
    if invoice is not None and invoice["status"] != "draft":
        raise invoices.not_editable()
    subscription = params.get("subscription")
    if subscription:
        account.get("subscription", subscription, param="subscription")
    item = make(account, customer, _asked(account, params), subscription=subscription)
    if invoice is not None:
        item["invoice"] = invoice.id
        account.save(item)
    account.emit("invoiceitem.created", item)
    if invoice is not None:
        invoices.add_item(account, invoice, item)
    return item


def _asked(account: Account, params: Json) -> Json:
    """Amount, currency, price and quantity, however they were said."""
    quantity, price = params.get("quantity", 1), None
    if "amount" in params and ("pricing" in params or "price_data" in params):
        raise exclusive_parameters("amount", "pricing")
    if id := (params.get("pricing") or {}).get("price"):
        price = account.get("price", id, param="pricing[price]").body
    elif given := params.get("price_data"):
        price = prices.make(account, given, param="price_data").body
    if price and price["type"] != "one_time":
        raise invalid("The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.")
    if price:
        amount, currency = invoice_lines.amount_of(price, quantity), price["currency"]
    elif "amount" in params:
        amount, currency = params["amount"], params.get("currency")
    elif "unit_amount_decimal" in params:
        amount = discounts.round_half_up(Decimal(params["unit_amount_decimal"]) * quantity)
        currency = params.get("currency")
    else:
        raise missing_parameter("amount")
    if currency is None:
        raise missing_parameter("currency")
    name = account.get("product", price["product"])["name"] if price else None
    return {
        "amount": amount,
        "currency": money.currency(currency),
        "description": params.get("description", name),
        "discountable": params.get("discountable", True),
        "metadata": merge_metadata({}, params.get("metadata")),
        "period": params.get("period"),
        "price": price,
        "quantity": quantity,
        "rates": tax_rates.chosen(account, params.get("tax_rates"), "tax_rates"),
    }


def make(
    account: Account,
    customer: Record,
    asked: Json,
    *,
    subscription: str | None = None,
    item: str | None = None,
    proration: bool = False,
) -> Record:
    now = account.clock.seconds()
    parent = {"subscription": subscription, "subscription_item": item} if subscription else None
    record = account.add(
        "invoiceitem",
        "ii",
        {
            "amount": asked["amount"],
            "currency": asked["currency"],
            "customer": customer.id,
            "customer_account": None,
            "date": now,
            "description": asked["description"],
            "discountable": asked["discountable"],
            "discounts": [],
            "invoice": None,
            "metadata": asked["metadata"],
            "net_amount": asked["amount"],
            "parent": {"subscription_details": parent, "type": "subscription_details"} if parent else None,
            "period": asked["period"] or {"start": now, "end": now},
            "pricing": invoice_lines.pricing_of(asked["price"], asked["amount"]),
            "proration": proration,
            "quantity": asked["quantity"],
            "quantity_decimal": str(asked["quantity"]),
            "tax_rates": asked["rates"],
            "test_clock": account.test_clock,
        },
    )
    if not customer["currency"]:
        customer["currency"] = asked["currency"]
        account.save(customer)
    return record


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("invoiceitem", id)


def _draft_of(account: Account, item: Record) -> Record | None:
    if not item["invoice"]:
        return None
    invoice = account.get("invoice", item["invoice"])
    if invoice["status"] != "draft":
        raise invalid(
            "The invoice of this invoice item has been finalized: it can no longer be changed.", code="invoice_not_editable"
        )
    return invoice


def update(account: Account, id: str, params: Json) -> Record:
    for name in ("discounts", "price_data", "pricing", "tax_behavior", "tax_code", "quantity_decimal"):
        if params.get(name):
            raise not_here_yet(name, "this change of an invoice item")
    item = account.get("invoiceitem", id)
    invoice = _draft_of(account, item)
    if "quantity" in params:
        price = ((item["pricing"] or {}).get("price_details") or {}).get("price")
        each = account.get("price", price).body if price else {"unit_amount": item["amount"] // (item["quantity"] or 1)}
        item.body |= {"amount": invoice_lines.amount_of(each, params["quantity"]), "quantity": params["quantity"]}
        item["quantity_decimal"] = str(params["quantity"])
    if "amount" in params:
        item.body |= {"amount": params["amount"], "pricing": invoice_lines.pricing_of(None, params["amount"])}
    item["net_amount"] = item["amount"]
    item.body |= {name: params[name] for name in ("discountable", "period") if name in params}
    if "description" in params:
        item["description"] = blank_as_none(params["description"])
    if "tax_rates" in params:
        item["tax_rates"] = tax_rates.chosen(account, params["tax_rates"], "tax_rates")
    item["metadata"] = merge_metadata(item["metadata"], params.get("metadata"))
    account.save(item)
    if invoice is not None:
        _drop(invoice, id)
        invoices.add_item(account, invoice, item)
    return item


def _drop(invoice: Record, id: str) -> None:
    invoice.inner["lines"] = [
        each for each in invoice.inner["lines"] if (each["parent"]["invoice_item_details"] or {}).get("invoice_item") != id
    ]


def delete(account: Account, id: str, params: Json) -> Json:
    del params
    item = account.get("invoiceitem", id)
    invoice = _draft_of(account, item)
    account.emit("invoiceitem.deleted", item)
    account.store.remove(account.id, id)
    if invoice is not None:
        _drop(invoice, id)
        invoices.refresh(account, invoice)
    return {"id": id, "object": "invoiceitem", "deleted": True}


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "customer", "invoice")
    if "pending" in params:
        where = f"{where} AND json_extract(body, '$.invoice') IS {'NULL' if params['pending'] else 'NOT NULL'}"
    return page(account, "invoiceitem", "/v1/invoiceitems", params, where, *values)


OPERATIONS = (
    Operation("POST", "/v1/invoiceitems", "InvoiceItemCreateParams", create),
    Operation("GET", "/v1/invoiceitems", "InvoiceItemListParams", list_),
    Operation("GET", "/v1/invoiceitems/{id}", "InvoiceItemRetrieveParams", retrieve),
    Operation("POST", "/v1/invoiceitems/{id}", "InvoiceItemUpdateParams", update),
    Operation("DELETE", "/v1/invoiceitems/{id}", "InvoiceItemDeleteParams", delete),
)
