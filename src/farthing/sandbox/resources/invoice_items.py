"""Invoice items: what is to stand on the next invoice, or on this draft."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter, not_here_yet, refuse_not_here
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import customers, discounts, invoice_lines, invoices, price_amounts, prices, tax_rates
from farthing.sandbox.store import Json, Record

NOT_HERE = {
    "quantity_decimal": "fractions of a quantity",
    "tax_behavior": "Stripe Tax",
    "tax_code": "Stripe Tax",
    "customer_account": "version 2 accounts",
}


def create(account: Account, params: Json, *, currency: str | None = None) -> Record:
    """`currency` is that of the subscription, for prices that have an option for it."""
    refuse_not_here(params, NOT_HERE)
    if "customer" not in params:
        raise missing_parameter("customer")
    customer = customers.living(account, params["customer"], param="customer")
    invoice = account.get("invoice", params["invoice"], param="invoice") if "invoice" in params else None
    if invoice is not None and invoice["status"] != "draft":
        raise invoices.not_editable()
    subscription = params.get("subscription")
    if subscription:
        account.get("subscription", subscription, param="subscription")
    item = make(account, customer, _asked(account, params, currency), subscription=subscription)
    _discount(account, item, params)
    if invoice is not None:
        item["invoice"] = invoice.id
        account.save(item)
    account.emit("invoiceitem.created", item)
    if invoice is not None:
        invoices.add_item(account, invoice, item)
    return item


def _discount(account: Account, item: Record, params: Json) -> None:
    """Coupons of this item alone. Nobody is told: they end with the invoice."""
    if "discounts" in params:
        granted = discounts.granted(
            account,
            params["discounts"],
            "discounts",
            customer=item["customer"],
            amount=item["amount"],
            currency=item["currency"],
            invoice_item=item.id,
        )
        item["discounts"] = [each.id for each in granted]
    _settle(account, item)


def _settle(account: Account, item: Record) -> None:
    line = invoice_lines.of_invoice_item(item)
    invoice_lines.sums(account, [line], [], [], "none")
    item["net_amount"] = invoice_lines.net(line)
    account.save(item)


def _asked(account: Account, params: Json, in_currency: str | None = None) -> Json:
    """Amount, currency, price and quantity, however they were said."""
    quantity, price = params.get("quantity", 1), None
    if quantity < 0:
        raise malformed("This value must be greater than or equal to 0.", param="quantity")
    if "amount" in params and ("pricing" in params or "price_data" in params):
        raise exclusive_parameters("amount", "pricing")
    if id := (params.get("pricing") or {}).get("price"):
        price = account.get("price", id, param="pricing[price]").body
    elif given := params.get("price_data"):
        price = prices.make(account, given, param="price_data").body
    if price and price["type"] != "one_time":
        raise invalid("The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.")
    if price:
        currency = in_currency or params.get("currency") or price["currency"]
        amount = price_amounts.cost(account, price, quantity, currency)
    elif "amount" in params:
        amount, currency = params["amount"], params.get("currency")
    elif "unit_amount_decimal" in params:
        amount = money.round_half_up(Decimal(params["unit_amount_decimal"]) * quantity)
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
    for name in ("tax_behavior", "tax_code", "quantity_decimal", "invoicing_rules"):
        if params.get(name):
            raise not_here_yet(name, "this change of an invoice item")
    item = account.get("invoiceitem", id)
    invoice = _draft_of(account, item)
    before = deepcopy(item.body)
    _reprice(account, item, params)
    item.body |= {name: params[name] for name in ("discountable", "period") if name in params}
    if "description" in params:
        item["description"] = blank_as_none(params["description"])
    if "tax_rates" in params:
        item["tax_rates"] = tax_rates.chosen(account, params["tax_rates"], "tax_rates")
    item["metadata"] = merge_metadata(item["metadata"], params.get("metadata"))
    _discount(account, item, params)
    if invoice is not None and item.body != before:
        _drop(invoice, id)
        invoices.add_item(account, invoice, item)
    return item


def _reprice(account: Account, item: Record, params: Json) -> None:
    """Another price, quantity or amount."""
    quantity = params.get("quantity", item["quantity"])
    if {"pricing", "price_data", "unit_amount_decimal"} & params.keys():
        asked = {name: params[name] for name in ("pricing", "price_data", "unit_amount_decimal") if name in params}
        found = _asked(account, asked | {"quantity": quantity, "currency": item["currency"]})
        if found["currency"] != item["currency"]:
            raise invalid("The currency of an invoice item cannot be changed.", param="pricing")
        item.body |= {"amount": found["amount"], "pricing": invoice_lines.pricing_of(found["price"], found["amount"])}
    elif "quantity" in params:
        price = ((item["pricing"] or {}).get("price_details") or {}).get("price")
        each = account.get("price", price).body if price else None
        if quantity < 0:
            raise malformed("This value must be greater than or equal to 0.", param="quantity")
        if each:
            item["amount"] = price_amounts.cost(account, each, quantity, item["currency"])
        else:
            item["amount"] = item["amount"] // (item["quantity"] or 1) * quantity
    if "amount" in params:
        item.body |= {"amount": params["amount"], "pricing": invoice_lines.pricing_of(None, params["amount"])}
    item.body |= {"quantity": quantity, "quantity_decimal": str(quantity)}


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


def release(account: Account, id: str) -> None:
    """Off its draft, and waiting for another invoice again."""
    item = account.get("invoiceitem", id)
    invoice = _draft_of(account, item)
    item["invoice"] = None
    account.save(item)
    if invoice is not None:
        _drop(invoice, id)
        invoices.refresh(account, invoice)


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
